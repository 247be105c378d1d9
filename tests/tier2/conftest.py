"""One emulated board for the whole smoke set, and the terminal's real driver living by its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.tier2.host import Rig, running


@pytest.fixture(scope="session")
def emulated() -> Iterator[Callable[..., Rig]]:
    """Makes a board with a host, and ends the one before: each takes a whole processor."""
    with ExitStack() as begun:

        def make(directory: Path, over: dict[str, bytes] | None = None) -> Rig:
            begun.close()
            return begun.enter_context(running(directory, over))

        yield make


@pytest.fixture(scope="session")
def rig(emulated: Callable[..., Rig], tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """The board of the smoke set: the files of a real one and nothing else."""
    return emulated(tmp_path_factory.mktemp("tier2"))
