"""What every test may ask for (the fixture `board` of the simulator, as its users load it), and which
tests wait until they are asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from sim.tier2 import UF2, uf2, venv

pytest_plugins = ["sim.board.pytest_plugin"]
TESTS: Final = Path(__file__).parent
# Long files begin first, so that no worker ends alone with one; within a file nothing changes its place.
LONG_FIRST: Final = (
    "crash", "field/flash", "broker", "sim", "tidy", "http", "bench", "vision", "scenes", "agent", "kiosk",
)  # fmt: skip


# Three workers on two cores stall now and then: how long an example takes says nothing about the code.
settings.register_profile("tests", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A chip that is forty times slow is not for every push: tests marked `tier2` run by `-m tier2`
    (`facepay sim tier2` says so), and then only with a runtime; else they are skipped aloud."""
    why = ""
    if "tier2" not in config.option.markexpr:
        why = "slow, and not asked for: `facepay sim tier2`"
    elif uf2.stamp() is None:
        why = f"no runtime at {UF2}: `facepay sim uf2` builds it"
    elif not venv.made():
        why = "no emulator: `facepay sim tier2` makes its venv"
    items.sort(key=_turn)
    for item in items if why else ():
        if item.get_closest_marker("tier2"):
            item.add_marker(pytest.mark.skip(reason=f"tier 2 did not run: {why}"))


def _turn(item: pytest.Item) -> int:
    where = item.path.relative_to(TESTS).as_posix()
    found = (turn for turn, folder in enumerate(LONG_FIRST) if where.startswith(f"{folder}/"))
    return next(found, len(LONG_FIRST))
