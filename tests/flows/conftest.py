"""The clinic of a story: opened by the test, audited when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim import stage


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Callable[..., list[stage.Counter]]]:
    """clinic(people, place, …) -> a terminal for each place; the books are even at the end."""
    opened: list[stage.Counter] = []

    def open_(*given: Any, **options: Any) -> list[stage.Counter]:
        opened.extend(stage.clinic(tmp_path, *given, **options))
        return opened

    yield open_
    stage.books_are_even(opened)
