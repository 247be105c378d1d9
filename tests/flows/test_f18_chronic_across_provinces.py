"""F18 门诊慢特病 跨省 (med_type 14): recognised, filed, open on the day; the same visit on 2024-11-30 and
2024-12-01. Catalogue of Chengdu, rates of Chongqing.
"""

from __future__ import annotations

from pathlib import Path

from edge.core import events as e
from edge.core.types import BillStatus, Mode
from edge.core.wishes import Away
from sim.centre.books import entitlements, people
from sim.centre.books.people import PersonSpec
from sim.stage import (
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

CHEN = PersonSpec("SYN-C", "测试陈", insuplc_admdvs="500100", age=58, cards=(("CC", "03"),))
LI = PersonSpec("SYN-L", "测试李", cards=(("CL", "03"),))  # insured in Chengdu
PLACES = {"hospital": {"fixmedins_code": "H51010000002", "level": "l2"}}


def chronic(number: str, dise: str, text: str = "SYN-A-0001 500.00", **more: str):  # type: ignore[no-untyped-def]
    return bill("chronic", number, text, dise_codg=dise, dise_name="慢特病", **more)


def filing(number: str, begin: str, end: str = "", kind: str = "1"):  # type: ignore[no-untyped-def]
    return bill("file_away", number, away=Away("510100", kind, begin, end))


def recognise(town: Town, psn_no: str, dise: str, begin: str, end: str) -> None:
    """What F27 does: a hospital of the place of insurance said so."""
    with town.centre.store.begin() as conn:
        entitlements.recognise(conn, psn_no, dise, begin, end)


def test_f18_one_of_the_five_new_diseases_is_refused_on_the_30th_and_settled_on_the_1st(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2024-11-20 09:00", [CHEN], PLACES) as town:
        desk = town.desks["hospital"]
        assert no(desk.visit(chronic("B1", "M05300"), CHEN)) == "disease_not_recognised"
        recognise(town, "SYN-C", "M05300", "2024-01-01", "2025-12-31")
        assert no(desk.visit(chronic("B2", "M05300"), CHEN)) == "disease_not_open"
        shown = desk.visit(filing("F1", "2024-11-20"), CHEN)
        assert shown.name == "settled"
        slip = dict(desk.of("F1").slip)
        assert slip["slip.mdtrtarea"] == "510100"
        assert slip["slip.trt_dcla_detl_sn"].startswith("510100B")

        town.at("2024-11-30 10:00")
        assert no(desk.visit(chronic("B3", "M05300"), CHEN)) == "disease_not_open"

        town.at("2024-12-01 10:00")
        assert desk.visit(chronic("B4", "M05300"), CHEN).name == "settled"
        # Chongqing: deductible 200, 80% x 0.95 (referral): 300 x 76%
        assert desk.paid("B4") == money(
            medfee_sumamt="500.00", inscp_scp_amt="500.00", act_pay_dedc="200.00",
            hifp_pay="228.00", fund_pay_sumamt="228.00", psn_cash_pay="272.00",
        )  # fmt: skip


def test_f18_a_first_five_disease_needs_recognition_and_a_filing_that_is_valid(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2024-06-01 09:00", [CHEN], PLACES) as town:
        desk = town.desks["hospital"]
        recognise(town, "SYN-C", "M03900", "2024-01-01", "2024-12-31")
        shown = desk.visit(chronic("B1", "M03900"), CHEN)
        assert no(shown) == "not_filed" and shown.fields["next_steps"][0] == "file_first"
        assert desk.visit(filing("F1", "2024-06-01", "2024-06-30"), CHEN).name == "settled"
        # what does not belong to the disease is the person's own: Chengdu's scope
        desk.visit(chronic("B2", "M03900", "SYN-A-0001 300.00; SYN-S-0001 100.00"), CHEN)
        assert desk.paid("B2") == money(
            medfee_sumamt="400.00", fulamt_ownpay_amt="100.00", inscp_scp_amt="300.00",
            act_pay_dedc="200.00", hifp_pay="76.00", fund_pay_sumamt="76.00",
            psn_cash_pay="324.00",
        )  # fmt: skip
        town.at("2024-07-01 09:00")
        assert no(desk.visit(chronic("B3", "M03900"), CHEN)) == "filing_expired"
        town.at("2025-01-02 09:00")
        desk.visit(filing("F2", "2025-01-02", kind="2"), CHEN)
        assert no(desk.visit(chronic("B4", "M03900"), CHEN)) == "disease_expired"


def test_f18_at_home_no_filing_is_asked_and_a_cancel_gives_the_year_back(tmp_path: Path) -> None:
    with Town(tmp_path, "2024-06-01 09:00", [LI], PLACES) as town:
        desk = town.desks["hospital"]
        recognise(town, "SYN-L", "M03900", "2024-01-01", "2024-12-31")
        desk.visit(chronic("B1", "M03900"), LI)
        assert desk.paid("B1")["hifp_pay"] == 140_00  # (500 - 300) x 70%
        desk.withdraw(desk.of("B1").bill_id)
        desk.serve()
        assert desk.of("B1").status is BillStatus.CANCELLED
        desk.visit(chronic("B2", "M03900"), LI)
        assert desk.paid("B2")["act_pay_dedc"] == 300_00, "the deductible is whole again"


def test_f18_without_the_network_a_chronic_bill_is_refused_and_a_filing_waits(
    tmp_path: Path,
) -> None:
    with Town(tmp_path, "2024-06-01 09:00", [CHEN], PLACES) as town:
        desk = town.desks["hospital"]
        link_lost(desk)  # type: ignore[operator]
        face = template(7)
        people.register_face(town.centre.store, "SYN-C", face, "ab" * 32)
        desk.send(chronic("B1", "M03900"))
        tell_story(  # nobody here knows whether the disease is recognised: no visit pass says so
            desk,
            on("ways", press("card")),
            on("card", post(e.CardRead("CC"))),
            on("look", good_face),
            on("challenge", follow),
            post(e.TemplateMade(face, "ab" * 32)),
        )
        assert no(desk.screen) == "offline_caps"
        desk.wait(9_000)
        desk.send(filing("F1", "2024-06-01"))
        tell_story(  # it carries no money: card and face, and it is queued
            desk,
            on("ways", press("card")),
            on("card", post(e.CardRead("CC"))),
            on("look", good_face),
            on("challenge", follow),
            post(e.TemplateMade(face, "ab" * 32)),
            on("confirm", press("confirm"), mode="queued"),
            on("provisional"),
        )
        assert [draft.mode for draft in desk.drafts] == [Mode.QUEUED]
        link_up(desk)  # type: ignore[operator]
        desk.serve()
        state = desk.of("F1")
        assert state.status is BillStatus.SETTLED
        assert dict(state.slip)["slip.trt_dcla_detl_sn"]
