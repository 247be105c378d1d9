"""The three golden cases of DOMAIN §3.1 through the whole centre, to the fen, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit import NOW, Device, codes_of, make, rows_of

from edge.core import money
from edge.core.types import Outcome
from sim.centre import audit
from sim.centre.books import store
from sim.centre.books.people import PersonSpec

YEAR = 2026
RELATIVE = PersonSpec("SYN-R", "测试亲", psn_type="1101", balance_fen=100_00, cards=(("CR", "03"),))
A = PersonSpec(
    "SYN-A", "测试甲", balance_fen=300_00, cards=(("CA", "03"),), relatives=(("SYN-R", "父母"),),
    year=YEAR, accumulated={"outpatient_dedc_fen": 100_00},
)  # fmt: skip
B = PersonSpec(
    "SYN-B", "测试乙", psn_type="1201", balance_fen=250_00, cards=(("CB", "03"),),
    year=YEAR, accumulated={"outpatient_dedc_fen": 150_00, "outpatient_fund_fen": 2_400_00},
)  # fmt: skip
C = PersonSpec("SYN-C", "测试丙", insutype="390", psn_type="1401", cards=(("CC", "03"),))


@pytest.fixture
def clinic(tmp_path, db_url) -> Iterator[tuple[Device, Device]]:
    """A third-level hospital and a pharmacy; afterwards the books must be even."""
    hospital = Device("T-hospital", fixmedins_code="H51010000003", level="l3")
    pharmacy = Device("T-pharmacy", fixmedins_code="P51010000001", level="pharmacy")
    centre = make(tmp_path, [hospital, pharmacy], [RELATIVE, A, B, C], db_url)
    yield hospital, pharmacy
    found = audit.audit(centre.store)
    assert found.faults == ()
    assert found.imbalance_fen == 0
    assert sum(row["balance_fen"] for row in rows_of(centre, store.accounts)) == 0
    centre.store.close()


def fens(info, *names):
    money.check_split(money.split_from(info))  # both identities, on what was told
    return tuple(money.fen(info[name]) for name in names)


def test_case_a_employee_third_level_outpatient_with_account_and_relative(clinic):
    hospital, _ = clinic
    lines = [
        ("SYN-A-0001", 120_00),
        ("SYN-B-0001", 200_00),
        ("SYN-S-0001", 300_00),
        ("SYN-C-0001", 80_00),
    ]
    result = hospital.do(hospital.settle(hospital.who(A), "A1", lines))
    assert result.outcome is Outcome.SETTLED
    info = result.body["setlinfo"]
    scopes = fens(
        info,
        "medfee_sumamt",
        "fulamt_ownpay_amt",
        "overlmt_selfpay",
        "preselfpay_amt",
        "inscp_scp_amt",
    )
    assert scopes == (700_00, 80_00, 20_00, 20_00, 580_00)
    paid = fens(info, "act_pay_dedc", "hifp_pay", "acct_pay", "acct_mulaid_pay", "psn_cash_pay")
    assert paid == (100_00, 240_00, 300_00, 60_00, 100_00)
    assert result.body["setldetail"][0]["fund_pay_type"] == "310100"
    balances = {row["name"]: row["balance_fen"] for row in rows_of(hospital.centre, store.accounts)}
    assert balances["acct:SYN-A"] == 0
    assert balances["acct:SYN-R"] == 40_00


def test_case_b_retired_employee_at_a_pharmacy_meets_the_cap(clinic):
    _, pharmacy = clinic
    result = pharmacy.do(pharmacy.pharmacy(pharmacy.who(B), "B1", [("SYN-A-0001", 400_00)]))
    assert result.outcome is Outcome.SETTLED
    info = result.body["setlinfo"]
    assert fens(info, "inscp_scp_amt", "act_pay_dedc", "hifp_pay") == (
        400_00,
        0,
        100_00,
    )  # 240 capped
    assert fens(info, "psn_part_amt", "acct_pay", "psn_cash_pay") == (300_00, 250_00, 50_00)
    undone = pharmacy.do(pharmacy.cancel(info["setl_id"], "B1", infno="2103"))
    assert undone.outcome is Outcome.SETTLED
    again = pharmacy.do(pharmacy.pharmacy(pharmacy.who(B), "B1", [("SYN-A-0001", 400_00)]))
    assert fens(again.body["setlinfo"], "hifp_pay", "acct_pay") == (100_00, 250_00)


def test_case_c_resident_inpatient_with_serious_illness_is_told_to_civil_affairs(clinic):
    hospital, _ = clinic
    lines = [
        ("SYN-C-0001", 3_000_00),
        ("SYN-S-0001", 780_00),
        ("SYN-S-0004", 30_000_00),
        ("SYN-A-0001", 26_220_00),
    ]
    body = hospital.settle(hospital.who(C), "C0", lines, data={"med_type": "21"})
    assert hospital.do(body).body["code"] == "med_type_unknown", "a stay is no visit"
    result = hospital.do(hospital.inpatient(hospital.who(C), "C1", lines))
    assert result.outcome is Outcome.SETTLED
    info = result.body["setlinfo"]
    scopes = fens(
        info,
        "medfee_sumamt",
        "fulamt_ownpay_amt",
        "overlmt_selfpay",
        "preselfpay_amt",
        "inscp_scp_amt",
    )
    assert scopes == (60_000_00, 3_000_00, 500_00, 4_500_00, 52_000_00)
    paid = fens(info, "act_pay_dedc", "hifp_pay", "hifmi_pay", "psn_cash_pay")
    assert paid == (500_00, 35_020_00, 2_088_00, 22_892_00)
    assert codes_of(hospital.centre) == ["monitor_half_income"]
    small = hospital.settle(hospital.who(C), "C2", [("SYN-A-0001", 1_00)])
    hospital.do(small)
    assert codes_of(hospital.centre) == ["monitor_half_income"]  # told once


def test_the_benefit_year_is_the_day_of_service_and_not_of_arrival(clinic):
    hospital, _ = clinic
    new_year = 1_798_732_800_000  # 2027-01-01 00:00 at the place of care (UTC+8)
    line = [("SYN-A-0001", 300_00)]
    late = hospital.settle(hospital.who(A, now=new_year - 60_000), "Y1", line)
    first = hospital.do(late, now=new_year - 60_000, sent=new_year + 60_000)
    assert fens(first.body["setlinfo"], "act_pay_dedc") == (100_00,)  # the rest of 2026's
    fresh = hospital.settle(hospital.who(A, now=new_year + 60_000), "Y2", line)
    second = hospital.do(fresh, now=new_year + 60_000)
    assert fens(second.body["setlinfo"], "act_pay_dedc") == (200_00,)
    assert new_year > NOW
