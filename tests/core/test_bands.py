"""What a policy demands of a look, by amount: each band's own word before that of the rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.events import LookSeen
from edge.core.limits import BUILT_IN
from edge.core.liveness import (
    LIGHT,
    UNLIT_MAX_FEN,
    UNSURE,
    WITH_LAMPS,
    band,
    for_amount,
    net_limit,
    plays,
    weigh,
)
from edge.core.liveness.evidence import Evidence
from edge.core.types import Caps, LivenessBand, LivenessRules

RULES = LivenessRules(
    bands=(
        LivenessBand(),
        LivenessBand(100, instead=(), limits={"form": 0.6}),
        LivenessBand(200, instead=("passive",), limits={"passive": 0.3}),
    ),
    limits={"form": 0.5, "gain": 0.1},
)


def test_a_band_takes_over_what_it_does_not_say_and_keeps_what_it_does() -> None:
    least, more, most = (for_amount(RULES, fen) for fen in (99, 100, 5_000))
    assert (least.instead, least.limits) == (RULES.instead, RULES.limits)
    assert (more.instead, more.limits) == ((), {"form": 0.6, "gain": 0.1})
    assert (most.instead, most.limits) == (("passive",), RULES.limits | {"passive": 0.3})
    assert [one.bands[0].from_fen for one in (least, more, most)] == [0, 100, 200]


@given(st.integers(0, 10**9))
def test_asking_twice_changes_nothing(amount_fen: int) -> None:
    once = for_amount(RULES, amount_fen)
    assert for_amount(once, amount_fen) == once and once.bands == (band(RULES, amount_fen),)


def test_the_nets_limit_is_the_bands_where_lamps_decide_and_the_policys_else() -> None:
    made = replace(BUILT_IN, liveness=RULES)
    assert net_limit(made, 250, lamps_alone=True) == 0.3
    assert net_limit(made, 150, lamps_alone=True) == made.liveness_threshold
    assert net_limit(made, 250, lamps_alone=False) == made.liveness_threshold


UNLIT = ("passive", "gesture", "same")


def test_without_light_lamps_take_gestures_for_no_more_than_the_fund_stands_for_unseen() -> None:
    assert Caps().fund_part_max_fen == UNLIT_MAX_FEN
    for fen, instead in ((0, UNLIT), (UNLIT_MAX_FEN, UNLIT), (UNLIT_MAX_FEN + 1, ())):
        said = for_amount(WITH_LAMPS, fen)
        assert said.instead == instead and LIGHT in plays(said.bands[0].must), fen


def test_what_could_not_be_measured_without_any_light_is_not_told_as_failed_lights() -> None:
    few = Evidence(tuple(LookSeen(n, n * 66, None, live=0.9) for n in range(3)))
    weighed = weigh(few, ("passive",), 0.0, LivenessRules())
    assert (weighed.outcome, weighed.reasons) == (UNSURE, ("shots_few",))
    assert weigh(few, ("passive", "follows"), 0.0, LivenessRules()).reasons[0] == "light_unseen"
    assert weigh(few, ("thermal",), 0.0, LivenessRules()).reasons == ("eye_missing",)
