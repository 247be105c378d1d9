"""F30 待遇等待期 and F31 新生儿 90 天: who enrols late waits, and a child insured in time is covered from
birth, also for what was treated before anybody had enrolled it.
"""

from __future__ import annotations

from pathlib import Path

from sim.centre.books import entitlements
from sim.centre.books.entitlements import Enrolment
from sim.centre.books.people import PersonSpec
from sim.stage import Town, bill, money, no

HE = PersonSpec("SYN-H", "测试何", insutype="390", psn_type="1401", cards=(("CH", "03"),))


def baby(number: str) -> PersonSpec:
    """Born, known, not insured."""
    return PersonSpec(
        f"SYN-{number}", "测试宝", insutype="390", psn_type="1401", age=0, stas="4",
        cards=((f"C{number}", "03"),),
    )  # fmt: skip


FIRST, SECOND = baby("N1"), baby("N2")
PLACES = {"clinic": {"fixmedins_code": "H51010000001", "level": "community"}}


def enrol(town: Town, person: PersonSpec, enrolment: Enrolment) -> str:
    """What F28 does at the town's window."""
    with town.centre.store.begin() as conn:
        rule = town.centre.region.rules.waiting
        return entitlements.enrol(conn, person.psn_no, enrolment, rule)


def test_f30_who_lapsed_waits_three_months_and_one_for_each_year_that_is_not_repaired(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2025-03-10 09:00", [HE], PLACES) as town:
        desk = town.desks["clinic"]
        assert enrol(town, HE, Enrolment("2025-03-10", False, 2)) == "2025-08-10"  # 3 + 2
        assert no(desk.visit(bill("settle", "B1", "SYN-A-0001 50.00"), HE)) == "waiting"
        assert enrol(town, HE, Enrolment("2025-03-10", False, 2, 2)) == "2025-06-10"  # repaired
        town.at("2025-06-09 09:00")
        assert no(desk.visit(bill("settle", "B2", "SYN-A-0001 50.00"), HE)) == "waiting"
        town.at("2025-06-10 09:00")
        assert desk.visit(bill("settle", "B3", "SYN-A-0001 50.00"), HE).name == "settled"
        assert desk.paid("B3")["hifp_pay"] == 30_00


def test_f31_on_day_90_a_child_is_covered_from_birth_and_on_day_91_it_is_not(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2025-01-11 09:00", [FIRST, SECOND], PLACES) as town:
        desk = town.desks["clinic"]
        early = {"begntime": "2025-01-11 09:00:00"}  # both were born on 2025-01-01
        for one, number in ((FIRST, "A1"), (SECOND, "B1")):
            assert no(desk.visit(bill("settle", number, "SYN-A-0001 80.00"), one)) == "not_insured"

        town.at("2025-04-01 09:00")  # day 90
        assert enrol(town, FIRST, Enrolment("2025-04-01", False, born_on="2025-01-01")) == (
            "2025-01-01"
        )
        shown = desk.visit(bill("settle", "A2", "SYN-A-0001 80.00", **early), FIRST)
        assert shown.name == "settled"
        assert desk.paid("A2") == money(
            medfee_sumamt="80.00", inscp_scp_amt="80.00", hifp_pay="48.00",
            fund_pay_sumamt="48.00", psn_cash_pay="32.00",
        )  # fmt: skip

        town.at("2025-04-02 09:00")  # day 91
        assert enrol(town, SECOND, Enrolment("2025-04-02", False, born_on="2025-01-01")) == (
            "2025-07-02"
        )
        shown = desk.visit(bill("settle", "B2", "SYN-A-0001 80.00", **early), SECOND)
        assert no(shown) == "waiting"


def test_f31_what_a_child_needed_last_year_is_of_last_years_cap(tmp_path: Path) -> None:
    """Born in December, enrolled in January: the benefit year is the day of service."""
    with Town(tmp_path, "2026-01-10 09:00", [FIRST], PLACES) as town:
        desk = town.desks["clinic"]
        enrol(town, FIRST, Enrolment("2026-01-10", False, born_on="2025-12-20"))
        for number, when in (("A1", "2025-12-30 10:00:00"), ("A2", "2026-01-10 08:00:00")):
            desk.visit(bill("settle", number, "SYN-A-0001 300.00", begntime=when), FIRST)
            assert desk.paid(number)["hifp_pay"] == 180_00, "each year has its own cap of 200"
        desk.visit(bill("settle", "A3", "SYN-A-0001 300.00"), FIRST)
        assert desk.paid("A3")["hifp_pay"] == 20_00
