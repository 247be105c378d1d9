"""Each outcome of PROTOCOL, one by one."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from kit import NOW, codes_of, copy, estimate, make, near, rows_of, template

from edge.core.types import Mode, Outcome
from edge.suites import es256
from edge.wire import topics
from sim.centre import intake
from sim.centre.books import ledgers, people, store

HOUR = 3_600_000
BILL = [("SYN-A-0001", 30_000)]
SMALL = [("SYN-A-0001", 8_000)]


def balance(centre, account: str) -> int:
    with centre.store.begin() as conn:
        return ledgers.balance(conn, account)


def test_a_simple_bill_is_settled_and_proven(centre, device, folk):
    result = device.do(device.settle(device.who(folk[0]), "B1", BILL))
    assert result.outcome is Outcome.SETTLED
    assert result.body["infcode"] == 0
    # employee, community: deductible 200, ratio 60 %: fund 60.00; the account pays the rest of the
    # scope
    info = result.body["setlinfo"]
    assert (info["hifp_pay"], info["acct_pay"], info["psn_cash_pay"]) == ("60.00", "240.00", "0.00")
    assert balance(centre, f"acct:{folk[0].psn_no}") == folk[0].balance_fen - 24_000
    assert balance(centre, "fund:310100") == -6_000
    assert balance(centre, f"inst:{device.org}") == 30_000


def test_a_registration_gives_the_visit_that_the_settlement_names(centre, device, folk):
    identity = device.who(folk[0])
    registered = device.do(device.register(identity, "R1"))
    assert registered.outcome is Outcome.SETTLED
    mdtrt_id = registered.body["mdtrt_id"]
    settled = device.do(device.settle(identity, "B1", BILL, mdtrt_id=mdtrt_id))
    assert settled.outcome is Outcome.SETTLED
    assert settled.body["mdtrt_id"] == mdtrt_id
    stranger = device.do(device.settle(device.who(folk[1]), "B2", BILL, mdtrt_id=mdtrt_id))
    assert (stranger.outcome, stranger.body["code"]) == (Outcome.REJECTED, "mdtrt_unknown")


def test_a_split_other_than_the_estimate_is_adjusted_with_the_difference(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL, estimate=estimate(10_000, 20_000))
    result = device.do(body)
    assert result.outcome is Outcome.ADJUSTED
    assert (
        result.body["difference_fen"] == 0 - 20_000
    )  # the account pays what the patient was told to pay


def test_the_estimate_of_2206_is_what_2207_settles(centre, device, folk):
    identity = device.who(folk[0])
    code, output = device.ask("2206", device.settle(identity, "B1", BILL))
    assert code == 0
    split = {name: output["setlinfo"][name] for name in ("medfee_sumamt", "inscp_scp_amt")}
    split |= {
        name: output["setlinfo"][name] for name in ("hifp_pay", "fund_pay_sumamt", "acct_pay")
    }
    split |= {name: output["setlinfo"][name] for name in ("psn_cash_pay", "act_pay_dedc")}
    assert device.do(device.settle(identity, "B1", BILL, estimate=split)).outcome is Outcome.SETTLED
    assert rows_of(centre, store.settlements)[0]["medfee_fen"] == 30_000


def test_a_bill_settled_by_another_record_is_a_duplicate_with_the_first_result(
    centre, device, folk
):
    first = device.do(device.settle(device.who(folk[0]), "B1", BILL))
    again = device.do(device.settle(device.who(folk[0]), "B1", BILL))
    assert again.outcome is Outcome.DUPLICATE
    assert again.body["code"] == "duplicate"
    assert again.body["setlinfo"] == first.body["setlinfo"]
    assert balance(centre, f"inst:{device.org}") == 30_000


def test_the_same_txid_in_a_second_record_takes_no_second_effect(centre, device, folk):
    identity = device.who(folk[0])
    first = device.do(device.settle(identity, "B1", BILL), txid=b"t" * 16)
    again = device.do(device.settle(identity, "B2", BILL), txid=b"t" * 16)
    assert again.outcome is Outcome.DUPLICATE
    assert again.body["setlinfo"] == first.body["setlinfo"]


def test_a_record_older_than_72_hours_is_expired(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    late = device.do(body, sent=NOW + 72 * HOUR + 5_000)
    assert late.outcome is Outcome.EXPIRED
    assert balance(centre, f"inst:{device.org}") == 0


def test_a_record_of_a_clock_that_runs_ahead_is_suspect(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    result = device.do(body, now=NOW + HOUR, sent=NOW)
    assert (result.outcome, result.body["code"]) == (Outcome.SUSPECT, "clock_ahead")
    assert codes_of(centre) == ["clock_ahead"]


def test_a_clock_that_knows_nothing_is_neither_late_nor_early(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    result = device.do(body, wall_ms=0, error_ms=NOW)
    assert result.outcome is Outcome.SETTLED
    wild = device.do(device.settle(device.who(folk[0]), "B2", BILL), wall_ms=2**62, error_ms=2**62)
    assert wild.outcome is Outcome.SETTLED


def test_a_body_that_does_not_open_is_suspect_and_the_chain_goes_on(centre, device, folk):
    identity = device.who(folk[0])
    other = es256.HpkeSealer(es256.generate_seal_key().public_key())
    poisoned = device.do(device.settle(identity, "B1", BILL), sealer=other)
    assert (poisoned.outcome, poisoned.body["code"]) == (Outcome.SUSPECT, "cannot_open")
    assert device.do(device.settle(identity, "B1", BILL)).outcome is Outcome.SETTLED


def spoil(body: dict[str, Any], how: str) -> dict[str, Any]:
    detail = body["plan"][1]["input"]["feedetail"][0]
    data = body["plan"][2]["input"]["data"]
    match how:
        case "unknown field":
            body["surprise"] = 1
        case "missing field":
            del body["opter"]
        case "unknown kind":
            body["kind"] = "gift"
        case "other plan":
            body["plan"].pop(1)
        case "negative line":
            detail["det_item_fee_sumamt"] = "-5.00"
        case "fraction of a fen":
            detail["det_item_fee_sumamt"] = "300.001"
        case "number for text":
            detail["det_item_fee_sumamt"] = 300
        case "amount differs":
            data["medfee_sumamt"] = "1.00"
        case "count is words":
            detail["cnt"] = "many"
        case "no lines":
            body["plan"][1]["input"]["feedetail"] = []
        case "line is a number":
            body["plan"][1]["input"]["feedetail"] = [7]
        case "form is a list":
            body["plan"][2]["input"]["data"] = []
        case "msgid twice":
            body["plan"][2]["msgid"] = body["plan"][1]["msgid"]
        case "estimate does not add up":
            body["estimate"] = {"medfee_sumamt": "300.00"}
        case "estimate of numbers":
            body["estimate"] = {"medfee_sumamt": 300}
        case "other institution":
            body["fixmedins_code"] = "H99999999999"
        case "unknown med_type":
            data["med_type"] = "77"
        case "insured otherwise":
            data["insutype"] = "340"
    return body


@pytest.mark.parametrize(
    "how",
    [
        "unknown field", "missing field", "unknown kind", "other plan", "negative line",
        "fraction of a fen", "number for text", "amount differs", "count is words", "no lines",
        "line is a number", "form is a list", "msgid twice", "estimate does not add up",
        "estimate of numbers", "other institution", "unknown med_type", "insured otherwise",
    ],
)  # fmt: skip
def test_a_malformed_body_is_rejected_books_nothing_and_the_chain_goes_on(
    centre, device, folk, how
):
    identity = device.who(folk[0])
    bad = device.do(spoil(device.settle(identity, "B1", BILL), how), kind="settle")
    assert bad.outcome is Outcome.REJECTED
    assert bad.body["infcode"] == -1
    assert bad.body["code"]
    assert rows_of(centre, store.settlements) == []
    assert rows_of(centre, store.visits) == []
    assert device.do(device.settle(identity, "B1", BILL)).outcome is Outcome.SETTLED


@pytest.mark.parametrize(
    ("change", "code"),
    [({"stas": "2"}, "suspended"), ({"stas": "4"}, "not_insured"), ({"locked": True}, "locked")],
)
def test_a_person_who_may_not_is_refused_in_1101_and_rejected_in_a_record(
    tmp_path, device, folk, change, code
):
    person = copy(folk[0], **change)
    centre = make(tmp_path, [device], [person], "sqlite://")
    card, kind = person.cards[0]
    asked = {"means": "card", "mdtrt_cert_type": kind, "mdtrt_cert_no": card}
    assert device.ask("1101", asked)[1] == {"code": code}
    identity = {"means": "card", "card_no": card, "cert_type": kind}
    result = device.do(device.register(identity, "R1"), Mode.QUEUED)
    assert (result.outcome, result.body["code"]) == (Outcome.REJECTED, code)
    centre.store.close()


def test_a_person_of_another_pool_is_not_settled_by_these_rules(tmp_path, device, folk):
    person = copy(folk[0], insuplc_admdvs="320100")
    centre = make(tmp_path, [device], [person], "sqlite://")
    result = device.do(device.settle(device.who(person), "B1", BILL))
    assert (result.outcome, result.body["code"]) == (Outcome.REJECTED, "other_region")
    centre.store.close()


def test_a_token_of_another_terminal_or_person_or_hour_proves_nothing(tmp_path, folk):
    from kit import Device

    one, two = Device("T-1"), Device("T-2")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    stolen = two.who(folk[0])
    assert one.do(one.settle(stolen, "B1", BILL)).body["code"] == "identity_unknown"
    swapped = {**one.who(folk[0]), "psn_no": folk[1].psn_no}
    assert one.do(one.settle(swapped, "B2", BILL)).body["code"] == "identity_unknown"
    old = one.who(folk[0], now=NOW)
    result = one.do(one.settle(old, "B3", BILL), now=NOW + 2 * HOUR)
    assert result.body["code"] == "identity_unknown"
    centre.store.close()


def test_a_relative_may_be_served_and_pays_from_the_account_in_turn(centre, device, folk):
    helper, helped = folk[1], folk[0]  # folk[1] names folk[0] as relative
    card, kind = helper.cards[0]
    code, output = device.ask(
        "1101", {"means": "card", "mdtrt_cert_type": kind, "mdtrt_cert_no": card}
    )
    assert code == 0
    assert [one["relation"] for one in output["people"]] == ["本人", "配偶"]
    identity = device.identity("card", output, 1)
    result = device.do(device.settle(identity, "B1", BILL))
    assert result.body["setlinfo"]["psn_no"] == helped.psn_no
    own = device.do(device.settle(device.who(helper), "B2", [("SYN-A-0001", 200_000)]))
    info = own.body[
        "setlinfo"
    ]  # 2,000: deductible 200, 60 %: fund 1,080; own 510, the relative's 260 that are left
    assert (info["hifp_pay"], info["acct_pay"], info["acct_mulaid_pay"]) == (
        "1080.00",
        "510.00",
        "260.00",
    )
    assert info["psn_cash_pay"] == "150.00"


def test_cancel_restores_accounts_and_accumulators_and_frees_the_bill_number(centre, device, folk):
    before = [rows_of(centre, table) for table in (store.accounts, store.accumulators)]
    settled = device.do(device.settle(device.who(folk[0]), "B1", BILL))
    setl_id = settled.body["setlinfo"]["setl_id"]
    undone = device.do(device.cancel(setl_id, "B1"))
    assert undone.outcome is Outcome.SETTLED
    assert undone.body["setlinfo"]["hifp_pay"] == "-60.00"
    moved = {row["name"]: row["balance_fen"] for row in rows_of(centre, store.accounts)}
    for row in before[0]:
        assert moved.pop(row["name"]) == row["balance_fen"]
    assert set(moved.values()) == {0}
    used = [
        value
        for row in rows_of(centre, store.accumulators)
        for name, value in row.items()
        if name.endswith("_fen")
    ]
    assert set(used) == {0}
    assert device.do(device.cancel(setl_id, "B1")).outcome is Outcome.DUPLICATE
    assert device.do(device.settle(device.who(folk[0]), "B1", BILL)).outcome is Outcome.SETTLED


def test_a_cancel_of_something_unknown_or_of_another_institution_is_rejected(tmp_path, folk):
    from kit import Device

    one, two = Device("T-1"), Device("T-2", fixmedins_code="H51010000002")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    settled = one.do(one.settle(one.who(folk[0]), "B1", BILL))
    setl_id = settled.body["setlinfo"]["setl_id"]
    assert two.do(two.cancel(setl_id, "B1")).body["code"] == "setl_unknown"
    assert one.do(one.cancel("nothing", "B1")).body["code"] == "setl_unknown"
    assert one.do(one.cancel(setl_id, "B1", infno="2103")).body["code"] == "setl_unknown"
    assert one.do(one.cancel(setl_id, "B1")).outcome is Outcome.SETTLED
    centre.store.close()


# -- offline --------------------------------------------------------------------------------------
@pytest.fixture
def offline(centre, device, folk):
    """A terminal with a policy and a registered face, and the body of a bill that fits it."""
    face = template(1)
    people.register_face(centre.store, folk[0].psn_no, face, "m" * 64)
    device.get_policy()
    counter = iter(range(100))

    def body(lines=SMALL, fund_fen=0, *, live=None, **more: Any) -> dict[str, Any]:
        identity, verdict = device.offline(folk[0], near(face, 2))
        total = sum(amount for _, amount in lines)
        more.setdefault("estimate", estimate(fund_fen, total - fund_fen))
        more.setdefault("data", {"acct_used_flag": "0"})
        return device.settle({**identity, **more.pop("who", {})}, f"P{next(counter)}", lines,
                             verdict={**verdict, **(live or {})}, **more)  # fmt: skip

    return body


def test_a_provisional_record_within_its_policy_is_settled(centre, device, offline):
    result = device.do(offline(), Mode.PROVISIONAL, now=NOW + HOUR)
    assert result.body["code"] == ""
    assert (
        result.outcome is Outcome.ADJUSTED
    )  # the deductible is in the centre's split, not in this estimate
    assert result.body["difference_fen"] == 0


def test_a_face_that_is_not_the_card_holders_is_a_mismatch(centre, device, offline):
    bad = device.do(offline(who={"template": template(9)}), Mode.PROVISIONAL)
    assert (bad.outcome, bad.body["code"]) == (Outcome.REJECTED, "face_mismatch")
    junk = device.do(offline(who={"template": b"\xff" * 768}), Mode.PROVISIONAL)  # NaN
    assert junk.body["code"] == "face_mismatch"
    other_model = device.do(offline(who={"template_model": "x"}), Mode.PROVISIONAL)
    assert other_model.body["code"] == "face_mismatch"


@pytest.mark.parametrize(
    "breach",
    [
        {"lines": [("SYN-A-0001", 50_001)]},
        {"lines": [("SYN-A-0001", 40_000)], "fund_fen": 20_001},
        {"live": {"live": False}},
        {"live": {"score": 0.1}},
        {"live": {"steps": ["blink"]}},
        {"estimate": None},
        {"who": {"template": None}},
    ],
)
def test_a_provisional_record_outside_its_policy_is_a_violation(centre, device, offline, breach):
    result = device.do(offline(**breach), Mode.PROVISIONAL, now=NOW + HOUR)
    assert (result.outcome, result.body["code"]) == (Outcome.REJECTED, "policy_violation")


def test_the_policy_must_be_known_in_force_and_this_terminals(centre, device, offline):
    def code(**override: Any) -> str:
        return device.do(offline(), Mode.PROVISIONAL, **override).body["code"]

    assert code(policy=bytes(32)) == "policy_violation"
    assert code(policy=b"\x01" * 32) == "policy_violation"
    assert code(now=NOW + 8 * 24 * HOUR) == "policy_violation"  # 7 days
    assert code(now=NOW + 25 * HOUR) == "policy_violation"  # 24 h without the centre


def test_one_person_is_served_twice_in_an_outage_and_again_after_it(centre, device, offline):
    later = NOW + HOUR
    for _ in range(3):
        device.write(offline(), Mode.PROVISIONAL, now=later)
    (answer,) = device.send(1, 3, now=later + HOUR)
    codes = [result.body["code"] for result in answer.results]
    assert codes == ["", "", "policy_violation"]
    after = device.do(offline(), Mode.PROVISIONAL, now=later + 2 * HOUR)
    assert after.body["code"] == ""  # the centre had spoken in between


def test_a_new_epoch_in_the_middle_of_an_outage_has_no_caps_of_its_own(centre, device, offline):
    """Records to the stick, a new ledger, on with the same outage: what one outage allows is allowed
    once, in whatever order the two chains arrive."""
    later = NOW + HOUR
    for _ in range(2):
        device.write(offline(), Mode.PROVISIONAL, now=later)
    payload = device.payload(1, 2)
    device.epoch += 1
    device.meet(centre)
    device.log = []
    for _ in range(2):
        device.write(offline(), Mode.PROVISIONAL, now=later)
    with centre.store.begin() as conn:
        intake.begin(conn, device.name, device.epoch - 1)
    (answer,) = device.send(1, 2, now=later + HOUR)
    assert [result.body["code"] for result in answer.results] == ["", ""]
    assert centre.on_message(topics.up(device.name), payload, later + HOUR)
    with centre.store.begin() as conn:
        rows = conn.execute(sa.select(store.records.c.outcome).order_by(store.records.c.leaf))
        outcomes = [row[0] for row in rows]
    assert outcomes[-2:] == ["rejected", "rejected"], outcomes


def test_a_registration_may_be_queued_by_card_and_a_settlement_may_not(centre, device, folk):
    card, kind = folk[0].cards[0]
    identity = {"means": "card", "card_no": card, "cert_type": kind}
    device.get_policy()
    assert device.do(device.register(identity, "R1"), Mode.QUEUED).outcome is Outcome.SETTLED
    refused = device.do(device.settle(identity, "B1", SMALL), Mode.QUEUED)
    assert refused.body["code"] == "policy_violation"
    nobody = device.do(device.register({**identity, "card_no": "none"}, "R2"), Mode.QUEUED)
    assert nobody.body["code"] == "no_person"
