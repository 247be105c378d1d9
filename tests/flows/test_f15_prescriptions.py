"""F15 电子处方流转: a hospital writes and signs, a pharmacy's terminal checks the signature itself, its
pharmacist reviews, it is dispensed once, in the settlement's own transaction. Then what goes wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.core import events as e
from edge.core.types import BillStatus, Mode
from sim.centre.books import people
from sim.centre.books import store as t
from sim.centre.books.people import PersonSpec
from sim.centre.prescriptions import books, freeing
from sim.centre.prescriptions.status import Status
from sim.stage import Town, follow, good_face, link_lost, link_up, no, template
from tests.flows.prescribing import (
    LI,
    PLACES,
    WANG,
    Day,
    answered_until,
    passed,
    sale,
    sold,
    until_review,
)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Town(tmp_path, "2026-11-18 09:00", [WANG, LI], PLACES) as town:
        yield Day(town)


# -- as it should be -------------------------------------------------------------------------------
def test_f15_written_signed_chosen_reviewed_and_dispensed_once(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2; SYN-B-0001 1")
    day.hospital.write("RX-2", LI, "SYN-A-0001 1")
    east = until_review(day.east, sale("B1", text="SYN-A-0001 40.00; SYN-B-0001 30.00"))
    (offered,) = east.sees("prescriptions").screen.fields["rx"]
    assert offered["hi_rxno"] == rxno and offered["fixmedins_name"] == "测试人民医院"
    assert offered["drugs"] == ("阿莫西林胶囊", "氨氯地平片")

    east.press("choose", "0").sees("review")
    assert day.status(rxno) is Status.LOCKED
    assert [drug["drug_cnt"] for drug in east.screen.fields["rx"]["drugs"]] == ["2", "1"]
    assert east.of("B1").prescription["doctor"] == "王医生", "the pharmacist reads it at the HIS"
    assert east.terminal.status(east.now)["review"] == east.of("B1").bill_id, "and on the desk page"

    passed(east, "B1", operator="赵药师").sees("confirm")
    assert day.hospital.ask("D006", rxno)["pharName"] == "赵药师"
    east.press("confirm").sees("settled")
    assert dict(east.of("B1").slip)["slip.rxno"] == rxno
    told = day.hospital.ask("D007", rxno)
    assert told["fixmedinsName"] == "城东药房" and told["setlId"] == east.of("B1").setl_id
    assert (told["rxStasCodg"], told["rxUsedStasCodg"]) == ("2", "2")

    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_dispensed"  # 已取药


def test_f15_a_cancelled_sale_gives_the_prescription_back(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    sold(day.east, sale("B1", rxno)).done()
    assert day.east.undo("B1").of("B1").status is BillStatus.CANCELLED
    assert day.status(rxno) is Status.VALID
    sold(day.west, sale("B1", rxno))
    assert day.status(rxno) is Status.DISPENSED


def test_f15_what_is_not_sold_goes_back_by_itself(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    until_review(day.east, sale("B1", rxno)).sees("review")
    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_locked"
    day.east.press("cancel").sees("refused", code="cancelled")
    assert day.status(rxno) is Status.VALID and day.east.terminal.status(day.east.now)["prescriptions_held"] == 0
    day.west.done()
    sold(day.west, sale("B2", rxno))


def test_f15_the_pharmacist_says_no_and_the_hospital_hears_why(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    east = until_review(day.east, sale("B1", rxno))
    passed(east, "B1", passed=False, reason="剂量超过说明书")
    east.sees("refused", code="rx_rejected", detail={"reason": "剂量超过说明书"})
    told = day.hospital.ask("D006", rxno)
    assert (told["rxChkStasCodg"], told["rxChkOpnn"]) == ("2", "剂量超过说明书")
    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_rejected"


def test_f15_a_dual_channel_prescription_is_for_dual_channel_pharmacies(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2", attr="01")
    assert no(until_review(day.east, sale("B1", rxno)).screen) == "rx_not_dual"
    day.west.at_centre(books.allow_dual, "P51010000002")
    sold(day.west, sale("B1", rxno))


# -- what does not fit -----------------------------------------------------------------------------
def test_f15_a_bill_asks_for_no_other_drug_and_no_more_than_was_prescribed(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    assert no(until_review(day.east, sale("B1", rxno, "SYN-B-0001 40.00")).screen) == "rx_mismatch"
    day.east.done()
    twice = sale("B2", rxno, "SYN-A-0001 20.00; SYN-A-0001 20.00; SYN-A-0001 20.00")
    assert no(until_review(day.east, twice).screen) == "rx_mismatch"
    day.east.done()
    sold(day.east, sale("B3", rxno, "SYN-A-0001 20.00; SYN-A-0001 20.00"))


def test_f15_another_persons_an_unknown_and_an_old_prescription(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2", days=1)
    assert no(until_review(day.east, sale("B1", rxno), LI).screen) == "rx_other_person"
    day.east.done()
    assert no(until_review(day.east, sale("B2", "510100R0000000000000")).screen) == "rx_unknown"
    day.town.at("2026-11-19 09:30")
    assert no(until_review(day.east, sale("B3", rxno)).screen) == "rx_expired"
    day.east.done()
    assert no(until_review(day.east, sale("B4")).screen) == "rx_none"
    assert day.status(rxno) is Status.EXPIRED


def test_f15_revoked_while_at_the_counter_it_is_not_sold(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    passed(until_review(day.east, sale("B1", rxno)), "B1").sees("confirm")
    assert day.hospital.revoke(rxno)[0] == 0
    day.east.press("confirm")
    assert no(day.east.screen) == "rejected_rx_revoked"
    assert day.east.of("B1").status is BillStatus.REJECTED
    assert day.status(rxno) is Status.REVOKED


def test_f15_a_dispensed_prescription_is_revoked_no_more(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    sold(day.east, sale("B1", rxno))
    assert day.hospital.revoke(rxno)[:2] == (-1, "处方已取药")


def test_f15_a_review_that_nobody_waits_for_is_refused_and_the_same_one_answered_again(
    day: Day,
) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    until_review(day.east, sale("B1", rxno))
    bill_id = day.east.of("B1").bill_id
    first = day.east.review(bill_id, key="r1")
    again = day.east.review(bill_id, key="r1")
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert day.east.review(bill_id, key="r1", operator="钱药师").body["code"] == "E-HIS-03"
    assert day.east.review(bill_id, key="r2").body["code"] == "E-HIS-61"


# -- when nobody knows -----------------------------------------------------------------------------
def test_f15_the_answer_to_the_sale_is_lost_and_nothing_is_dispensed_twice(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    passed(until_review(day.east, sale("B1", rxno, prefer="require_online")), "B1")
    day.east.lost = "after"
    day.east.press("confirm")
    day.east.wait(9_000)
    assert day.east.of("B1").status is BillStatus.CONFIRMING
    assert day.status(rxno) is Status.DISPENSED
    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_dispensed"
    day.east.catch_up()  # the same record again: adopted, not done again
    assert day.east.of("B1").status is BillStatus.SETTLED
    assert day.status(rxno) is Status.DISPENSED


def test_f15_the_unknown_sale_is_taken_back_and_the_next_pharmacy_sells(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    passed(until_review(day.east, sale("B1", rxno, prefer="require_online")), "B1")
    day.east.lost = "before"
    day.east.press("confirm")
    day.east.wait(9_000)
    assert day.status(rxno) is Status.REVIEWED
    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_locked"
    assert day.east.reverse(day.east.of("B1").bill_id).status == 202
    day.east.catch_up()
    assert day.east.of("B1").status is BillStatus.CANCELLED
    day.west.done()
    assert day.status(rxno) is Status.VALID
    sold(day.west, sale("B2", rxno))


def test_f15_the_undoing_of_a_sale_is_itself_undone_only_while_the_prescription_is_free(
    day: Day,
) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    setl_id = sold(day.east, sale("B1", rxno)).of("B1").setl_id
    day.east.done().undo("B1")
    east = PLACES["east"]["fixmedins_code"]
    again = lambda: day.east.at_centre(books.dispensed_again, setl_id, east, day.east.now.utc_ms)  # noqa: E731
    sold(day.west, sale("B2", rxno))
    assert again() == "rx_dispensed", "the drugs are in another bag by now"
    day.west.done().undo("B2")
    assert again() == "" and day.status(rxno) is Status.DISPENSED


# -- without the network ---------------------------------------------------------------------------
def test_f15_offline_nothing_is_dispensed_that_is_not_locked_here(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    link_lost(day.east)
    day.east.send(sale("B1", rxno))
    assert no(day.east.screen) == "offline_rx"
    day.east.wait(9_000)
    day.east.send(sale("B2"))
    assert no(day.east.screen) == "offline_rx"


def test_f15_offline_a_prescription_that_is_locked_here_is_dispensed_and_nowhere_else(
    day: Day,
) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    until_review(day.east, sale("B1", rxno)).sees("review")
    link_lost(day.east)
    day.east.press("cancel").done()  # the patient fetches the card; the lock cannot go back now
    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_locked"
    face = register_face(day, WANG)
    day.east.send(sale("B2", rxno))
    day.east.sees("ways").press("card")
    day.east.post(e.CardRead("CW"))
    good_face(day.east)
    follow(day.east)
    day.east.post(e.TemplateMade(face, MODEL))
    passed(day.east.sees("review"), "B2").sees("confirm", mode="provisional").press("confirm")
    assert day.east.drafts[-1].mode is Mode.PROVISIONAL
    assert day.status(rxno) is Status.LOCKED
    day.east.done().send(sale("B3", rxno))  # a second bill for what is in the bag
    day.east.sees("ways").press("card")
    day.east.post(e.CardRead("CW"))
    good_face(day.east)
    follow(day.east)
    day.east.post(e.TemplateMade(face, MODEL))
    day.east.sees("refused", code="rx_dispensed").done()
    link_up(day.east)
    day.east.serve()
    assert day.east.of("B2").status in (BillStatus.SETTLED, BillStatus.ADJUSTED)
    assert day.status(rxno) is Status.DISPENSED


def test_f15_a_no_that_was_said_offline_reaches_the_hospital_when_the_network_is_back(
    day: Day,
) -> None:
    rxno, east = day.hospital.write("RX-1", WANG, "SYN-A-0001 2"), day.east
    until_review(east, sale("B1", rxno)).sees("review")
    link_lost(east)
    assert east.review(east.of("B1").bill_id, passed=False, reason="剂量超过说明书").status == 200
    why = {"reason": "剂量超过说明书"}
    east.sees("refused", code="rx_rejected", detail=why).done()
    east.send(sale("B2", rxno))
    east.sees("refused", code="rx_rejected", detail=why).done()  # nobody says yes to it here now
    east.boot()  # the power goes before the network comes
    assert day.hospital.ask("D006", rxno)["rxChkStasCodg"] == ""
    link_up(east)
    answered_until(east, "rx.review")
    told = day.hospital.ask("D006", rxno)
    assert (told["rxChkStasCodg"], told["rxChkOpnn"], told["pharName"]) == ("2", why["reason"], "赵药师")
    assert len(east.docs["rx"]) == 1, "it is still to be given back"
    east.serve()
    assert day.status(rxno) is Status.REJECTED and not east.docs["rx"]
    assert no(until_review(day.west, sale("B1", rxno)).screen) == "rx_rejected"


def test_f15_a_no_whose_answer_is_lost_is_said_again_and_counts_once(day: Day) -> None:
    rxno, east = day.hospital.write("RX-1", WANG, "SYN-A-0001 2"), day.east
    until_review(east, sale("B1", rxno)).sees("review")
    assert east.review(east.of("B1").bill_id, passed=False, reason="与另一药冲突").status == 200
    (said,) = [one for one in east.asks if one.infno == "rx.review"]
    east.asks.remove(said)
    assert east.device.ask("rx.review", said.body, now=east.now.utc_ms) == (0, {})
    first = day.hospital.ask("D006", rxno)
    east.wait(9_000)
    east.sees("refused", code="rx_rejected")
    again = [one for one in east.asks if one.infno == "rx.review" and one.ask != said.ask]
    assert len(again) == 1 and again[0].body["passed"] is False
    east.serve()
    assert day.hospital.ask("D006", rxno) == first
    assert day.status(rxno) is Status.REJECTED and not east.docs["rx"]


MODEL = "ab" * 32


def register_face(day: Day, person: PersonSpec) -> bytes:
    found = template(7)
    people.register_face(day.town.centre.store, person.psn_no, found, MODEL)
    return found


def test_f15_a_person_at_the_centre_gives_back_what_a_broken_terminal_holds(
    day: Day, capsys: pytest.CaptureFixture[str]
) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    until_review(day.east, sale("B1", rxno)).sees("review")
    assert freeing.show(day.town.centre) == 0
    assert "城东药房" in capsys.readouterr().out
    assert freeing.free(day.town.centre, rxno, day.east.now.utc_ms) == 0
    assert freeing.free(day.town.centre, rxno, day.east.now.utc_ms) == freeing.EXIT_NOT_HELD
    sold(day.west, sale("B1", rxno))
    passed(day.east, "B1")  # the broken one comes back: too late
    assert no(day.east.screen) == "rx_dispensed"


def test_f15_the_books_know_each_sale_of_a_prescription(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    sold(day.east, sale("B1", rxno))
    with day.town.centre.store.begin() as conn:
        kinds = conn.execute(t.settlements.select()).mappings().all()
        linked = conn.execute(books.sales.select()).mappings().all()
    assert [row["kind"] for row in kinds] == ["prescription"]
    assert [(row["setl_id"], row["hi_rxno"]) for row in linked] == [(kinds[0]["setl_id"], rxno)]
