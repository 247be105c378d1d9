"""A simulated person in front of the terminal: reads the screen, does what it says, in the way of their script.

The patient sees nothing but the kiosk's own event stream and acts through the same doors as a real one: the page's
buttons, the camera (a clip is cued), the controller's card reader. An attacker is a patient who holds something else
into the camera; nothing tells the terminal so.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx
from msgspec import Struct

THINK_S = 0.15  # people press no faster; keeps the demo's day short
RETRY_S = 0.15

Screen = dict[str, Any]


class Script(Struct, frozen=True):
    """How this patient behaves. `person` names the clips on the stage; `attack` is "print" or "replay"."""

    person: str
    means: str = "face"  # face | qr | card
    card_no: str = ""
    psn_no: str = ""
    attack: str = ""
    whom: str = "0"
    confirm: bool = True
    pays: tuple[str, ...] = ()  # choices on the pay screen, in order, before anything is confirmed


def way(script: Script, offered: Sequence[str]) -> str:
    """The one they came for. Where it is not offered (faces rest after an attack) their card, and who
    only has a picture goes.
    """
    if script.means in offered:
        return script.means
    return "cancel" if script.attack or "card" not in offered else "card"


class Reader(Protocol):
    """The card slot of the controller."""

    def present_card(self, card_no: str, cert_type: str = "03") -> None: ...


class Stage:
    """What stands before the camera: writes the cue that the `files` camera follows."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._last = ""

    def cue(self, text: str) -> None:
        """Change the scene. A new write is a new scene even with the same name (a second blink is a second blink)."""
        if text == self._last and not text.startswith("once:"):
            return
        self._last = text
        temporary = self.directory / ".cue.tmp"
        temporary.write_text(text)
        temporary.replace(self.directory / "cue")


class Patient:
    """Follows the screen for one script at a time; `screens` tells a listener what was on."""

    def __init__(
        self,
        url: str,
        stage: Stage,
        reader: Reader,
        phone: Callable[[str], str],
        on_screen: Callable[[Screen], None],
    ) -> None:
        """`phone` shows the e-voucher code of a person: psn_no -> the clip to hold into the camera."""
        self.url = url
        self.stage = stage
        self.reader = reader
        self._phone = phone
        self._on_screen = on_screen
        self.script: Script | None = None
        self.screen: Screen = {}
        self._acted = ""
        self._paid: tuple[int, int] = (0, 0)  # the visit, and how many of its `pays` were chosen
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="patient", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _follow(self) -> None:
        """Read the event stream for ever; the page of a real browser reconnects in the same way."""
        patience = httpx.Timeout(5, read=30)
        while not self._stop.is_set():
            try:
                with httpx.stream("GET", f"{self.url}/kiosk/events", timeout=patience) as stream:
                    for line in stream.iter_lines():
                        if self._stop.is_set():
                            return
                        if line.startswith("data:") and "name" in (screen := json.loads(line[5:])):
                            self._see(screen)
            except (httpx.HTTPError, json.JSONDecodeError):
                self.screen = {}
                self._on_screen({"name": "dark", "fields": {}})
                self._stop.wait(RETRY_S)

    def _see(self, screen: Screen) -> None:
        self.screen = screen
        self._on_screen(screen)
        if self.script is not None:
            self._act(screen, self.script)

    def _press(self, button: str, value: str = "") -> None:
        body = {"button": button, "value": value, "visit": self.screen.get("visit", 0)}
        try:
            httpx.post(
                f"{self.url}/kiosk/press", json=body, timeout=5, headers={"Origin": self.url}
            )
        except httpx.HTTPError:
            return  # the plug was pulled: the next screen decides

    def _act(self, screen: Screen, script: Script) -> None:
        """One deed per screen; a screen that only refreshes its fields asks for nothing new."""
        name, fields = screen["name"], screen.get("fields", {})
        seen = (fields.get(key, "") for key in ("index", "step", "tries_left", "asks"))
        chosen = self._chosen(screen)
        deed = "/".join(map(str, (screen.get("visit"), name, chosen, *seen)))
        if deed == self._acted:
            return
        self._acted = deed
        if name == "ways":
            time.sleep(THINK_S)
            self._press(way(script, fields.get("ways") or [script.means]))
        elif name in ("look", "challenge"):
            self._show_face(name, fields, script)
        elif name == "code":
            self.stage.cue(self._phone(script.psn_no))
        elif name == "card":
            time.sleep(THINK_S)
            self.reader.present_card(script.card_no)
        elif name == "whom":
            self._press("choose", script.whom)
        elif name == "confirm":
            time.sleep(THINK_S)
            self._confirm(fields, script, chosen)
        elif name == "pay":
            self._paid = (int(screen.get("visit", 0)), chosen + 1)
            self._press("choose", script.pays[chosen])
        elif name in ("idle", "refused", "settled", "provisional", "confirming"):
            self.stage.cue("idle")

    def _chosen(self, screen: Screen) -> int:
        visit, count = self._paid
        return count if visit == screen.get("visit") else 0

    def _confirm(self, fields: dict[str, Any], script: Script, chosen: int) -> None:
        """How it is paid is chosen first, where the terminal offers a choice."""
        if chosen < len(script.pays) and fields.get("choice"):
            self._press("pay")
        else:
            self._press("confirm" if script.confirm else "cancel")

    def _show_face(self, name: str, fields: dict[str, Any], script: Script) -> None:
        if script.attack:
            self.stage.cue(f"{script.person}/{script.attack}")
        elif name == "look":
            self.stage.cue(f"{script.person}/front")
        else:
            self.stage.cue(f"once:{script.person}/{fields['step']}")
