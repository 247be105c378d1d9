"""F14 药店购药 (2102, med_type 41): golden case B from the card on the reader to the booked split."""

from __future__ import annotations

from pathlib import Path

from edge.core.types import BillStatus
from sim.centre.books.people import PersonSpec
from sim.stage import Town, bill, money

WU = PersonSpec(
    "SYN-W", "测试吴", psn_type="1201", age=75, cards=(("CW", "03"),),
    year=2026, accumulated={"outpatient_dedc_fen": 150_00, "outpatient_fund_fen": 2_400_00},
)  # fmt: skip
PLACES = {"pharmacy": {"fixmedins_code": "P51010000001", "level": "pharmacy"}}


def test_f14_a_retired_person_meets_the_yearly_cap_at_the_pharmacy(tmp_path: Path) -> None:
    with Town(tmp_path, "2026-11-18 09:00", [WU], PLACES) as town:
        desk = town.desks["pharmacy"]
        assert desk.visit(bill("pharmacy", "P1", "SYN-A-0001 400.00"), WU).name == "settled"
        paid = desk.paid("P1")
        assert (paid["hifp_pay"], paid["psn_cash_pay"]) == (100_00, 300_00)  # 240, capped
        desk.visit(bill("pharmacy", "P2", "SYN-A-0001 10.00"), WU)
        assert desk.paid("P2") == money(
            medfee_sumamt="10.00", inscp_scp_amt="10.00", psn_cash_pay="10.00"
        )
        assert desk.of("P2").status is BillStatus.SETTLED
