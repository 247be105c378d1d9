"""The table of heads: what it says of the heads and papers that it was made of, and of those between."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core.liveness import heads
from edge.core.liveness.checks import form
from edge.core.liveness.heads import TWINS
from edge.core.liveness.regions import REGIONS, Region
from edge.core.liveness.response import PAIRS_MIN, Lighting, Response, measure
from sim.camera.tables import heads as tables
from tests.core.glow import TURN, Scene, lighting, sequence, shots

WAYS = len(TWINS[0].differs)
USUAL = (-1.0, 1.0)  # in standard deviations


def measured(of: dict[int, float], *, noise: float = 0.0005) -> Response:
    """A face whose places differ from their twins so."""

    def turn(region: Region) -> float:
        return of.get(region.point, 0.0) / (2 * TURN)

    now: Lighting = lighting(sequence(3))
    found = measure(shots(Scene(turn=turn, noise=noise), now), now)
    assert found is not None
    return found


def faces(base: str, way: int = 0, far: float = 0.0) -> dict[int, float]:
    out = {}
    for pair in TWINS:
        half = getattr(pair, base) + far * pair.differs[way]
        out[REGIONS[pair.left].point], out[REGIONS[pair.right].point] = half, -half
    return out


def test_every_place_beside_the_middle_has_one_twin_across_the_face() -> None:
    beside = {n for n, region in enumerate(REGIONS) if region.x}
    assert {pair.left for pair in TWINS} | {pair.right for pair in TWINS} == beside
    assert len(TWINS) * 2 == len(beside) >= 2 * PAIRS_MIN
    for pair in TWINS:
        assert REGIONS[pair.left].x == -REGIONS[pair.right].x < 0 and len(pair.differs) == WAYS


def test_the_table_stands_in_the_file_as_its_command_prints_it() -> None:
    assert set(tables.printed(heads.HEADS).splitlines()) <= set(Path(heads.__file__).read_text().splitlines())


def test_a_mean_head_is_one_and_mean_folded_paper_nothing() -> None:
    assert measured(faces("head")).form == pytest.approx(1.0, abs=0.1)
    assert measured(faces("folded")).form == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("way", range(WAYS))
def test_heads_that_differ_as_heads_do_pass_and_papers_do_not(way: int) -> None:
    for far in USUAL:
        assert measured(faces("head", way, far)).form > form.LIMIT
        assert measured(faces("folded", way, far)).form < form.LIMIT


def test_a_shadow_over_one_place_makes_no_head_of_paper() -> None:
    for pair in TWINS[::8]:
        spoilt = faces("folded") | {REGIONS[pair.left].point: 4.0}
        assert measured(spoilt).form < form.LIMIT, pair


def test_what_is_not_surely_seen_is_less_surely_a_head() -> None:
    sure, unsure = (measured(faces("head"), noise=noise).spread for noise in (0.0005, 0.004))
    assert sure < unsure
