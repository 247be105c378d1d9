"""What becomes of each kind, and of each way to pay, without the centre: every kind × profile
(DOMAIN §4.3)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core import tx
from edge.core.limits import Outage, Want, decide
from edge.core.types import Mode, Now, Refusal
from edge.core.visit import paying
from tests.flows import kit

CODE = (
    kit.on("ways", kit.press("qr")),
    kit.on("code", kit.post(e.CodeSeen("QR-1"))),
)
NOW = Now(10 * kit.DAY_MS, 1_000)
CALM = Outage(contact_utc_ms=NOW.utc_ms - 1_000, floor_utc_ms=NOW.utc_ms - 1_000,
              attested_utc_ms=NOW.utc_ms - 1_000)  # fmt: skip
STRICT = "offline_strict"
# class × profile -> the mode, or the code of the refusal
TABLE = {
    (tx.QUEUED, "P0"): Mode.QUEUED,
    (tx.QUEUED, "P1"): Mode.QUEUED,
    (tx.QUEUED, "P2"): STRICT,
    (tx.PROVISIONAL, "P0"): STRICT,
    (tx.PROVISIONAL, "P1"): Mode.PROVISIONAL,
    (tx.PROVISIONAL, "P2"): STRICT,
    (tx.DENIED, "P0"): STRICT,
    (tx.DENIED, "P1"): STRICT,
    (tx.DENIED, "P2"): STRICT,
}


@pytest.mark.parametrize("name", sorted(tx.kinds()))
@pytest.mark.parametrize("profile", ["P0", "P1", "P2"])
def test_every_kind_has_its_class_under_every_profile(name: str, profile: str) -> None:
    kind = tx.kinds()[name]
    allow = tuple(one for one, of in tx.kinds().items() if of.OFFLINE == tx.PROVISIONAL)
    policy = replace(kit.policy(profile), allow=allow)
    want = Want(name, 100_00, online=False, fund_fen=10_00, person="p")
    decision = decide(want, policy, CALM, NOW)
    got = decision.code if isinstance(decision, Refusal) else decision
    assert got == TABLE[kind.OFFLINE, profile]
    online = decide(replace(want, online=True), policy, CALM, NOW)
    assert online is Mode.ONLINE


def test_only_cash_is_left_of_the_ways_to_pay() -> None:
    """A balance, a contract or a bank's word cannot be known here, so none of them is promised."""
    assert {way for way, of in paying.OFFLINE.items() if of != "denied"} == {paying.CASH}
    assert set(paying.WAYS) <= set(paying.OFFLINE)


@pytest.mark.parametrize("at", ["confirm", "pay"])
def test_a_choice_is_dropped_when_the_centre_goes(at: str) -> None:
    """What was chosen while the centre spoke is not signed without it."""
    desk = kit.tell_story(
        kit.Desk(kit.policy("P1")),
        kit.link_up,
        lambda d: d.answer(),
        kit.send(kit.bill(amount_fen=99_00)),
        *CODE,
        kit.on("working", kit.known_as()),
        offered,
        kit.on("confirm", kit.press("pay"), choice=True),
        kit.on("pay", kit.press("choose", "r0")),
        offered,
        kit.on("confirm"),
    )
    if at == "pay":
        kit.tell_story(desk, kit.press("pay"), kit.on("pay"))
    kit.tell_story(desk, kit.link_lost, kit.on("confirm", mode="provisional", choice=False))
    kit.tell_story(desk, kit.press("confirm", "provisional"), kit.on("provisional"))
    body = desk.drafts[-1].body
    assert "pay" not in body and body["plan"][-1]["input"]["data"]["acct_used_flag"] == "0"


def offered(desk: kit.Desk) -> None:
    told = {"setlinfo": desk.centre_split(), "setldetail": [], "payoffer": kit.OFFER}
    desk.tell("2206", told)


@pytest.mark.parametrize(
    "junk",
    [None, 5, [], {"acct": 5}, {"acct": "x"}, {"mulaid": [{}]}, {"mulaid": [1]},
     {"ways": "cash"}, {"mulaid": [kit.OFFER["mulaid"][0]] * 9}, {"acct": "1" * 65}],
)  # fmt: skip
def test_an_offer_that_cannot_be_read_is_no_offer(junk: object) -> None:
    assert paying.offer_from({"payoffer": junk}) is None


@pytest.mark.parametrize("junk", [5, {}, [1], [{"pay_type": "acct"}], [{"pay_type": 1, "amt": "1"}],
                                  [{"pay_type": "acct", "amt": "1.234"}]])  # fmt: skip
def test_payinfo_that_cannot_be_read_is_shown_to_nobody(junk: object) -> None:
    if junk == {}:
        assert paying.paid_from({"payinfo": junk}) == ()
        return
    desk = kit.tell_story(
        kit.Desk(kit.policy("P1")),
        kit.link_up,
        lambda d: d.answer(),
        kit.send(kit.bill(amount_fen=99_00)),
        *CODE,
        kit.on("working", kit.known_as()),
        offered,
        kit.on("confirm", kit.press("confirm", "online")),
    )
    (state,) = desk.bills().values()
    body = {"mdtrt_id": "M1", "setlinfo": kit.split_of(state.bill), "payinfo": junk}
    desk.answer((1, kit.Outcome.SETTLED, body))
    (state,) = desk.bills().values()
    assert state.status == "confirming" and state.refusal is not None
