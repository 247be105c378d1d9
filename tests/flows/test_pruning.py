"""When the terminal lets old records go: never before a reconciled day, never while somebody is
served, never what is still open."""

from __future__ import annotations

from msgspec.structs import replace

from edge.core import events as e
from edge.core.effects import Prune
from edge.core.parts import pruning
from tests.flows.kit import (
    DAY_MS,
    FACE,
    SETTINGS,
    Desk,
    bill,
    estimated,
    known_as,
    link_up,
    on,
    policy,
    press,
    send,
    settled,
    tell_story,
)

FEW = replace(SETTINGS, prune_keep_days=2, prune_keep_records=1)


def served(desk: Desk, *numbers: int) -> Desk:
    """Bills paid and settled, one after the other."""
    for number in numbers:
        tell_story(desk, send(bill(number=f"P-{number}")), *FACE, known_as(), estimated)
        tell_story(desk, on("confirm", press("confirm")), settled(), on("settled", press("done")))
    return desk


def desk_of_three() -> Desk:
    return served(tell_story(Desk(policy(), settings=FEW), link_up), 1, 2, 3)


def reconciled(desk: Desk, days: int) -> None:
    """Every day up to here agrees with the centre's books."""
    desk.terminal._site.days.reconciled_until_utc_ms = lambda: days * DAY_MS  # type: ignore[method-assign]


def prunes(desk: Desk) -> list[Prune]:
    return [one for one in desk.effects if isinstance(one, Prune)]


def test_nothing_is_pruned_before_a_day_was_reconciled() -> None:
    desk = desk_of_three()
    desk.wait(2 * pruning.EVERY_MS)
    assert prunes(desk) == []


def test_records_up_to_the_reconciled_day_go_when_nobody_is_served() -> None:
    desk = desk_of_three()
    reconciled(desk, 9)
    desk.wait(pruning.FIRST_MS)
    (what,) = prunes(desk)  # day 9 less the four days within which a decision may still come
    assert (what.until_utc_ms, what.last_seq, what.keep) == (5 * DAY_MS, 2, ())
    assert what.docs_until_utc_ms == 3 * DAY_MS
    desk.post(e.Pruned(2, 2, 0, more=True))  # the next portion comes soon, then not for hours
    desk.wait(pruning.AGAIN_MS)
    assert len(prunes(desk)) == 2
    desk.post(e.Pruned(2, 0, 0, more=False))
    desk.wait(pruning.EVERY_MS // 2)
    assert len(prunes(desk)) == 2
    assert desk.terminal.status(desk.now)["pruned_seq"] == 2


def test_the_days_of_the_configuration_stay_and_a_clock_ahead_makes_nothing_old() -> None:
    desk = desk_of_three()
    reconciled(desk, 9004)
    said_ms = desk.terminal._site.contact.contact_utc_ms
    desk.now = replace(desk.now, utc_ms=desk.now.utc_ms + 1_000 * DAY_MS)
    desk.wait(pruning.FIRST_MS)
    (what,) = prunes(desk)
    assert what.until_utc_ms == said_ms - 2 * DAY_MS


def test_nobody_waits_for_pruning() -> None:
    desk = desk_of_three()
    reconciled(desk, 9)
    tell_story(desk, send(bill(number="P-9")), on("ways", lambda _desk: None))
    desk.now = replace(desk.now, mono_ms=desk.now.mono_ms + pruning.FIRST_MS)
    desk.terminal._site.touch(desk.now)
    part = next(one for one in desk.terminal._parts if isinstance(one, pruning.Pruning))
    assert part.step(e.Tick(), desk.now) == []
    assert part.deadline() == desk.now.mono_ms + pruning.BUSY_MS


def test_what_is_open_or_in_dispute_is_kept() -> None:
    desk = desk_of_three()
    site = desk.terminal._site
    reconciled(desk, 9)
    desk._turn(site.tasks.open("suspect", desk.now, seq=1))
    tell_story(desk, send(bill(number="P-9")), *FACE, known_as(), estimated)
    tell_story(desk, on("confirm", press("confirm")))
    desk.wait(pruning.FIRST_MS + pruning.BUSY_MS)
    what = prunes(desk)[-1]
    assert what.keep == (1, 4)  # the dispute, and the record that has no answer
