"""The shelf: which stories there are, by number, name or part of a name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from sim.stories.tell import Tell

FILES: Final = re.compile(r"(f\d\d|s\d)_(\w+)")
PART_MIN: Final = 3
LATER: Final = {  # of the nine stories of DOMAIN 7.6, those that need what is not built
    "2": ("activation campaign day", "F38 targets of the towns and F41 weekly reports"),
    "9": ("field engineer", "F40 onboarding of institutions; F45 is `facepay flash` and `doctor`"),
}


class Story(Struct, frozen=True):
    """One file of this folder."""

    number: str  # F10, or 6 for the sixth of the nine
    name: str  # f10_wallet
    title: tuple[str, str]  # zh-CN, en
    play: Callable[[Tell], None]
    lacks: str = ""  # what of it is not told, "" = nothing


def stories() -> list[Story]:
    """All, F02 before F10 before the nine."""
    found = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        match = FILES.fullmatch(module.name)
        if match:
            loaded = importlib.import_module(f"sim.stories.{module.name}")
            number = match[1].upper() if match[1].startswith("f") else match[1][1:]
            lacks = getattr(loaded, "LACKS", "")
            found.append(Story(number, module.name, loaded.TITLE, loaded.play, lacks))
    return sorted(found, key=lambda one: one.name)


def find(name: str) -> Story | str:
    """The story of this number, name or part of a name; or why there is none, with what is near."""
    every = stories()
    asked = name.strip().lower().replace("-", "_")
    exact = [one for one in every if asked in (one.number.lower(), one.name, short(one))]
    close = exact or [one for one in every if len(asked) >= PART_MIN and asked in one.name]
    if exact or len(close) == 1:
        return close[0]  # a number of which there are several stories means the first
    if asked in LATER:
        title, needs = LATER[asked]
        return f"story {asked} ({title}) is not told yet: it needs {needs}"
    known = [one.number.lower() for one in every] + [short(one) for one in every]
    near = [one.number for one in close] or difflib.get_close_matches(asked, known, 3, 0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"there is no story {name!r}; {hint}All of them: sim/demo --story list"


def short(story: Story) -> str:
    """f10_wallet -> wallet."""
    return story.name.split("_", 1)[1]
