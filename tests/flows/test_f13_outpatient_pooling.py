"""F13 门诊统筹 (2201, 2204, 2206, 2207, med_type 11): golden case A from the card on the reader to the
booked split.
"""

from __future__ import annotations

from pathlib import Path

from sim.centre.books import ledgers
from sim.centre.books.people import PersonSpec
from sim.stage import Town, bill, money

MOTHER = PersonSpec("SYN-M", "测试母", balance_fen=100_00, cards=(("CM", "03"),))
ZHANG = PersonSpec(
    "SYN-Z", "测试张", balance_fen=300_00, cards=(("CZ", "03"),), relatives=(("SYN-M", "父母"),),
    year=2026, accumulated={"outpatient_dedc_fen": 100_00},
)  # fmt: skip
PLACES = {
    "hospital": {"fixmedins_code": "H51010000003", "level": "l3"},
}


def test_f13_an_employee_pays_at_a_hospital_and_every_fen_is_where_it_belongs(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2026-11-18 09:00", [MOTHER, ZHANG], PLACES) as town:
        desk = town.desks["hospital"]
        text = "SYN-A-0001 120.00; SYN-B-0001 200.00; SYN-S-0001 300.00; SYN-C-0001 80.00"
        shown = desk.visit(bill("settle", "M1", text), ZHANG)
        assert (shown.name, shown.fields["outcome"]) == ("settled", "settled")
        assert desk.paid("M1") == money(
            medfee_sumamt="700.00", fulamt_ownpay_amt="80.00", overlmt_selfpay="20.00",
            preselfpay_amt="20.00", inscp_scp_amt="580.00", act_pay_dedc="100.00",
            hifp_pay="240.00", fund_pay_sumamt="240.00", acct_pay="300.00",
            acct_mulaid_pay="60.00", psn_cash_pay="100.00",
        )  # fmt: skip
        with town.centre.store.begin() as conn:
            assert ledgers.balance(conn, "acct:SYN-Z") == 0
            assert ledgers.balance(conn, "acct:SYN-M") == 40_00
            assert ledgers.balance(conn, "fund:310100") == -240_00
            year = ledgers.year(conn, "SYN-Z", "310", 2026)
        assert (year.outpatient_dedc_fen, year.outpatient_fund_fen) == (200_00, 240_00)
