"""A TCP wire that can be cut: the network between a terminal and its broker.

`cut()` resets every connection and refuses new ones (a router without power) · `blackhole()` keeps
connections open and swallows every byte both ways (a dead radio link: nobody is told) · `delay_ms`
holds each piece back · `restore()`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Self

CHUNK_BYTES = 64 * 1024
START_S = 10


class NetProxy:
    """Listens on 127.0.0.1:`port`, forwards to `target_port`. A context manager; runs its own loop
    in a thread."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = True
        self._swallow = False
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

    def restore(self) -> None:
        """The wire is whole again. Swallowed bytes are gone: such connections are reset, as a real
        peer would."""
        self._call(self._restore())

    # -- inside the loop ---------------------------------------------------------------------------
    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_S)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
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

    async def _restore(self) -> None:
        if self._swallow:
            self._reset_all()
        self._open, self._swallow = True, False

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
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            task = self._loop.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                if self._swallow:
                    continue
                if self.delay_ms:
                    await asyncio.sleep(self.delay_ms / 1000)
                sink.write(data)
                await sink.drain()
        self._writers.discard(sink)
        with contextlib.suppress(OSError, RuntimeError):
            sink.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: Any = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
