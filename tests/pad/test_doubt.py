"""pad-eval decides about a look that went on as the terminal did: after the first lights, and only where those
left a doubt after all of them.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.liveness.response import Lighting
from edge.core.liveness.sequence import Sequence, longer
from edge.errors import EdgeError
from edge.field.pad import sets
from edge.field.pad.judge import Rule, decide, doubtful
from edge.field.pad.shelf import Seen, Shelf
from tests.core.glow import Scene, flat, lighting, sequence, shallow, shots

ITEM = sets.item({"path": "a", "label": "real"}, "here")
WHOLE = lighting(longer(sequence(), "T-1"))
HEAD, SHALLOW, SHEET = Scene(), Scene(turn=shallow), Scene(turn=flat)


def look_of(lamps: Lighting, seen: tuple[LookSeen, ...]) -> Seen:
    told = sets.Look(
        "T-1", lamps.sequence.nonce.hex(), lamps.sequence.step_ms, lamps.lit_ms, lamps.end_ms,
        tuple(shot.at_mono_ms for shot in seen),
    )  # fmt: skip
    return Seen("a", seen, told)


def once(scene: Scene) -> Seen:
    return look_of(WHOLE.first, shots(scene, WHOLE.first, 1))


def twice(first: Scene, then: Scene) -> Seen:
    others = Lighting(
        Sequence(b"", WHOLE.sequence.steps[13:]), WHOLE.lit_ms[13:], WHOLE.end_ms
    )  # what was before the camera may change between them
    seen = [*shots(first, WHOLE.first, 1)]
    seen += [shot for shot in shots(then, others, 1) if shot.at_mono_ms > seen[-1].at_mono_ms]
    return look_of(WHOLE, tuple(replace(shot, shot=number) for number, shot in enumerate(seen)))


def form(found: Seen) -> float:
    return dict(decide(ITEM, found, Rule()).values)["form"]


def test_a_doubt_is_decided_over_both_rows_of_lights() -> None:
    assert doubtful(ITEM, once(SHALLOW), Rule()) and not decide(ITEM, once(SHALLOW), Rule()).accepted
    assert decide(ITEM, twice(SHALLOW, HEAD), Rule()).accepted
    assert form(once(SHALLOW)) < form(twice(SHALLOW, HEAD)) < form(once(HEAD))
    assert not decide(ITEM, twice(SHALLOW, SHALLOW), Rule()).accepted


def test_where_the_first_lights_left_no_doubt_nothing_after_them_counts() -> None:
    assert not doubtful(ITEM, once(HEAD), Rule()) and not doubtful(ITEM, once(SHEET), Rule())
    assert decide(ITEM, twice(HEAD, SHEET), Rule()).accepted
    assert form(twice(HEAD, SHEET)) == form(once(HEAD))
    assert not decide(ITEM, twice(SHEET, HEAD), Rule()).accepted
    assert form(twice(SHEET, HEAD)) == form(once(SHEET))


def test_a_look_without_lamps_is_never_in_doubt() -> None:
    assert not doubtful(ITEM, replace(once(SHALLOW), look=None), Rule())


def test_a_look_that_went_on_is_kept_and_read_back_with_all_its_lights(tmp_path: Path) -> None:
    found = twice(SHALLOW, HEAD)
    Shelf(tmp_path / "seen.bin").add(found)
    back = Shelf(tmp_path / "seen.bin").get("a")
    lamps = sets.lighting(back.look, "a")
    assert lamps is not None and lamps == WHOLE and all(one < two for one, two in pairwise(lamps.lit_ms))


@pytest.mark.parametrize("count", [11, 13, 24, 26])
def test_neither_one_row_nor_two_is_no_sequence(count: int) -> None:
    told = replace(twice(HEAD, HEAD).look, lit_ms=tuple(float(n) for n in range(count)))
    with pytest.raises(EdgeError, match="E-PAD-03"):
        sets.lighting(told, "a")
