"""A task is closed by a signed record, and the centre holds it to its own decision."""

from __future__ import annotations

from typing import Any

import pytest
from kit import NOW, Device, codes_of, estimate, rows_of

from edge.core.types import Mode, Outcome
from sim.centre import audit
from sim.centre.books import store

BILL = [("SYN-A-0001", 30_000)]
HOUR = 3_600_000
NOBODY = {"means": "card", "authNo": "", "psn_no": "", "ecToken": ""}


def close(device: Device, about: int, kind: str, how: str, fen: int, **more: Any) -> Any:
    """Write, send, and the decision on a closing."""
    digest = device.hash_of(about)
    data = {
        "task_id": "t1",
        "task_kind": kind,
        "epoch": device.epoch,
        "seq": about,
        "record": (digest or b"").hex(),
        "how": how,
        "amount": f"{fen / 100:.2f}",
        "operator": "张护士",
        "note": "",
        "time": "2026-11-18 08:00:00",
        **more,
    }
    body = device.body("close_task", [device.call("close", data=data)], NOBODY, "B1")
    return device.do(body, Mode.QUEUED)


def adjusted(device: Device, folk: list[Any]) -> Any:
    """Record 1: the patient was told 200.00 and the account pays it: 200.00 to give back."""
    body = device.settle(device.who(folk[0]), "B1", BILL, estimate=estimate(10_000, 20_000))
    result = device.do(body)
    assert (result.outcome, result.body["difference_fen"]) == (Outcome.ADJUSTED, -20_000)
    return result


def test_a_closing_that_fits_is_settled_logged_and_in_the_audit(centre, device, folk):
    adjusted(device, folk)
    done = close(device, 1, "difference", "refunded", 20_000)
    assert (done.outcome, done.body["code"]) == (Outcome.SETTLED, "")
    found = audit.audit(centre.store)
    assert found.faults == ()
    (one,) = found.closings
    assert (one.about, one.task_kind, one.how, one.fen) == ("1/1", "difference", "refunded", 20_000)
    assert found.line(device.name, 1, one.seq).kind == "close_task"
    assert found.medfee_fen == 30_000  # no money of the fund in it


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fen": 19_999}, "closing_amount"),
        ({"how": "collected"}, "closing_amount"),
        ({"how": "written_off"}, "closing_how"),
        ({"kind": "receivable"}, "closing_kind"),
        ({"kind": "gift"}, "closing_kind"),
        ({"kind": "cancel_refused", "how": "checked", "fen": 0}, "closing_kind"),
        ({"seq": 9}, "closing_record"),
        ({"record": "00" * 32}, "closing_record"),
        ({"epoch": 2}, "closing_record"),
        ({"seq": "1"}, "malformed_body"),
        ({"amount": "-200.00"}, "closing_amount"),
        ({"amount": "200.00.1"}, "malformed_body"),
        ({"amount": 20000}, "malformed_body"),
    ],
)
def test_a_closing_that_does_not_fit_is_rejected_with_its_code(centre, device, folk, change, code):
    adjusted(device, folk)
    named = {"kind": "difference", "how": "refunded", "fen": 20_000, **change}
    done = close(device, 1, **named)
    assert (done.outcome, done.body["code"]) == (Outcome.REJECTED, code)
    assert rows_of(centre, store.task_closings) == []


def test_the_same_closing_twice_is_a_duplicate_and_another_one_is_refused(centre, device, folk):
    adjusted(device, folk)
    close(device, 1, "difference", "refunded", 20_000)
    again = close(device, 1, "difference", "refunded", 20_000)
    assert (again.outcome, again.body["code"]) == (Outcome.DUPLICATE, "duplicate")
    other = close(device, 1, "difference", "refunded", 1)
    assert (other.outcome, other.body["code"]) == (Outcome.REJECTED, "task_closed")
    assert len(rows_of(centre, store.task_closings)) == 1


def test_what_a_rejected_and_an_expired_record_leave_to_collect(centre, device, folk):
    told = {"estimate": estimate(10_000, 20_000)}
    rejected = device.settle(device.who(folk[0]), "B1", BILL, **told, mdtrt_id="nothing")
    assert device.do(rejected).body["code"] == "mdtrt_unknown"
    late = device.do(device.settle(NOBODY, "B2", BILL, **told), now=NOW - 80 * HOUR, sent=NOW)
    assert late.outcome is Outcome.EXPIRED
    assert close(device, 1, "receivable", "collected", 10_001).body["code"] == "closing_amount"
    assert close(device, 1, "receivable", "collected", 10_000).outcome is Outcome.SETTLED
    assert close(device, 2, "manual_claim", "claimed", 30_000).outcome is Outcome.SETTLED
    assert len(audit.audit(centre.store).closings) == 2


def test_of_a_record_that_could_not_be_read_the_staff_alone_know_the_amount(centre, device, folk):
    body = device.settle(device.who(folk[0]), "B1", BILL)
    del body["opter"]
    assert device.do(body).body["code"] == "malformed_body"
    assert close(device, 1, "receivable", "collected", 12_345).outcome is Outcome.SETTLED


def test_a_refused_cancel_is_closed_by_having_looked(centre, device, folk):
    assert device.do(device.cancel("nothing", "B1")).body["code"] == "setl_unknown"
    assert close(device, 1, "receivable", "checked", 0).body["code"] == "closing_kind"
    assert close(device, 1, "cancel_refused", "checked", 0).outcome is Outcome.SETTLED


def test_a_cancel_in_doubt_is_closed_by_having_looked(centre, device, folk):
    suspect = device.do(device.cancel("nothing", "B1"), now=NOW + HOUR, sent=NOW)
    assert suspect.outcome is Outcome.SUSPECT
    assert close(device, 1, "suspect", "checked", 0).outcome is Outcome.SETTLED
    assert close(device, 1, "cancel_refused", "checked", 0).body["code"] == "closing_kind"


def test_a_closing_of_another_terminals_record_is_refused(tmp_path, folk):
    from kit import make

    one, two = Device("T-1"), Device("T-2")
    centre = make(tmp_path, [one, two], folk, "sqlite://")
    adjusted(one, folk)
    stolen = one.hash_of(1).hex()
    done = close(two, 1, "difference", "refunded", 20_000, record=stolen)
    assert done.body["code"] == "closing_record"
    centre.store.close()


# -- the frozen key --------------------------------------------------------------------------------
def test_a_suspected_terminal_gets_no_new_policy_until_a_person_lifts_it(centre, device, folk):
    device.get_policy()
    held = device.policy_hash
    body = device.settle(device.who(folk[0]), "B1", BILL)
    suspect = device.do(body, now=NOW + HOUR, sent=NOW)
    assert (suspect.outcome, suspect.body["code"]) == (Outcome.SUSPECT, "clock_ahead")
    device.get_policy(now=NOW + 30 * HOUR)  # a day later a new one would be due
    assert device.policy_hash == held
    assert centre.lift(device.name, NOW + 31 * HOUR)
    assert not centre.lift(device.name, NOW + 31 * HOUR)
    device.get_policy(now=NOW + 31 * HOUR)
    assert device.policy_hash != held
    assert codes_of(centre) == ["clock_ahead"]


def test_a_terminal_that_doubts_our_log_gets_no_new_policy_until_a_person_lifts_it(centre, device):
    """Its own stop counts, not the day: neither the next policy nor a repeated report goes around it."""
    device.get_policy()
    held = device.policy_hash
    found = {"code": "E-LOG-04", "epoch": 1, "seq": 0, "hash": b"", "stop": b"1" * 16}
    assert device.ask("incident", found, now=NOW) == (0, {"policy_version": 1})
    device.get_policy(now=NOW + 30 * HOUR)
    assert device.policy_hash == held
    assert device.ask("incident", found, now=NOW + 30 * HOUR) == (0, {"policy_version": 1})
    (waiting,) = audit.suspicions(centre.store)
    assert waiting == (device.name, NOW, ["E-LOG-04"])
    assert centre.lift(device.name, NOW + 31 * HOUR)
    assert not audit.suspicions(centre.store)
    assert device.ask("incident", found, now=NOW + 31 * HOUR) == (0, {"policy_version": 1})
    device.get_policy(now=NOW + 31 * HOUR)
    assert device.policy_hash != held, "the one beyond it"
    again = device.ask("incident", found | {"stop": b"2" * 16}, now=NOW + 32 * HOUR)
    assert again == (0, {"policy_version": 2}), "another stop is another doubt"
    assert not device.ask("incident", found | {"stop": b"2"}, now=NOW + 32 * HOUR)[0]
    assert codes_of(centre) == ["E-LOG-04", "E-LOG-04", "E-LOG-04"]
