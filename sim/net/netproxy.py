"""A TCP wire that can be cut: the network between a terminal and its broker.

`cut()` resets every connection and refuses new ones (a router without power) · `blackhole()` keeps
connections open and swallows every byte both ways (a dead radio link: nobody is told) · `reset()`
breaks what is connected now · `cut_after()` breaks each connection in the middle of a packet, after
so many bytes one way · `drip()` lets through a few bytes at a time · `delay_ms` holds each piece
back · `restore()`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

CHUNK_BYTES = 64 * 1024
START_S = 10


class NetProxy:
    """Listens on `host`:`port`, forwards to `target_port`. A context manager; runs its own loop
    in a thread."""

    def __init__(
        self, target_port: int, target_host: str = "127.0.0.1", host: str = "127.0.0.1"
    ) -> None:
        self._target = (target_host, target_port)
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = True
        self._swallow = False
        self._ends: Callable[[], tuple[int, int]] | None = None
        self._drip: tuple[int, int] | None = None
        self.cuts = 0  # connections that `cut_after` ended
        self.delay_ms = 0
        self.port = 0
        self.connections = 0  # how many were accepted, ever
        self._thread = threading.Thread(target=self._loop.run_forever, name="netproxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        self._loop.close()

    # -- faults ------------------------------------------------------------------------------------
    def cut(self) -> None:
        """Reset every connection; new ones are reset at once."""
        self._call(self._cut())

    def blackhole(self) -> None:
        """Connections stay open, nothing passes, in both directions; new ones are accepted and
        swallowed."""
        self._swallow = True

    def reset(self) -> None:
        """Reset what is connected now; new connections are welcome."""
        self._call(self._reset_now())

    def cut_after(self, ends: Callable[[], tuple[int, int]]) -> None:
        """Each connection from now on, old ones too, is reset after (bytes up, bytes down) that
        `ends` draws for it, whichever is reached first. Called on the proxy's thread."""
        self._ends = ends
        self.reset()

    def drip(self, chunk_bytes: int, every_ms: int) -> None:
        """So many bytes at a time, with a pause after each, both ways."""
        self._drip = (chunk_bytes, every_ms)

    def restore(self) -> None:
        """The wire is whole again. Swallowed bytes are gone: such connections are reset, as a real
        peer would."""
        self._call(self._restore())

    # -- inside the loop ---------------------------------------------------------------------------
    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, self._host, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _shut(self) -> None:
        assert self._server is not None
        self._server.close()
        self._reset_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _cut(self) -> None:
        self._open = False
        self._reset_all()

    async def _reset_now(self) -> None:
        self._reset_all()

    async def _restore(self) -> None:
        if self._swallow:
            self._reset_all()
        self._open, self._swallow = True, False
        self._ends = self._drip = None

    def _is_cut(self) -> bool:
        return not self._open

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            _reset(writer)
        self._writers.clear()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._is_cut():
            _reset(writer)
            return
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        if self._is_cut():  # it may have happened while we were connecting
            _reset(writer)
            _reset(there_writer)
            return
        self._writers |= {writer, there_writer}
        ends: tuple[int | None, int | None] = self._ends() if self._ends else (None, None)
        for source, sink, back, end in (
            (reader, there_writer, writer, ends[0]),
            (there_reader, writer, there_writer, ends[1]),
        ):
            task = self._loop.create_task(self._pump(source, sink, back, end))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        end: int | None,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                if self._swallow:
                    continue
                if self.delay_ms:
                    await asyncio.sleep(self.delay_ms / 1000)
                if end is not None:
                    end, data = end - len(data), data[:end]
                await self._write(sink, data)
                if end is not None and end <= 0:
                    self.cuts += 1
                    _reset(sink)
                    _reset(back)
                    return
        self._writers.discard(sink)
        with contextlib.suppress(OSError, RuntimeError):
            sink.close()

    async def _write(self, sink: asyncio.StreamWriter, data: bytes) -> None:
        while data:
            chunk, every_ms = self._drip or (len(data), 0)
            piece, data = data[:chunk], data[chunk:]
            sink.write(piece)
            await sink.drain()
            if every_ms:
                await asyncio.sleep(every_ms / 1000)


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: Any = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
