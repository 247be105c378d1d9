"""F19 跨省直接结算: Chongqing and Sichuan, both ways: 就医地目录、参保地政策; what the fund of the place of
care advanced is listed, confirmed and given back between the pools (3260 to 3262).
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from edge.core.types import Admission, Away, BillStatus
from sim.centre.books import ledgers
from sim.centre.books.people import PersonSpec
from sim.stage import Town, bill, money, no

CHEN = PersonSpec(
    "SYN-C", "测试陈", insuplc_admdvs="500100", balance_fen=60_00, cards=(("CC", "03"),),
    year=2026, accumulated={"outpatient_dedc_fen": 200_00},
)  # fmt: skip
LI = PersonSpec(
    "SYN-L", "测试李", cards=(("CL", "03"),), balance_fen=30_00,
    year=2026, accumulated={"outpatient_dedc_fen": 200_00},
)  # fmt: skip
WANG = PersonSpec("SYN-X", "测试王", insuplc_admdvs="440100", cards=(("CX", "03"),))
CHENGDU = {
    "hospital": {"fixmedins_code": "H51010000002", "level": "l2"},
    "pharmacy": {"fixmedins_code": "P51010000001", "level": "pharmacy"},
}
CHONGQING = {"clinic": {"fixmedins_code": "H50010000001", "level": "l2", "admdvs": "500100"}}


def test_f19_a_chongqing_person_in_chengdu_has_their_catalogue_there_and_their_rates_here(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2026-11-18 09:00", [CHEN, WANG], CHENGDU) as town:
        desk = town.desks["hospital"]
        text = "SYN-S-0001 300.00; SYN-B-0001 100.00"
        desk.visit(bill("settle", "B1", text), CHEN)  # not filed: x 0.8
        # Chengdu's limit 280 and 10%: in scope 280 + 90; 60% x 0.8 = 48%; the account pays all (there)
        assert desk.paid("B1") == money(
            medfee_sumamt="400.00", overlmt_selfpay="20.00", preselfpay_amt="10.00",
            inscp_scp_amt="370.00", hifp_pay="177.60", fund_pay_sumamt="177.60",
            acct_pay="60.00", psn_cash_pay="162.40",
        )  # fmt: skip
        desk.visit(bill("file_away", "F1", away=Away("510000", "2", "2026-11-18")), CHEN)
        desk.visit(bill("settle", "B2", "SYN-A-0001 100.00"), CHEN)  # filed: the whole 60%
        assert desk.paid("B2")["hifp_pay"] == 60_00
        sale = town.desks["pharmacy"]
        sale.visit(bill("pharmacy", "P1", "SYN-A-0001 50.00"), CHEN)
        assert sale.paid("P1")["hifp_pay"] == 30_00
        assert no(desk.visit(bill("settle", "B3", "SYN-A-0001 10.00"), WANG)).endswith(
            "other_region"
        )


def test_f19_a_chengdu_person_in_chongqing_and_the_centre_there_speaks_the_other_dialect(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2026-11-18 09:00", [LI], CHONGQING, region="500100") as town:
        desk = town.desks["clinic"]
        desk.visit(bill("settle", "B1", "SYN-B-0001 100.00"), LI)
        # Chongqing's 20%, Chengdu's 60% x 0.7 unfiled: 80 x 42% = 33.60
        assert desk.paid("B1") == money(
            medfee_sumamt="100.00", preselfpay_amt="20.00", inscp_scp_amt="80.00",
            hifp_pay="33.60", fund_pay_sumamt="33.60", acct_pay="30.00", psn_cash_pay="36.40",
        )  # fmt: skip
        told = desk.device.answers[-1].results[0].body["setlinfo"]
        assert told["fund_pay_sumamt"] == "63.60", "with the account's money, as told there"
        day = {"stmt_begndate": "2026-11-18", "stmt_enddate": "2026-11-18"}
        sums = {"medfee_sumamt": "100.00", "fund_pay_sumamt": "63.60", "acct_pay": "30.00"}
        form = {"data": day | sums | {"fixmedins_setl_cnt": "1"}}
        code, output = desk.device.ask("3201", form, now=town.now)
        assert (code, output["stmtinfo"]["stmt_rslt"]) == (0, "000000")


def test_f19_what_was_advanced_is_cleared_once_and_then_nobody_takes_it_back(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2026-11-18 09:00", [CHEN, LI], CHENGDU) as town:
        desk = town.desks["hospital"]
        for number in ("B1", "B2"):
            desk.visit(bill("settle", number, "SYN-A-0001 100.00"), CHEN)
        desk.visit(bill("settle", "B3", "SYN-A-0001 100.00"), LI)  # at home: nothing to clear
        month = {"trt_year": "2026", "trt_month": "11"}

        def ask(infno: str, **more: object) -> tuple[int, dict]:
            return desk.device.ask(infno, {"data": month | more}, now=town.now)

        code, listed = ask("3260", startrow="1")
        assert code == 0
        assert [row["optins_pay_sumamt"] for row in listed["detail"]] == ["48.00", "48.00"]
        assert {row["insuplc_admdvs"] for row in listed["detail"]} == {"500100"}
        wrong = [listed["detail"][0] | {"optins_pay_sumamt": "47.99"}]
        assert ask("3261", detail=wrong)[0] == -1
        first = listed["detail"][:1]
        code, done = ask("3261", detail=first)
        assert (code, done["optins_pay_sumamt"]) == (0, "48.00")
        assert ask("3261", detail=first)[0] == -1, "not twice"
        with town.centre.store.begin() as conn:
            assert ledgers.balance(conn, "clear:500100") == -48_00
            assert ledgers.balance(conn, "advance:510100") == 48_00
        assert len(ask("3260", startrow="1")[1]["detail"]) == 1

        cleared = desk.of("B1" if first[0]["setl_sn"] == desk.of("B1").setl_id else "B2")
        desk.withdraw(cleared.bill_id, key="c1")
        desk.serve()
        state = desk.of(cleared.bill.bill_no)
        assert state.status is BillStatus.SETTLED and state.refusal is not None
        assert state.refusal.code == "rejected_cleared"

        assert ask("3262", detail=first)[0] == 0
        desk.withdraw(cleared.bill_id, key="c2")
        desk.serve()
        assert desk.of(cleared.bill.bill_no).status is BillStatus.CANCELLED
        with town.centre.store.begin() as conn:
            assert ledgers.balance(conn, "clear:500100") == 0


def test_f19_a_filing_is_refused_at_home_late_or_twice(tmp_path: Path) -> None:
    with Town(tmp_path, "2026-11-18 09:00", [LI], CHENGDU) as town:
        desk = town.desks["hospital"]

        def file(number: str, *form: str) -> str:
            shown = desk.visit(bill("file_away", number, away=Away(*form)), LI)
            code = shown.fields.get("code", "")
            assert "pay_full" not in shown.fields.get("next_steps", ()), "it costs nothing"
            return shown.name if shown.name == "settled" else code.removeprefix("rejected_")

        assert file("F1", "510100", "1", "2026-11-18") == "filing_at_home"
        assert file("F2", "500100", "1", "2026-11-17") == "filing_late"
        assert file("F3", "500100", "1", "2026-11-18", "2026-12-31") == "settled"
        assert file("F4", "500100", "2", "2026-12-31") == "filing_overlaps"
        assert file("F5", "500100", "2", "2027-01-01") == "settled"


# -- inpatients (S3: the urgent admission whose relatives file later) ------------------------------
ZHOU = PersonSpec("SYN-O", "测试周", age=68, psn_type="1201", cards=(("CO", "03"),))
SON = PersonSpec("SYN-S", "测试周", age=40, cards=(("CS", "03"),), relatives=(("SYN-O", "父母"),))
WARD = {"ward": {"fixmedins_code": "H50010000009", "level": "l3", "admdvs": "500100"}}


def test_f19_zhou_is_admitted_in_a_hurry_filed_by_his_son_and_settled_directly(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2026-11-10 02:00", [ZHOU, SON], WARD, region="500100") as town:
        desk = town.desks["ward"]
        urgent = bill("admit", "A1", med_type="24", admission=Admission("ZY1", "3床", "急性心梗"))
        assert desk.visit(urgent, ZHOU).name == "settled", "nobody asks for a filing at night"
        stay = desk.of("A1").mdtrt_id
        assert dict(desk.of("A1").slip)["slip.file_before_discharge"] == "500100"

        town.at("2026-11-14 10:00")
        last = bill("inpatient", "S1", "SYN-B-0001 1000.00; SYN-A-0001 9800.00", mdtrt_id=stay,
                    med_type="24", acct_used_flag="0")  # fmt: skip
        assert no(desk.visit(last, ZHOU)) == "not_filed"
        assert "file_first" in desk.of("S1").refusal.next_steps  # type: ignore[union-attr]
        early = bill("file_away", "F0", away=Away("500100", "3", "2026-11-09"))
        assert no(desk.visit(early, SON, whom=1)).endswith("filing_late"), "before the admission"
        paper = bill("file_away", "F1", away=Away("500100", "3", "2026-11-10", "2026-12-31"))
        assert desk.visit(paper, SON, whom=1).name == "settled"

        town.at("2026-11-16 11:00")
        desk.visit(replace(last, bill_no="S2"), ZHOU)
        # Chongqing's 20% of the first thousand; Chengdu's 800, (85% + 3%) x 0.9: 9800 x 79.2%
        assert desk.paid("S2") == money(
            medfee_sumamt="10800.00", preselfpay_amt="200.00", inscp_scp_amt="10600.00",
            act_pay_dedc="800.00", hifp_pay="7761.60", fund_pay_sumamt="7761.60",
            psn_cash_pay="3038.40",
        )  # fmt: skip
        again = bill("file_away", "F2", away=Away("500100", "3", "2026-11-15"))
        assert no(desk.visit(again, SON, whom=1)).endswith("filing_late"), "he is at home again"

        month = {"trt_year": "2026", "trt_month": "11"}
        code, listed = desk.device.ask("3260", {"data": month | {"startrow": "1"}}, now=town.now)
        assert code == 0
        (row,) = listed["detail"]
        assert (row["optins_pay_sumamt"], row["insuplc_admdvs"]) == ("7761.60", "510100")
        done = desk.device.ask("3261", {"data": month | {"detail": [row]}}, now=town.now)
        assert done[0] == 0
        desk.undo("S2")
        refusal = desk.of("S2").refusal
        assert refusal is not None and refusal.code == "rejected_cleared"
        assert desk.device.ask("3262", {"data": month | {"detail": [row]}}, now=town.now)[0] == 0
        desk.undo("S2")
        assert desk.of("S2").status is BillStatus.CANCELLED
