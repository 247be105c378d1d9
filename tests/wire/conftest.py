"""The scene of the tests of trust."""

from __future__ import annotations

import pytest

from edge.core.types import Outcome
from tests.wire.kit import Desk, door
from tests.wire.scene import RECORDS, Scene


@pytest.fixture
def scene() -> Scene:
    desk = Desk(list(RECORDS))
    desk.others(3)
    desk.decide(1)
    desk.others(2)
    desk.decide(2, Outcome.REJECTED, {"infcode": -1, "err_msg": "no", "code": "suspended"})
    made = Scene(desk, door())
    made.taken(desk.answer([1, 2]))
    return made


