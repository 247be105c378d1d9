"""What a terminal with a good key may claim and must not get: records that are signed, in their
place, and untrue."""

from __future__ import annotations

import pytest
from kit import NOW, ZERO, Device, copy, estimate, make, rows_of, template
from msgspec.structs import replace

from edge.core.limits import BUILT_IN
from edge.core.types import Mode, Outcome
from edge.wire.policy import document_hash
from sim.centre import audit
from sim.centre.books import people, policy, registry, store

MINUTE = 60_000
DAY = 1440 * MINUTE
BILL = [("SYN-A-0001", 30_000)]


def registry_of(centre, device):
    with centre.store.begin() as conn:
        return registry.find(conn, device.name)


@pytest.fixture
def identity(device, centre, folk):
    return device.who(folk[0])


def refused(result, code):
    assert (result.outcome, result.body["code"]) == (Outcome.REJECTED, code)


@pytest.mark.parametrize("policy", [ZERO, None], ids=["built in", "signed"])
def test_money_is_not_queued_whatever_policy_the_record_names(centre, device, folk, policy):
    """A card number alone must not settle a bill: only a registration may wait without a proof."""
    device.get_policy()
    card, kind = folk[0].cards[0]
    claimed = {"means": "card", "card_no": card, "cert_type": kind}
    more = {} if policy is None else {"policy": policy}
    for body in (device.settle(claimed, "B1", BILL), device.pharmacy(claimed, "B2", BILL)):
        refused(device.do(body, Mode.QUEUED, **more), "policy_violation")
    assert audit.audit(centre.store).settled == 0


@pytest.mark.parametrize("said", ["nothing", "less"])
@pytest.mark.parametrize("policy", [ZERO, None], ids=["built in", "signed"])
def test_the_face_limit_counts_the_lines_and_not_what_the_terminal_says(
    centre, device, folk, policy, said
):
    device.get_policy()
    people.register_face(centre.store, folk[0].psn_no, template(1), "m")
    body = {"means": "face", "template": template(1), "model": "m", "verdict": {"live": True}}
    _, output = device.ask("1101", body)
    identity = device.identity("face", output, 0)
    lines = [("SYN-A-0001", 60_000_00)]  # above every limit there is
    assert lines[0][1] > BUILT_IN.face_nopassword_max_fen
    more = {"estimate": None if said == "nothing" else estimate(0, 100_00)}
    override = {} if policy is None else {"policy": policy}
    refused(device.do(device.settle(identity, "B1", lines, **more), **override), "policy_violation")
    small = device.settle(identity, "B2", BILL)
    assert device.do(small, **override).outcome is Outcome.SETTLED


def test_the_caps_of_an_outage_count_the_lines_and_not_what_the_terminal_says(centre, device, folk):
    device.get_policy()
    people.register_face(centre.store, folk[0].psn_no, template(1), "m" * 64)
    identity, verdict = device.offline(folk[0], template(1))
    later = NOW + 30 * MINUTE
    data = {"acct_used_flag": "0"}

    def bill(number, lines_fen, said_fen):
        more = {"verdict": verdict, "estimate": estimate(0, said_fen), "data": data}
        return device.settle(identity, number, [("SYN-A-0001", lines_fen)], **more)

    refused(
        device.do(bill("B1", 9_000_00, 300_00), Mode.PROVISIONAL, now=later), "policy_violation"
    )
    good = device.do(bill("B2", 300_00, 300_00), Mode.PROVISIONAL, now=later)
    assert good.outcome in (Outcome.SETTLED, Outcome.ADJUSTED)


def test_a_forced_record_is_provisional_by_the_policys_leave_only(centre, device, folk):
    """`force_provisional` is the HIS's wish: the policy must allow it, and the centre judges."""
    terminal = registry_of(centre, device)
    assert not policy.make(centre.issuer, replace(terminal, profile="P0"), NOW, 1).force
    people.register_face(centre.store, folk[0].psn_no, template(1), "m" * 64)
    identity, verdict = device.offline(folk[0], template(1))
    more = {"verdict": verdict, "estimate": estimate(0, 300_00), "prefer": "force_provisional"}
    data = {"acct_used_flag": "0"}

    def bill(number):
        return device.settle(identity, number, [("SYN-A-0001", 300_00)], data=data, **more)

    device.get_policy()
    later = NOW + 30 * MINUTE
    good = device.do(bill("B1"), Mode.PROVISIONAL, now=later)
    assert good.outcome in (Outcome.SETTLED, Outcome.ADJUSTED)
    with centre.store.begin() as conn:
        made = replace(policy.make(centre.issuer, terminal, NOW, 9), force=False)
        strict = policy.publish(conn, made, terminal.name, centre.issuer.signer)
    body = bill("B2")
    no = device.do(body, Mode.PROVISIONAL, now=later, policy=document_hash(strict))
    refused(no, "policy_violation")
    assert "forced" in no.body["err_msg"]


def test_the_centre_books_nothing_of_a_terminal_it_has_not_attested_for_thirty_days(
    centre, device, folk
):
    people.register_face(centre.store, folk[0].psn_no, template(1), "m" * 64)
    identity, verdict = device.offline(folk[0], template(1))
    terminal = registry_of(centre, device)
    with centre.store.begin() as conn:
        caps = replace(centre.issuer.caps, hours_since_centre_max=10**6, catalogue_age_days_max=999)
        made = policy.make(centre.issuer, terminal, NOW, 9)
        years = replace(made, caps=caps, valid_until_utc_ms=NOW + 400 * DAY)
        document = policy.publish(conn, years, terminal.name, centre.issuer.signer)
    body = device.settle(
        identity, "B1", [("SYN-A-0001", 300_00)], data={"acct_used_flag": "0"}, verdict=verdict,
        estimate=estimate(0, 300_00),
    )  # fmt: skip
    late = NOW + 31 * DAY
    no = device.do(body, Mode.PROVISIONAL, now=late, policy=document_hash(document))
    refused(no, "policy_violation")
    assert "attestation" in no.body["err_msg"]


def test_nobody_is_told_what_another_person_paid_under_the_same_bill_number(
    centre, device, folk, identity
):
    assert device.do(device.settle(identity, "B1", BILL)).outcome is Outcome.SETTLED
    other = device.who(folk[1])
    result = device.do(device.settle(other, "B1", BILL, mdtrt_id=""))
    refused(result, "bill_no_used")
    assert result.body["setlinfo"] == {}
    assert result.body["mdtrt_id"] == ""


def test_the_same_bill_number_with_another_amount_is_no_duplicate_and_books_nothing(
    centre, device, folk, identity
):
    device.do(device.settle(identity, "B1", BILL))
    refused(device.do(device.settle(identity, "B1", [("SYN-A-0001", 1_00)])), "bill_no_used")
    again = device.do(device.settle(identity, "B1", BILL))
    assert again.outcome is Outcome.DUPLICATE
    assert len(rows_of(centre, store.settlements)) == 1


def test_the_same_txid_under_another_bill_number_settles_nothing_a_second_time(
    centre, device, folk, identity
):
    txid = b"t" * 16
    device.do(device.settle(identity, "B1", BILL), txid=txid)
    again = device.do(device.settle(identity, "B2", BILL), txid=txid)
    assert again.outcome is Outcome.DUPLICATE
    assert len(rows_of(centre, store.settlements)) == 1


def test_a_token_of_another_terminal_or_of_an_hour_ago_proves_nobody(tmp_path, folk):
    one, two = Device("T-1"), Device("T-2")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    stolen = one.who(folk[0])
    refused(two.do(two.settle(stolen, "B1", BILL)), "identity_unknown")
    late = NOW + 61 * MINUTE + 1_000
    refused(one.do(one.settle(stolen, "B1", BILL), now=late), "identity_unknown")
    relabelled = {**stolen, "means": "face"}
    refused(one.do(one.settle(relabelled, "B1", BILL)), "identity_unknown")
    assert one.do(one.settle(stolen, "B1", BILL)).outcome is Outcome.SETTLED
    centre.store.close()


def test_a_settlement_of_another_institution_is_not_cancelled(tmp_path, folk):
    one, two = Device("T-1"), Device("T-2", fixmedins_code="H51010000002")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    setl_id = one.do(one.settle(one.who(folk[0]), "B1", BILL)).body["setlinfo"]["setl_id"]
    refused(two.do(two.cancel(setl_id, "B1")), "setl_unknown")
    refused(one.do(one.cancel(setl_id, "B1", "2103")), "setl_unknown")
    assert one.do(one.cancel(setl_id, "B1")).outcome is Outcome.SETTLED
    assert one.do(one.cancel(setl_id, "B1")).outcome is Outcome.DUPLICATE
    assert audit.audit(centre.store).imbalance_fen == 0
    centre.store.close()


def test_a_policy_that_the_centre_never_signed_is_worth_nothing(centre, device, folk, identity):
    body = device.settle(identity, "B1", BILL)
    refused(device.do(body, policy=b"\x0f" * 32), "policy_violation")
    assert copy(folk[0]).psn_no == folk[0].psn_no
