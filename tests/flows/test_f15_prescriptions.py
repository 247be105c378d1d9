"""F15 电子处方流转: a hospital writes and signs, a pharmacy's terminal checks the signature itself, its
pharmacist reviews, it is dispensed once, in the settlement's own transaction. Then what goes wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.core import events as e
from edge.core.types import Bill, BillStatus, Mode
from edge.suites import sm2
from sim.centre import alarms, audit
from sim.centre.books import people
from sim.centre.books import store as t
from sim.centre.books.people import PersonSpec
from sim.centre.prescriptions import books, freeing
from sim.centre.prescriptions.status import Status
from sim.prescriber import Prescriber
from sim.stage import Counter, Town, bill, follow, good_face, link_lost, link_up, no, template
from sim.stage.counter import QUIET

WANG = PersonSpec("SYN-W", "测试王", balance_fen=500_00, cards=(("CW", "03"),))
LI = PersonSpec("SYN-L", "测试李", balance_fen=500_00, cards=(("CL", "03"),))
PLACES = {
    "east": {"fixmedins_code": "P51010000001", "fixmedins_name": "城东药房", "level": "pharmacy"},
    "west": {"fixmedins_code": "P51010000002", "fixmedins_name": "城西药房", "level": "pharmacy"},
}


class Day:
    """A town with a hospital and two pharmacies."""

    def __init__(self, town: Town) -> None:
        self.town, self.hospital = town, Prescriber(town.centre, town.now)
        self.east, self.west = town.desks["east"], town.desks["west"]

    def status(self, hi_rxno: str) -> Status:
        with self.town.centre.store.begin() as conn:
            found = books.find(conn, hi_rxno, self.east.now.utc_ms)
        assert found is not None
        return found.status

    def alarms(self) -> list[tuple[str, str, str]]:
        """What a person at the centre must look at: (code, terminal, prescription)."""
        with self.town.centre.store.begin() as conn:
            rows = conn.execute(t.incidents.select().where(t.incidents.c.alarm == 1)).mappings()
            return [(row["code"], row["terminal"], bytes(row["data"]).decode()) for row in rows]

    def spoil(self, hi_rxno: str, **values: Any) -> None:
        """Somebody at the platform changes what it keeps."""
        table = books.prescriptions
        with self.town.centre.store.begin() as conn:
            conn.execute(table.update().where(table.c.hi_rxno == hi_rxno).values(**values))


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Town(tmp_path, "2026-11-18 09:00", [WANG, LI], PLACES) as town:
        yield Day(town)


def sale(number: str, rxno: str = "", text: str = "SYN-A-0001 40.00", **more: str) -> Bill:
    return bill("prescription", number, text, rxno=rxno, **more)


def until_review(desk: Counter, bill_: Bill, person: PersonSpec = WANG) -> Counter:
    desk.send(bill_, f"key-{bill_.bill_no}-{desk.calls}")
    return desk.serve().lays_card_of(person)


def passed(desk: Counter, number: str, **more: Any) -> Counter:
    assert desk.review(desk.of(number).bill_id, **more).status == 200
    return desk.serve()


def answered_until(desk: Counter, infno: str) -> None:
    """The centre answers up to this question, and nothing that is asked after it."""
    last = ""
    while last != infno:
        one = next(one for one in desk.asks if one.infno not in QUIET)
        desk.asks.remove(one)
        desk._question(one.ask, one.infno, one.body)
        last = one.infno


def sold(desk: Counter, bill_: Bill, person: PersonSpec = WANG) -> Counter:
    """From the pharmacy's bill to the drugs in the bag."""
    passed(until_review(desk, bill_, person).sees("review"), bill_.bill_no)
    return desk.sees("confirm").press("confirm").sees("settled")


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


# -- what is not what it says ----------------------------------------------------------------------
@pytest.mark.parametrize("how", ["altered", "foreign key", "another's text", "no signature"])
def test_f15_the_terminal_itself_finds_a_prescription_that_its_hospital_did_not_sign(
    day: Day, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    other = day.hospital.write("RX-2", LI, "SYN-A-0001 2")
    with day.town.centre.store.begin() as conn:
        rx, theirs = (books.find(conn, one, day.town.now) for one in (rxno, other))
    assert rx is not None and theirs is not None
    foreign, _ = sm2.generate()
    more = rx.document.replace(b'"drugCnt":"2"', b'"drugCnt":"9"')
    day.spoil(rxno, **{
        "altered": {"document": more},
        "foreign key": {"document": more, "signature": sm2.sign(foreign, more)},
        "another's text": {"document": theirs.document, "signature": theirs.signature},
        "no signature": {"signature": b""},
    }[how])  # fmt: skip
    east = until_review(day.east, sale("B1", rxno))
    assert no(east.screen) == "rx_forged"
    assert day.status(rxno) is Status.VALID, "it is no longer held for this pharmacy"
    assert day.alarms() == [("rx_forged", "east", rxno)]
    assert no(until_review(east.done(), sale("B2", rxno)).screen) == "rx_forged"
    assert day.alarms() == [("rx_forged", "east", rxno)], "told again, written down once"
    assert alarms.show(day.town.centre) == 0
    assert f"rx_forged  east  {rxno}\n1 alarms" in capsys.readouterr().out
    day.hospital.write("RX-3", WANG, "SYN-B-0001 1")
    bought = until_review(east.done(), sale("B3", text="SYN-B-0001 30.00"))
    at = [one["hi_rxno"] for one in bought.screen.fields["rx"]].index
    rx3 = next(one for one in bought.screen.fields["rx"] if one["hi_rxno"] != rxno)["hi_rxno"]
    passed(bought.press("choose", str(at(rx3))).sees("review"), "B3").press("confirm").sees("settled")


def test_f15_a_forged_prescription_that_the_network_cut_short_is_told_when_it_is_back(
    day: Day,
) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    day.spoil(rxno, signature=b"")
    east = day.east
    east.send(sale("B1", rxno))
    east.serve().sees("ways").press("card")
    east.post(e.CardRead(*WANG.cards[0]))
    answered_until(east, "rx.take")
    assert no(east.screen) == "rx_forged"
    link_lost(east)  # the accusation is on its way and does not arrive
    east.asks.clear()
    east.boot()  # and the power goes
    assert day.alarms() == []
    link_up(east)
    east.serve()
    assert day.alarms() == [("rx_forged", "east", rxno)]
    assert day.status(rxno) is Status.VALID
    assert east.terminal.status(east.now)["prescriptions_held"] == 0


def test_f15_an_accusation_names_a_prescription_that_there_is_and_stops_no_terminal(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    ask, head = day.east.device.ask, {"epoch": 1, "seq": 0, "hash": bytes(32)}
    unknown = {"code": "rx_forged", "rx": "510100R0000000000000"}
    assert ask("incident", head | unknown)[1]["code"] == "rx_unknown"
    assert ask("incident", head | {"code": "E-LOG-02", "rx": rxno})[1]["code"] == "malformed"
    assert ask("incident", head | {"code": "rx_unverifiable", "rx": rxno}) == (0, {})
    assert day.alarms() == [("rx_unverifiable", "east", rxno)]
    assert audit.suspicions(day.town.centre.store) == []


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
    link_up(day.east)
    day.east.serve()
    assert day.east.of("B2").status in (BillStatus.SETTLED, BillStatus.ADJUSTED)
    assert day.status(rxno) is Status.DISPENSED


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
