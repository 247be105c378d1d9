"""What happens at the bounds that nobody should reach: the terminal says so and goes on living."""

from __future__ import annotations

from edge.core.books.bills import KEYS_MAX
from edge.core.parts.backlog import FULL, FULL_ROOM
from edge.core.sync.outbox import PENDING_MAX
from edge.core.types import Entry, Mode
from tests.flows.kit import Desk, bill, link_up, policy, tell_story


def desk_with(waiting: int) -> Desk:
    desk = Desk(policy("P1"))
    desk.ledger = [
        Entry(seq, seq.to_bytes(16, "big"), "register", Mode.QUEUED, 900, {}, hash=bytes(32))
        for seq in range(1, waiting + 1)
    ]
    desk.boot()
    return desk


def test_a_backlog_at_its_bound_takes_nothing_new_instead_of_ending_the_process() -> None:
    """Registrations are queued without a cap, and one record beyond the bound would end the process at
    every start from then on: nobody could even send what waits."""
    desk = desk_with(PENDING_MAX - FULL_ROOM)
    assert desk.terminal.status(desk.now)["service"] == FULL
    desk.send(bill(number="ONE-MORE"))
    reply = desk.replies[desk.calls]
    assert reply.status == 503
    assert FULL in str(reply.body)
    assert len(desk.ledger) == PENDING_MAX - FULL_ROOM
    assert desk_with(PENDING_MAX - FULL_ROOM - 1).terminal.status(desk.now)["service"] == "open"


def test_a_forgotten_key_frees_no_number_that_a_newer_bill_holds() -> None:
    """Withdrawn, sent again under a new key, and two thousand keys later: the number is still taken,
    or the patient would be asked to pay it a second time."""
    desk = tell_story(Desk(policy("P1")), link_up)
    first = desk.send(bill(number="N"), key="first").body["bill_id"]
    assert desk.withdraw(first).status == 200
    assert desk.send(bill(number="N"), key="second").status == 202
    for number in range(KEYS_MAX):  # each a bill and its withdrawal: two keys
        one = desk.send(bill(number=f"M{number}")).body["bill_id"]
        desk.withdraw(one, key=f"w{number}")
        if number % 500 == 0:
            assert desk.send(bill(number="N"), key=f"again-{number}").status == 409
    assert desk.send(bill(number="N"), key="third").status == 409
