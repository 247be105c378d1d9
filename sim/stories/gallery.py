"""Pictures of the screens of a story: the kiosk's own page in Chromium, shown what the core showed."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import uvicorn
from msgspec.structs import replace
from PIL import Image
from starlette.applications import Starlette

from edge.core.effects import Show
from edge.core.events import Event
from edge.core.types import Settings
from edge.http.kiosk import LANGS, Kiosk
from edge.http.port import AgentPort
from sim.stage import SETTINGS
from sim.stories.tell import Beat

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZE: Final = {"width": 1024, "height": 600}
COLOURS: Final = 64
SMALL_PX: Final = 480
READY_S: Final = 10
AT: Final = "([s, v]) => document.body.dataset.screen === s && document.body.dataset.visit === v"


class _Frames:
    """As much of an agent as a page needs that is only looked at."""

    def __init__(self) -> None:
        self.settings: Settings = SETTINGS
        self.now = Show("idle", 0, {"net": "up", "waiting": 0, "kinds": []})
        self.changes = 0

    def show(self, show: Show) -> None:
        self.now, self.changes = show, self.changes + 1

    def screen(self) -> Show:
        return self.now

    async def screens(self) -> AsyncIterator[Show]:
        seen = self.changes
        while True:
            while self.changes == seen:  # noqa: ASYNC110 - moved from another thread
                await asyncio.sleep(0.005)
            seen = self.changes
            yield self.now

    def post(self, event: Event) -> None:
        """Nobody presses here."""


@contextlib.contextmanager
def _serving(frames: _Frames) -> Iterator[str]:
    sock = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=Kiosk(cast(AgentPort, frames)).routes())
    options: dict[str, Any] = {"log_level": "error", "lifespan": "off", "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([sock])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(READY_S)


def why_not() -> str:
    """Why no pictures can be taken here; "" = they can."""
    if not CHROMIUM.exists():
        return f"no {CHROMIUM} here (apt: chromium fonts-noto-cjk)"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "no playwright here"
    return ""


def take(
    beats: list[Beat], look: Callable[[Page, Beat, str], None] = lambda *_: None
) -> list[dict[str, bytes]]:
    """For each beat with a screen, its picture in each language (PNG). `look` sees the page, too."""
    from playwright.sync_api import sync_playwright

    frames = _Frames()
    wanted = [one for one in beats if one.show is not None]
    pictures: list[dict[str, bytes]] = [{} for _ in wanted]
    with _serving(frames) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce")  # type: ignore[arg-type]
        for lang in LANGS:
            for number, beat in enumerate(wanted):
                assert beat.show is not None
                assert beat.settings is not None
                settings = replace(beat.settings, lang=lang)
                if settings != frames.settings or number == 0:
                    frames.settings = settings
                    page.goto(f"{base}/?lang={lang}")
                pictures[number][lang] = _shot(page, frames, replace(beat.show, visit=number + 1))
                look(page, beat, lang)
        browser.close()
    return pictures


def _shot(page: Page, frames: _Frames, show: Show) -> bytes:
    frames.show(show)
    page.wait_for_function(AT, arg=[show.name, str(show.visit)])
    return smaller(page.screenshot(), SIZE["width"])


def smaller(png: bytes, width: int = SMALL_PX) -> bytes:
    """The same picture, that wide, in few colours."""
    with Image.open(io.BytesIO(png)) as image:
        height = round(image.height * width / image.width)
        flat = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        few = flat.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()
