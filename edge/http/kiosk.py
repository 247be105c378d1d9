"""The patient's page: the page itself, the stream of screens and prompts, and the buttons."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from edge.core.effects import Show, Speak
from edge.core.events import Pressed
from edge.errors import EdgeError
from edge.http.bodies import decode, need_json, read_body
from edge.http.port import AgentPort

STATIC = Path(__file__).parent / "static"
LANGS = ("zh-CN", "en")
HEARTBEAT_S = 15.0
BEAT = (
    b": still here\n\nevent: beat\ndata: {}\n\n"  # the comment for proxies, the event for the page
)
SUBSCRIBERS_MAX = 8  # one screen, a staff member's look, a restarted browser or two
PRESS_BYTES_MAX = 1024

Button = Literal[
    "face", "qr", "card", "choose", "confirm", "pay", "password", "cancel", "other_way", "no_light",
    "done",
]


class Press(Struct, frozen=True, forbid_unknown_fields=True):
    """A press on the page; `visit` is that of the screen it was made on."""

    button: Button
    value: Annotated[str, Meta(max_length=64)] = ""
    visit: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Kiosk:
    def __init__(self, port: AgentPort) -> None:
        self._port = port
        self._subscribers = 0

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self.page, methods=["GET"]),
            Route("/kiosk/events", self.events, methods=["GET"]),
            Route("/kiosk/press", self.press, methods=["POST"]),
            Route("/kiosk/lang", self.lang, methods=["GET"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    async def page(self, _request: Request) -> Response:
        return FileResponse(STATIC / "index.html", media_type="text/html")

    async def lang(self, _request: Request) -> Response:
        body = {
            "lang": self._port.settings.lang,
            "langs": LANGS,
            "place": self._port.settings.fixmedins_name,
            "terminal": self._port.settings.terminal,
            "voice": self._port.settings.voice,
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def press(self, request: Request) -> Response:
        need_own_page(request)
        need_json(request)
        press = decode(await read_body(request, PRESS_BYTES_MAX), Press)
        self._port.post(Pressed(press.button, press.value, press.visit))
        return Response(b"{}", 202, media_type="application/json")

    async def events(self, request: Request) -> Response:
        need_own_page(request)
        if self._subscribers >= SUBSCRIBERS_MAX:
            raise EdgeError("E-HIS-27", f"{SUBSCRIBERS_MAX} screens are connected already")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(), headers=headers, media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[bytes]:
        """The current screen, then each new one and its prompt; a beat every 15 s shows that the
        line lives."""
        self._subscribers += 1
        shows = self._port.screens()
        coming = asyncio.ensure_future(anext(shows))
        try:
            await asyncio.sleep(
                0
            )  # the subscription starts here, so nothing falls between it and the current screen
            yield event(self._port.screen())
            while True:
                done, _ = await asyncio.wait({coming}, timeout=HEARTBEAT_S)
                if not done:
                    yield BEAT
                    continue
                try:
                    one = coming.result()
                except StopAsyncIteration:
                    return
                coming = asyncio.ensure_future(anext(shows))
                yield event(one)
        finally:
            self._subscribers -= 1
            coming.cancel()


def event(one: Show | Speak) -> bytes:
    name = b"say" if isinstance(one, Speak) else b"show"
    return b"event: " + name + b"\ndata: " + msgspec.json.encode(one) + b"\n\n"


def need_own_page(request: Request) -> None:
    """E-HIS-25 for requests that another web page made the browser send."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if site not in ("same-origin", "none") or (origin is not None and origin != own):
        raise EdgeError("E-HIS-25", "the request came from another page")
