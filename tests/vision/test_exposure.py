"""A camera that cannot be held, or is held late: people may be refused, with a reason; what is no head gains nothing by it.
The light is that of the rendered visits, at the measured places."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import cache

import pytest
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.liveness import LIVE, UNSURE, Weighed, weigh
from edge.core.liveness.evidence import lit
from edge.core.liveness.response import Lighting
from edge.core.types import LivenessRules
from edge.drivers.vision.eyes import HOLD_LATE_S, ON_ITS_WAY_S
from edge.drivers.vision.sight import Sight
from sim.camera import padset, visit
from sim.camera.places import visit_at_places
from sim.camera.visit import kinds

LIGHT = ("follows", "delay", "gain", "form", "steady", "stream")  # without the net: light alone
SHEETS = ("print_flat", "print_bent", "print_glossy", "cutout_eyes", "replay_tablet", "mask_paper")
WHO = "p2"
ORDER_MS = 15.0  # from the core's word to the first light
Shots = tuple[LookSeen, ...]
Drift = Callable[[Shots], Shots]
Visited = Callable[[str, int], tuple[Shots, Lighting]]


@pytest.fixture(scope="module")
def visited(sight: Sight) -> Visited:
    """Who or what, seed -> a visit; each is rendered once."""
    studio = padset.Studio(sight)

    @cache
    def made(species: str, seed: int) -> tuple[Shots, Lighting]:
        row = padset.Row(f"{species}/0", species, WHO, seed, tone=1.0, glasses=False)
        at, light = visit.Setting(300.0, (1.0, 1.0, 1.0), 45.0, seed), visit.lighting(random.Random(seed))
        return visit_at_places(species, studio.person(row), at, light, seed), light

    return made


def judged(shots: Shots, light: Lighting) -> Weighed:
    return weigh(lit(shots, light, 0.5), LIGHT, -9.0, LivenessRules())


def values(weighed: Weighed) -> dict[str, float]:
    return {score.check: score.value for score in weighed.scores}


def times(shot: LookSeen, gain: float) -> LookSeen:
    return replace(shot, glow=tuple(v * gain for v in shot.glow))


def ramp(per_s: float) -> Drift:
    """It goes on to where it was going when the lamps began."""
    return lambda shots: tuple(
        times(shot, 1 + per_s * (shot.at_mono_ms - shots[0].at_mono_ms) / 1e3) for shot in shots
    )  # fmt: skip


def auto(tau_ms: float, *, white: bool = False) -> Drift:
    """It brings the face back to its level, the sooner the shorter tau: against the lamps. white: each
    colour by itself, as a balance of white does.
    """

    def drift(shots: Shots) -> Shots:
        gains, before, out = [1.0] * 3, shots[0], list[LookSeen]()
        first = levels(before, white=white)
        for shot in shots:
            part = 1 - math.exp(-(shot.at_mono_ms - before.at_mono_ms) / tau_ms)
            now = levels(before, white=white)
            gains = [g * (want / has) ** part for g, want, has in zip(gains, first, now, strict=True)]
            before = replace(shot, glow=tuple(v * gains[n % 3] for n, v in enumerate(shot.glow)))
            out.append(before)
        return tuple(out)

    return drift


def levels(shot: LookSeen, *, white: bool) -> list[float]:
    """Of red, green and blue."""
    found = [sum(shot.glow[c::3]) for c in range(3)]
    return found if white else [sum(found)] * 3


DRIFTS = {
    "up": ramp(0.3), "down": ramp(-0.25), "at once": auto(70.0), "quick": auto(200.0), "slow": auto(1_500.0),
    "white": auto(200.0, white=True), "white at once": auto(70.0, white=True),
}  # fmt: skip


@pytest.mark.parametrize("way", DRIFTS)
def test_an_exposure_that_goes_on_is_a_living_person_or_a_reason_and_never_a_sheet(
    visited: Visited, way: str
) -> None:
    for species in SHEETS:
        shots, light = visited(species, 31)
        assert judged(DRIFTS[way](shots), light).outcome != LIVE, species
    shots, light = visited("live", 31)
    found = judged(DRIFTS[way](shots), light)
    assert found.outcome == LIVE or found.reasons


def test_the_drift_is_strong_enough_to_matter(visited: Visited) -> None:
    """Else the test above shows nothing."""
    shots, light = visited("live", 31)
    held = judged(shots, light)
    assert held.outcome == LIVE
    drifted = {way: judged(drift(shots), light) for way, drift in DRIFTS.items()}
    assert all(values(one)["follows"] < values(held)["follows"] for one in drifted.values())
    assert drifted["up"].reasons[0] == drifted["white at once"].reasons[0] == "light_not_followed"


# -- held late -------------------------------------------------------------------------------------
def held_after(shots: Shots, light: Lighting, hold_s: float) -> Shots:
    """As the eyes tell it (`Eyes._hold`): one shot passes before the program is run."""
    told = light.lit_ms[0] - ORDER_MS
    since = told + 67 + 1e3 * (hold_s + ON_ITS_WAY_S) if hold_s + 0.067 <= HOLD_LATE_S else math.inf
    return tuple(one if one.at_mono_ms >= since else replace(one, glow=(), eyes=b"") for one in shots)


@pytest.mark.parametrize("hold_s", [0.0, 0.2, HOLD_LATE_S - 0.067])
def test_a_hold_that_comes_in_time_leaves_shots_enough(visited: Visited, hold_s: float) -> None:
    for seed in (31, 32):
        shots, light = visited("live", seed)
        late = held_after(shots, light, hold_s)
        assert judged(late, light).outcome == LIVE, (seed, sum(bool(one.glow) for one in late))


def test_a_hold_that_comes_too_late_is_light_that_was_not_seen(visited: Visited) -> None:
    for species in ("live", "print_bent"):
        shots, light = visited(species, 31)
        found = judged(held_after(shots, light, 1.0), light)
        assert (found.outcome, found.reasons[0]) == (UNSURE, "light_unseen")


def test_fewer_lights_are_no_way_in_for_what_is_flat(visited: Visited) -> None:
    assert set(SHEETS) < kinds().keys()
    for species in SHEETS:
        shots, light = visited(species, 31)
        assert judged(held_after(shots, light, HOLD_LATE_S - 0.067), light).outcome != LIVE, species
