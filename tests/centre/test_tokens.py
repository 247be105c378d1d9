"""A token of 1101 pays once: for one person, at one terminal, within the hour, and for one record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.types import Mode, Outcome
from sim.centre import audit
from sim.centre.books import people, tokens
from sim.centre.books.people import PersonSpec
from tests.centre.kit import NOW, Device, make, rows_of, store
from tests.national import town as t

BILL = [("SYN-A-0001", 300_00)]
HOUR = 3_600_000


def both(folder: Path) -> tuple[Any, Device, list[PersonSpec]]:
    """A centre with one terminal and two people, each acting for the next."""
    device, folk = Device("T-1"), people.population(4)
    return make(folder, [device], folk, "sqlite://"), device, folk


def body(device: Device, identity: Any, number: str) -> Any:
    """A bill under this very identity, whatever was done with it before."""
    return device.settle(identity, number, BILL)


def told(device: Device, person: PersonSpec) -> Any:
    card, kind = person.cards[0]
    asked = {"means": "card", "mdtrt_cert_type": kind, "mdtrt_cert_no": card}
    return device.ask("1101", asked)[1]


def test_a_token_pays_one_bill_and_not_a_second_one(tmp_path: Path) -> None:
    centre, device, folk = both(tmp_path)
    identity = device.identity("card", told(device, folk[0]), 0)
    first = device.do(body(device, identity, "B1"))
    assert first.outcome is Outcome.SETTLED
    again = device.do(body(device, identity, "B2"))
    assert (again.outcome, again.body["code"]) == (Outcome.REJECTED, "token_used")
    assert device.ask("2206", body(device, identity, "B3")) == (-1, {"code": "token_used"})
    assert audit.doubles(centre.store) == []
    centre.store.close()


def test_an_authorisation_that_paid_for_a_relative_does_not_pay_for_the_person_as_well(
    tmp_path: Path,
) -> None:
    centre, device, folk = both(tmp_path)
    output = told(device, folk[1])
    assert len(output["people"]) == 2
    relative, own = (device.identity("card", output, number) for number in (1, 0))
    assert device.do(body(device, relative, "B1")).outcome is Outcome.SETTLED
    assert device.do(body(device, own, "B2")).body["code"] == "token_used"
    centre.store.close()


def test_a_refused_record_leaves_the_token_as_it_was(tmp_path: Path) -> None:
    centre, device, folk = both(tmp_path)
    identity = device.identity("card", told(device, folk[0]), 0)
    wrong = body(device, identity, "B1")
    wrong["plan"][2]["input"]["data"]["medfee_sumamt"] = "1.00"
    assert device.do(wrong).body["code"] == "amount_differs"
    assert device.do(body(device, identity, "B1")).outcome is Outcome.SETTLED
    centre.store.close()


def test_another_persons_token_an_expired_one_and_one_of_another_terminal_pay_nothing(
    tmp_path: Path,
) -> None:
    one, two = Device("T-1"), Device("T-2")
    folk = people.population(2)
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    mine = one.identity("card", told(one, folk[0]), 0)
    swapped = mine | {"psn_no": folk[1].psn_no}
    assert one.do(body(one, swapped, "B1")).body["code"] == "identity_unknown"
    assert two.do(body(two, mine, "B1")).body["code"] == "identity_unknown"
    late = NOW + HOUR + tokens.TOKEN_MS
    assert one.do(body(one, mine, "B1"), now=late).body["code"] == "identity_unknown"
    # nobody used it up by trying: within its hour it still is the person's
    assert one.do(body(one, mine, "B1"), now=NOW + 1).outcome is Outcome.SETTLED
    centre.store.close()


def test_a_record_whose_answer_was_lost_may_come_again_and_again(tmp_path: Path) -> None:
    """Commit, then drop: the very bytes are answered as before, hours after the token's own end."""
    centre, device, folk = both(tmp_path)
    seq = device.write(body(device, device.identity("card", told(device, folk[0]), 0), "B1"))
    lost = device.payload(seq, seq)
    from edge.wire import topics

    assert centre.on_message(topics.up(device.name), lost, NOW)  # the answer goes nowhere
    (answer,) = device.send(seq, now=NOW + 5 * HOUR)
    assert answer.results[0].outcome is Outcome.SETTLED
    assert len(rows_of(centre, store.settlements)) == 1
    centre.store.close()


def test_a_record_that_waited_for_the_network_is_taken_by_the_token_of_its_own_hour(
    tmp_path: Path,
) -> None:
    centre, device, folk = both(tmp_path)
    identity = device.identity("card", told(device, folk[0]), 0)
    seq = device.write(body(device, identity, "B1"), Mode.ONLINE, now=NOW + 1000)
    (answer,) = device.send(seq, now=NOW + 20 * HOUR)
    assert answer.results[0].outcome is Outcome.SETTLED
    centre.store.close()


def test_at_the_door_of_a_his_a_token_pays_one_batch_and_the_same_batch_again(
    tmp_path: Path,
) -> None:
    town = t.made(tmp_path)
    his = town.his
    assert his.sign_in().good
    asked = {"data": {"orgId": t.ORG, "businessType": "01301", "ecQrCode": town.code()}}
    ec = his.call("1162", asked).output["data"]["ecToken"]
    visits = {}
    for number in ("A", "B"):  # while nothing is paid the token opens every step
        visits[number] = t.visit(his, number, ec, "01").output["data"]["mdtrt_id"]
        lines = [t.line(visits[number], "1", number, 100_00)]
        assert his.call("2204", {"feedetail": lines}).good
    paid = his.call("2207", t.final(visits["A"], "A", 100_00, ec, "01"))
    assert paid.good
    again = his.call("2207", t.final(visits["A"], "A", 100_00, ec, "01"))
    assert again.err_msg.startswith("该批次已结算")
    other = his.call("2207", t.final(visits["B"], "B", 100_00, ec, "01"))
    assert other.err_msg.startswith("该次授权已用于另一笔业务")
    assert t.who(his, ec, "01").err_msg.startswith("该次授权已用于另一笔业务")
    setl_id = paid.output["setlinfo"]["setl_id"]
    undo = {"data": {"setl_id": setl_id, "mdtrt_id": visits["A"], "psn_no": t.PATIENT.psn_no}}
    assert his.call("2208", undo).good
    assert his.call("2207", t.final(visits["A"], "A", 100_00, ec, "01")).good  # the same bill
    town.served.stop()
    assert audit.audit(town.centre.store).faults == ()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=8))
def test_however_tokens_and_bills_are_mixed_no_authorisation_pays_twice(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]]
) -> None:
    centre, device, folk = both(tmp_path_factory.mktemp("mix"))
    given_ = [device.identity("card", told(device, folk[0]), 0) for _ in range(3)]
    paid: dict[int, set[str]] = {}
    for which, number in pairs:
        done = device.do(body(device, given_[which], f"B{number}"))
        if done.outcome in (Outcome.SETTLED, Outcome.ADJUSTED):
            paid.setdefault(which, set()).add(f"B{number}")
    assert all(len(bills) == 1 for bills in paid.values())
    assert audit.doubles(centre.store) == []
    centre.store.close()
