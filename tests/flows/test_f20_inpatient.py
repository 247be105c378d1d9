"""F20 住院全场景: admission (01103, 2401), deposit (01104), settlement at the bedside (2301, 2303, 2304) and
discharge (2402); what is refused and why; every fen back when it is undone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core import events as e
from edge.core.effects import Ask
from edge.core.money import fen
from edge.core.types import Admission, BillStatus, FeeLine, Mode
from sim.centre import audit
from sim.centre.books import entitlements, ledgers, people, stays
from sim.centre.books.people import PersonSpec
from sim.stage import (
    Counter,
    Town,
    bill,
    follow,
    good_face,
    link_lost,
    link_up,
    money,
    no,
    on,
    post,
    press,
    tell_story,
    template,
)
from tests.core.test_golden_table import CODES, NAMES, SETTLEMENTS, YEAR, words

MOTHER = PersonSpec("SYN-M", "测试梅", age=31, gend="2", cards=(("CM", "03"),), balance_fen=0)
FATHER = PersonSpec(
    "SYN-F", "测试方", age=33, cards=(("CF", "03"),), relatives=(("SYN-M", "配偶"),)
)
WARD = {"fixmedins_code": "H51010000003", "level": "l3"}
HOSPITALS = {"ward": WARD, "other": {"fixmedins_code": "H51010000004", "level": "l2"}}
DAY = "2026-11-18 09:00"


def admission(number: str, ipt_no: str = "ZY001", **more: str):  # type: ignore[no-untyped-def]
    stay = Admission(ipt_no, "12床", "孕39周 待产", "测试方", "13000000000")
    return bill("admit", number, admission=stay, med_type="21", dept_name="产科", **more)


def admit(desk: Counter, who: PersonSpec = MOTHER, number: str = "A1", ipt_no: str = "ZY001") -> str:
    """Into the ward; the mdtrt_id of the stay."""
    shown = desk.visit(admission(number, ipt_no), who)
    assert shown.name == "settled", shown.fields
    return desk.of(number).mdtrt_id


def deposit(desk: Counter, stay: str, number: str, yuan: str, who: PersonSpec = MOTHER):  # type: ignore[no-untyped-def]
    paper = bill("deposit", number, mdtrt_id=stay)
    return desk.visit(_with(paper, amount_fen=fen(yuan)), who)


def bedside(stay: str, number: str, text: str = "SYN-A-0001 10000.00"):  # type: ignore[no-untyped-def]
    return bill("inpatient", number, text, mdtrt_id=stay, dept_name="产科", acct_used_flag="0")


def _with(paper, **more):  # type: ignore[no-untyped-def]
    from msgspec.structs import replace

    return replace(paper, **more)


def held(desk: Counter, stay: str, org: str = "H51010000003") -> int:
    return desk.balance(f"deposit:{org}:{stay}")


# -- the story -------------------------------------------------------------------------------------
def test_f20_obstetrics_the_mother_settles_at_her_bed_and_gets_the_rest_of_her_deposit(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        desk.send(admission("A1"))
        desk.shows_code_of(MOTHER)
        desk.sees("confirm", kind="admit", split=None).press("confirm").sees("settled").done()
        stay = desk.of("A1").mdtrt_id
        assert stay.startswith("510100M")
        slip = dict(desk.of("A1").slip)
        assert (slip["slip.ipt_no"], slip["slip.adm_bed"]) == ("ZY001", "12床")

        deposit(desk, stay, "D1", "2000.00")
        deposit(desk, stay, "D2", "1000.00")
        assert held(desk, stay) == 3000_00
        assert dict(desk.of("D2").slip)["slip.deposit_amt"] == "3000.00"

        town.at("2026-11-22 15:00")  # a girl, 3,400 g
        desk.send(bedside(stay, "S1"))
        desk.lays_card_of(MOTHER)
        shown = desk.sees("confirm", kind="inpatient").screen.fields["deposit"]
        assert (shown["refund_fen"], shown["collect_fen"]) == (820_00, 0), "before she confirms"
        desk.press("confirm").sees("settled")
        assert desk.screen.fields["deposit"]["refund_fen"] == 820_00
        # G32: (10000 - 800) x 85% = 7820; her part 2180 is set off against 3000
        assert desk.paid("S1") == money(
            medfee_sumamt="10000.00", inscp_scp_amt="10000.00", act_pay_dedc="800.00",
            hifp_pay="7820.00", fund_pay_sumamt="7820.00", psn_cash_pay="2180.00",
        )  # fmt: skip
        slip = dict(desk.of("S1").slip)
        assert slip["slip.deposit_amt"] == "3000.00" and slip["slip.deposit_refund"] == "820.00"
        assert held(desk, stay) == 0 and desk.balance("cash:SYN-M") == -2180_00
        assert desk.balance("inst:H51010000003") == 10_000_00
        plan = [one["infno"] for one in desk.drafts[-1].body["plan"]]
        assert plan == ["2301", "2402", "2304"]
        told = desk.device.answers[-1].results[0].body["setlinfo"]
        assert (told["clr_type"], told["med_type"], told["mdtrt_id"]) == ("21", "21", stay)
        assert admit(desk, number="A2", ipt_no="ZY002") != stay, "she may come again"


def test_f20_what_the_deposit_does_not_cover_is_collected_and_was_shown_as_arrears(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        uploaded(town, stay, ("1", "SYN-A-0001", "10000.00", "10"))  # 2301, day by day
        shown = deposit(desk, stay, "D1", "500.00")
        assert shown.fields["deposit"]["arrears_fen"] == 1680_00  # 2180 - 500
        assert dict(desk.of("D1").slip)["slip.arrears_amt"] == "1680.00"
        desk.visit(_with(bedside(stay, "S1", ""), amount_fen=10_000_00), MOTHER)
        state = desk.of("S1")
        assert state.deposit is not None and state.split is not None
        assert (state.deposit.used_fen, state.deposit.collect_fen) == (500_00, 1680_00)
        assert [one["infno"] for one in desk.drafts[-1].body["plan"]] == ["2402", "2304"]
        assert desk.balance("cash:SYN-M") == -2180_00


def uploaded(town: Town, stay: str, *rows: tuple[str, str, str, str], org: str = "") -> None:
    """What the HIS sent through the national door: number, code, amount, count."""
    with town.centre.store.begin() as conn:
        found = stays.find(conn, org or "H51010000003", stay)
        assert found is not None
        stays.add_lines(conn, found, [
            {"feedetl_sn": f"U{number}", "med_list_codg": code, "det_item_fee_sumamt": amount,
             "cnt": count, "pric": "", "fee_ocur_time": DAY + ":00"}
            for number, code, amount, count in rows
        ])  # fmt: skip


def test_f20_what_was_given_back_is_netted_before_the_price_limit(tmp_path: Path) -> None:
    back = FeeLine("3", "SYN-S-0002", "x", -90_00, "-3", "30", init_feedetl_sn="2")
    rows = (
        FeeLine("1", "SYN-A-0001", "x", 1000_00),
        FeeLine("2", "SYN-S-0002", "x", 120_00, "4", "30"),  # limit 25 each
        back,
    )
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        desk.visit(_with(bedside(stay, "S1", ""), lines=rows, amount_fen=1030_00), MOTHER)
        # one of four is left: 30, of it 25 in scope; (1025 - 800) x 85% = 191.25
        assert desk.paid("S1") == money(
            medfee_sumamt="1030.00", overlmt_selfpay="5.00", inscp_scp_amt="1025.00",
            act_pay_dedc="800.00", hifp_pay="191.25", fund_pay_sumamt="191.25",
            psn_cash_pay="838.75",
        )  # fmt: skip
        twice = (*rows, _with(back, feedetl_sn="4"))
        reply = desk.send(_with(bedside(stay, "S2", ""), lines=twice, amount_fen=940_00))
        assert (reply.status, reply.body["code"]) == (422, "E-TX-15")


# -- the golden cases, through terminal and centre -------------------------------------------------
STAYS = [row for row in SETTLEMENTS if row[3] == "21" and row[6] == "0"]


def golden(number: int, row: list[str], region: str) -> PersonSpec:
    """The person of a row of the table."""
    who, used = row[2], {YEAR[name]: fen(value) for name, value in words(row[5]).items()}
    insutype, psn, age, *more = who.split()
    return PersonSpec(
        f"SYN-G{number}", "测试谷", age=int(age), insutype=insutype,
        psn_type={"active": "1101", "retired": "1201", "resident": "1401"}[psn],
        insuplc_admdvs=words(who).get("home", region), cards=((f"CG{number}", "03"),),
        year=2026 if used else 0, accumulated=used, cvlserv="civil" in more,
        idet_types=tuple(one[5:] for one in more if one.startswith("idet=")),
    )  # fmt: skip


@pytest.mark.parametrize(("region", "at_least"), [("510100", 12), ("500100", 4)])
def test_f20_f19_the_flow_s_split_is_the_golden_table_s(
    tmp_path: Path, region: str, at_least: int
) -> None:
    rows = [row for row in STAYS if row[1].startswith(region)]
    folk = [golden(number, row, region) for number, row in enumerate(rows)]
    assert len(rows) >= at_least
    wards = {
        level: {"level": level, "fixmedins_code": f"H{region}0000{number}", "admdvs": region}
        for number, level in enumerate(("community", "l1", "l2", "l3"))
    }
    with Town(tmp_path, DAY, folk, wards, region) as town:
        for number, (row, person) in enumerate(zip(rows, folk, strict=True)):
            if remote := words(row[2]).get("remote", ""):
                filed = {"psn_no": person.psn_no, "kind": remote, "mdtrtarea_admdvs": region,
                         "begndate": "2026-11-01", "enddate": "2026-12-31", "at_ms": 0,
                         "trt_dcla_detl_sn": row[0], "fixmedins_code": ""}  # fmt: skip
                with town.centre.store.begin() as conn:
                    entitlements.file(conn, filed)
            desk = town.desks[row[1].split()[1]]
            stay = admit(desk, person, f"A{number}", f"ZY{number}")
            lines = [one.split() for one in row[4].split(";")]
            desk.send(bedside(stay, row[0], "; ".join(f"{CODES[code]} {fee}" for code, fee in lines)))
            desk.shows_code_of(person)  # a face has a no-password limit, the code of a phone has not
            desk.press("confirm").sees("settled").done()
            split = desk.of(row[0]).split
            found = {name: getattr(split, field) for name, field in NAMES.items()}
            wanted = dict.fromkeys(NAMES, 0)
            assert found == wanted | {name: fen(v) for name, v in words(row[7]).items()}, row[0]


# -- refusals --------------------------------------------------------------------------------------
def test_f20_nobody_lies_in_two_wards_and_who_owes_is_not_admitted_again(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER, FATHER], HOSPITALS) as town:
        desk, other = town.desks["ward"], town.desks["other"]
        stay = admit(desk)
        shown = other.visit(admission("X1", "ZY900"), MOTHER)
        assert no(shown) == "rejected_in_hospital_elsewhere"
        assert shown.fields["next_steps"] == ["ask_staff"]
        assert no(desk.visit(admission("A2", "ZY002"), MOTHER)) == "rejected_in_hospital"
        again = desk.visit(admission("A3", "ZY001"), MOTHER)
        assert again.name == "settled" and desk.of("A3").mdtrt_id == stay, "the same stay"
        assert no(desk.visit(admission("A4", "ZY001"), FATHER, whom=0)) == "rejected_ipt_no_used"
        desk.visit(bedside(stay, "S1"), MOTHER)
        desk.undo("S1")  # taken back: discharged, and owed
        assert no(desk.visit(admission("A5", "ZY005"), MOTHER)) == "rejected_open_arrears"
        assert other.visit(admission("X2", "ZY901"), MOTHER).name == "settled"


def test_f20_a_bill_of_a_stay_is_of_that_person_that_stay_and_not_settled_yet(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, DAY, [MOTHER, FATHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        assert no(desk.visit(bedside("510100M0000000009999", "S0"), MOTHER)) == "not_admitted"
        assert no(desk.visit(bedside(stay, "S1"), FATHER, whom=0)) == "stay_other_person"
        assert no(deposit(desk, stay, "D1", "1.00", FATHER)) == "rejected_stay_other_person"
        shown = desk.visit(_with(bedside(stay, "S2"), med_type="28"), MOTHER)
        assert no(shown) == "rejected_med_type_differs"
        desk.visit(bedside(stay, "S3"), FATHER, whom=1)  # her husband's card, for her
        assert desk.of("S3").status is BillStatus.SETTLED and desk.of("S3").psn_no == "SYN-M"
        assert no(desk.visit(bedside(stay, "S4"), MOTHER)) == "stay_settled"
        assert no(deposit(desk, stay, "D2", "1.00")) == "rejected_stay_settled"
        for paper in (
            bedside("", "W1"),
            _with(bedside(stay, "W2"), amount_fen=0),
            bill("deposit", "W3", mdtrt_id=stay),
            bill("admit", "W4"),
        ):
            assert desk.send(paper).status == 422


def test_f20_who_waits_for_their_insurance_is_not_admitted_by_it(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        with town.centre.store.begin() as conn:
            enrolment = entitlements.Enrolment("2026-11-01", in_period=False, year_from="2026-01-01")
            entitlements.enrol(conn, "SYN-M", enrolment, town.centre.region.rules.waiting)
        assert no(town.desks["ward"].visit(admission("A1"), MOTHER)) == "rejected_waiting"


# -- without the network ---------------------------------------------------------------------------
def test_f20_without_the_network_an_admission_waits_and_money_is_refused(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        face = template(7)
        people.register_face(town.centre.store, "SYN-M", face, "ab" * 32)
        link_lost(desk)
        desk.send(bedside("510100M0000000000001", "S1"))
        assert no(desk.screen) == "offline_strict" and "wait_network" in desk.screen.fields["next_steps"]
        desk.wait(9_000)
        desk.send(admission("A1"))
        tell_story(
            desk,
            on("ways", press("card")),
            on("card", post(e.CardRead("CM"))),
            on("look", good_face),
            on("challenge", follow),
            post(e.TemplateMade(face, "ab" * 32)),
            on("confirm", press("confirm"), mode="queued"),
            on("provisional"),
        )
        assert [draft.mode for draft in desk.drafts] == [Mode.QUEUED]
        link_up(desk)
        desk.serve()
        assert desk.of("A1").status is BillStatus.SETTLED and desk.of("A1").mdtrt_id


# -- UNKNOWN ---------------------------------------------------------------------------------------
def test_f20_a_lost_answer_to_2304_is_adopted_and_never_a_second_settlement(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        deposit(desk, stay, "D1", "3000.00")
        desk.lost = "after"
        desk.visit(bedside(stay, "S1"), MOTHER)
        assert desk.of("S1").status is BillStatus.CONFIRMING
        assert desk.send(bedside(stay, "S1"), key="again").status == 409, "its number is taken"
        desk.catch_up()
        state = desk.of("S1")
        assert state.status is BillStatus.SETTLED and state.deposit is not None
        assert state.deposit.refund_fen == 820_00
        assert audit.audit(town.centre.store).settled == 1


def test_f20_a_deposit_whose_answer_is_lost_is_paid_in_once(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        desk.lost = "after"
        deposit(desk, stay, "D1", "500.00")
        assert desk.of("D1").status is BillStatus.CONFIRMING
        no_way = desk.reverse(desk.of("D1").bill_id, "r1")
        assert (no_way.status, no_way.body["code"]) == (409, "E-TX-13"), "2601 is not for it: it is asked again"
        desk.catch_up()
        assert desk.of("D1").status is BillStatus.SETTLED and held(desk, stay) == 500_00


def test_f20_each_step_says_what_the_code_is_for(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        desk.post(e.ErrandArrived(901, "auth", "OUT1", "01102"))  # 住院建档: the HIS makes a file
        desk.shows_code_of(MOTHER).done()
        assert desk.replies[901].status == 200
        desk.send(admission("A1"))
        desk.shows_code_of(MOTHER).press("confirm").done()
        paper = bill("deposit", "D1", mdtrt_id=desk.of("A1").mdtrt_id)
        desk.send(_with(paper, amount_fen=100_00))
        desk.shows_code_of(MOTHER).press("confirm").done()
        asked = [x.body["businessType"] for x in desk.effects if isinstance(x, Ask) and x.infno == "1101"]
        assert asked == ["01102", "01103", "01104"]


def test_f20_2601_takes_an_unknown_settlement_or_admission_back(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        desk.lost = "after"
        desk.visit(admission("A0", "ZY000"), MOTHER)
        assert desk.of("A0").status is BillStatus.PROVISIONAL, "it may wait, as it carries no money"
        desk.reverse(desk.of("A0").bill_id, "r0")
        desk.catch_up()
        assert desk.of("A0").status is BillStatus.CANCELLED
        desk.wait(9_000)
        stay = admit(desk)
        deposit(desk, stay, "D1", "3000.00")
        desk.lost = "after"
        desk.visit(bedside(stay, "S1"), MOTHER)
        desk.reverse(desk.of("S1").bill_id, "r1")
        desk.catch_up()
        assert desk.of("S1").status is BillStatus.CANCELLED
        desk.wait(9_000)
        assert held(desk, stay) == 3000_00, "the deposit is whole again"
        assert desk.visit(bedside(stay, "S2"), MOTHER).name == "settled"
        # and the other way round: the cancel is unknown, taken back, and the settlement stands again
        desk.lost = "after"
        desk.undo("S2")
        desk.reverse(desk.of("S2").bill_id, "r2")
        desk.catch_up()
        assert desk.of("S2").status is BillStatus.SETTLED
        assert held(desk, stay) == 0 and audit.audit(town.centre.store).settled == 1


# -- undo ------------------------------------------------------------------------------------------
def test_f20_an_admission_goes_back_only_while_nothing_hangs_on_it(tmp_path: Path) -> None:
    with Town(tmp_path, DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        deposit(desk, stay, "D1", "100.00")
        desk.undo("A1")
        refusal = desk.of("A1").refusal
        assert desk.of("A1").status is BillStatus.SETTLED and refusal is not None
        assert refusal.code == "rejected_deposit_open"
        desk.undo("D1")
        assert desk.of("D1").status is BillStatus.CANCELLED and desk.balance("cash:SYN-M") == 0
        desk.undo("A1")
        assert desk.of("A1").status is BillStatus.CANCELLED
        assert [one.body["plan"][0]["infno"] for one in desk.drafts[-2:]] == ["deposit_back", "2404"]
        assert admit(desk, number="A2") != stay


STEPS = st.lists(st.sampled_from(["pay", "back", "settle", "undo", "again"]), max_size=8)


@settings(max_examples=12, deadline=None)
@given(steps=STEPS)
def test_f20_no_order_of_deposits_settlements_and_cancels_leaves_a_fen(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    with Town(tmp_path_factory.mktemp("stay"), DAY, [MOTHER], HOSPITALS) as town:
        desk = town.desks["ward"]
        stay = admit(desk)
        for number, step in enumerate(steps):
            settled = [n for n in numbers(desk, "S") if stands(desk, n)]
            paid = [n for n in numbers(desk, "D") if stands(desk, n)]
            if step == "pay":
                deposit(desk, stay, f"D{number}", "1234.56")
            elif step == "back" and paid:
                desk.undo(paid[0])
            elif step == "settle":
                desk.visit(bedside(stay, f"S{number}"), MOTHER)
            elif step == "undo" and settled:
                desk.undo(settled[0])
            elif step == "again" and settled:  # its cancel is lost, and 2601 takes that back
                desk.lost = "after"
                desk.undo(settled[0])
                desk.reverse(desk.of(settled[0]).bill_id, f"r{number}")
                desk.catch_up()
            now = [n for n in numbers(desk, "S") if stands(desk, n)]
            in_hand = sum(fen("1234.56") for n in numbers(desk, "D") if stands(desk, n))
            assert len(now) <= 1
            assert held(desk, stay) == (0 if now else in_hand)
            assert desk.balance("cash:SYN-M") == (-2180_00 if now else -in_hand)
            with town.centre.store.begin() as conn:
                assert ledgers.paid_by_funds(conn) == (7820_00 if now else 0)


def numbers(desk: Counter, first: str) -> list[str]:
    return [one.bill.bill_no for one in desk.bills().values() if one.bill.bill_no.startswith(first)]


def stands(desk: Counter, number: str) -> bool:
    return desk.of(number).status in (BillStatus.SETTLED, BillStatus.ADJUSTED)
