"""Whoever connects and says nothing, or says it a byte at a time, keeps nobody else out."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import uvicorn

from edge.http.app import CONNECTIONS_MAX
from edge.http.patience import impatient

HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def hello(_scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(0.5)  # a long-poll: longer than a head may take
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


async def served(story) -> None:
    config = uvicorn.Config(
        hello,
        port=0,
        http=impatient(0.2),
        ws="none",
        lifespan="off",
        log_config=None,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        await story(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await running


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD)
    found = await reader.readuntil(b"ok")
    writer.close()
    return found


def test_silent_connections_are_closed_and_the_next_caller_is_served() -> None:
    async def story(port: int) -> None:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS_MAX)]
        for reader, _ in silent:
            assert await reader.read() == b""  # the end, without having to be killed
        assert (await ask(port)).startswith(b"HTTP/1.1 200")

    asyncio.run(served(story))


def test_a_head_that_comes_a_byte_at_a_time_is_not_waited_for() -> None:
    async def drip(port: int, before: bytes) -> int:
        """How many bytes of a head without an end were taken."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if before:
            writer.write(before)
            await reader.readuntil(b"ok")
        end = asyncio.ensure_future(reader.read())
        sent = 0
        with suppress(ConnectionError):
            while not end.done() and sent < 200:
                writer.write(b"G")
                sent += 1
                await asyncio.sleep(0.05)
        assert end.done()
        return sent

    async def story(port: int) -> None:
        assert await drip(port, b"") < 200
        assert await drip(port, HEAD) < 200  # also behind a request that was answered

    asyncio.run(served(story))


def test_a_long_poll_and_a_quiet_connection_between_two_requests_are_kept() -> None:
    async def story(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(HEAD)
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(0.6)
        writer.close()

    asyncio.run(served(story))
