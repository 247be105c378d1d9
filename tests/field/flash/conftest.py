"""The engineer's hands: the `facepay` command as it is typed, a maker's key, and a small program in
place of the whole controller (the console does not care what runs)."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.field import cli

ROOT = Path(__file__).resolve().parents[3]

START = """
import time
from firmware.app import WORD
def main(slot):
    {confirm}
    print('at work')
    while True:
        time.sleep_ms(20)
"""
CONFIRM = "import slots; slots.Board().confirm(slot)"


class Typed:
    """One command, run: what a shell and a person see."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def facepay(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Typed]:
    def typed(*words: object) -> Typed:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["facepay", *map(str, words)])
        status = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main()
            except SystemExit as end:
                status = int(end.code or 0)
        return Typed(status, out.getvalue(), err.getvalue())

    return typed


@pytest.fixture
def maker(tmp_path: Path, facepay: Callable[..., Typed]) -> Path:
    assert facepay("keys", "maker", tmp_path / "maker").status == 0
    return tmp_path / "maker" / "maker.key"


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """`tree("0.2.0", ...)`: sources of a version, with the real boot.py, main.py and slots.py."""

    def made(version: str, *, confirm: bool = True, start: str = "", name: str = "sim",
             runtime_min: str = "1.27", extra: dict[str, bytes] | None = None) -> Path:  # fmt: skip
        folder = tmp_path / f"tree-{version}-{len(list(tmp_path.iterdir()))}"
        files = {
            "firmware/app.py": f"WORD = {version!r}\n".encode(),
            "firmware/start.py": (start or START.format(confirm=CONFIRM if confirm else "pass")).encode(),
            "firmware/boards/pico.py": (ROOT / "firmware/boards/pico.py").read_bytes(),
            f"firmware/boards/{name}.py": (ROOT / "firmware/boards/sim.py").read_bytes(),
            **(extra or {}),
        }
        lines = [f'version = "{version}"', f'runtime_min = "{runtime_min}"', "[root]"]
        for one in ("boot", "main", "slots"):
            files_path = f"firmware/{one}.py"
            (folder / "firmware").mkdir(parents=True, exist_ok=True)
            (folder / files_path).write_bytes((ROOT / files_path).read_bytes())
            lines.append(f'"/{one}.py" = "{files_path}"')
        lines.append("[application]")
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
            lines.append(f'"{path}" = "{path}"')
        (folder / "firmware" / "manifest.toml").write_text("\n".join(lines))
        return folder

    return made
