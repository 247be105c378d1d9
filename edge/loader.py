"""A driver is a file: its name is the word in the configuration, its folder is the port it
implements.

Nothing is registered anywhere. What has a class `Driver` in it can be chosen; finding out costs no
import, so that a list of cameras does not load numpy.
"""

from __future__ import annotations

import difflib
import importlib
import re
from pathlib import Path
from typing import Any, Final

from edge.errors import EdgeError

ROOT: Final = Path(__file__).resolve().parent
DRIVER: Final = re.compile(r"^class Driver\b", re.MULTILINE)
KIND: Final = re.compile(r"^KIND\b", re.MULTILINE)
SUITE: Final = re.compile(r"^NAME\b", re.MULTILINE)

# What `facepay list` can list: word -> (folder, what a file must have in it to count).
FAMILIES: Final[dict[str, tuple[str, re.Pattern[str]]]] = {
    "board": ("drivers/board", DRIVER),
    "broker": ("drivers/broker", DRIVER),
    "camera": ("drivers/camera", DRIVER),
    "keys": ("drivers/keys", DRIVER),
    "store": ("drivers/store", DRIVER),
    "suite": ("suites", SUITE),
    "tx": ("core/tx", KIND),
    "witness": ("drivers/witness", DRIVER),
}


def choices(family: str) -> tuple[str, ...]:
    """The names that can be chosen in a family, sorted. KeyError for a family that does not exist:
    our mistake."""
    folder, mark = FAMILIES[family]
    return tuple(
        sorted(
            path.stem
            for path in (ROOT / folder).glob("*.py")
            if not path.stem.startswith("_") and mark.search(path.read_text(encoding="utf-8"))
        )
    )


def guess(word: str, known: tuple[str, ...]) -> str:
    """ "; did you mean ...?" or nothing."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def load(family: str, name: str) -> Any:
    """The class `Driver` of a file in the family's folder. E-CFG-02 unknown name, E-SYS-02 it
    cannot be imported."""
    known = choices(family)
    if name not in known:
        raise EdgeError(
            "E-CFG-02",
            f'no {family} driver is called "{name}"{guess(name, known)}',
            f"choices: {' '.join(known)}",
        )
    module = f"edge.{FAMILIES[family][0].replace('/', '.')}.{name}"
    try:
        return importlib.import_module(module).Driver
    except ImportError as error:
        raise EdgeError(
            "E-SYS-02",
            f'the {family} driver "{name}" cannot be loaded: {error}',
            "the package it needs is missing: install facepay again",
        ) from error
