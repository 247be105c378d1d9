"""A board in virtual time inside the process that uses it. Nothing happens to it by itself there, so
it needs no process and no socket of its own: a question costs a call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.board import ops
from sim.board.hub import Hub
from sim.board.options import Options
from sim.board.prepare import prepare

Json = dict[str, Any]


class Inside:
    """`options` as `facepay sim board` has them, without the dashes."""

    def __init__(self, directory: Path, options: dict[str, str | int | bool]) -> None:
        given = dict(options)
        prepare(directory, str(given.pop("flash", "auto")))
        made = Options(real=False, **given)  # type: ignore[arg-type]
        self._hub: Hub | None = Hub(directory.resolve(), (directory / "tty").absolute(), made)
        self.port = self._hub.plug()

    def answer(self, request: Json) -> Json:
        """As the control socket answers."""
        if self._hub is None or self._hub.stopping:
            return {"ok": False, "why": "it was stopped"}
        return ops.answer(self._hub, request)

    def close(self) -> None:
        """Power off; its VM is gone when this returns."""
        if self._hub is not None:
            self._hub.close()
            self._hub = None
