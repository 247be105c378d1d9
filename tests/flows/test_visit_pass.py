"""离线就诊凭据: what the centre said of a person when it last settled for them is good for a few visits of an
outage, at this terminal alone, for what it names, each use once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.books.passes import PASSES_MAX, Passes
from edge.core.types import BillStatus, Caps, Draft, Json, Mode, Now
from edge.core.visit.settle import estimate
from edge.core.visit.ticket import key_of_card
from sim.centre.books import entitlements, passes, people
from sim.centre.books.people import PersonSpec
from sim.stage.counter import Counter
from sim.stage.device import template
from sim.stage.papers import bill, no
from sim.stage.script import follow, good_face, link_lost, link_up, on, post, press, tell_story
from sim.stage.town import Town

LI = PersonSpec("SYN-L", "测试李", psn_type="1201", cards=(("CL", "03"),), balance_fen=0)
WANG = PersonSpec("SYN-W", "测试王", cards=(("CW", "03"),))
FACE, MODEL = template(7), "ab" * 32
PLACE = {"fixmedins_code": "H51010000002", "level": "l2", "profile": "P1"}
GOOD: dict[str, Any] = {
    "pass_id": "P1", "cards": ["c"], "insutype": "310", "psn": "active", "dise": [], "uses": 6, "until_utc_ms": 9_000,
}  # fmt: skip
CAPS = Caps(per_person_per_outage=9)


def chronic(number: str, dise: str = "M03900", text: str = "SYN-A-0001 200.00"):  # type: ignore[no-untyped-def]
    return bill("chronic", number, text, dise_codg=dise, dise_name="慢特病", acct_used_flag="0")


def town(folder: Path, *names: str) -> Town:
    made = Town(folder, "2024-06-03 09:00", [LI, WANG], dict.fromkeys(names, PLACE), caps=CAPS)
    with made.centre.store.begin() as conn:
        entitlements.recognise(conn, "SYN-L", "M03900", "2024-01-01", "2024-06-30")
    people.register_face(made.centre.store, "SYN-L", FACE, MODEL)
    people.register_face(made.centre.store, "SYN-W", FACE, MODEL)
    return made


def alone(desk: Counter, number: str, card: str = "CL", **more: Any) -> Counter:
    """Somebody comes while there is no network: their card, their face."""
    desk.send(chronic(number, **more))
    tell_story(
        desk,
        on("ways", press("card")),
        on("card", post(e.CardRead(card))),
        on("look", good_face),
        on("challenge", follow),
        post(e.TemplateMade(FACE, MODEL)),
    )
    return desk


def confirmed(desk: Counter, number: str, **more: Any) -> Counter:
    tell_story(alone(desk, number, **more), on("confirm", press("confirm"), mode="provisional"), on("provisional"))
    desk.wait(9_000)
    return desk


def test_a_chronic_refill_in_an_outage_is_taken_by_the_pass_and_the_fund_pays_what_the_centre_finds(
    tmp_path: Path,
) -> None:
    with town(tmp_path, "one") as made:
        desk = made.desks["one"]
        desk.visit(chronic("B1", text="SYN-A-0001 100.00"), LI)
        link_lost(desk)
        confirmed(desk, "B2", text="SYN-A-0001 500.00")
        said = desk.of("B2").estimate
        # the deductible of 300 is taken as untouched, then 70%
        assert said is not None and said.fund_pay_sumamt_fen == 140_00
        assert desk.drafts[-1].mode is Mode.PROVISIONAL
        assert desk.drafts[-1].body["visit_pass"]["number"] == 1
        link_up(desk)
        desk.serve()
        assert desk.of("B2").status is BillStatus.ADJUSTED
        assert desk.paid("B2")["fund_pay_sumamt"] == 210_00, "100 of the deductible had been paid"


def test_without_a_pass_or_for_another_disease_or_after_it_ended_the_person_is_told_what_to_do(
    tmp_path: Path,
) -> None:
    with town(tmp_path, "one") as made:
        desk = made.desks["one"]
        link_lost(desk)
        alone(desk, "B1")
        assert no(desk.screen) == "offline_caps"
        assert desk.screen.fields["detail"]["cap"] == "pass"
        assert desk.screen.fields["next_steps"] == ["wait_network", "pay_full", "ask_staff"]
        desk.wait(9_000)
        link_up(desk)
        desk.serve()
        desk.visit(chronic("B2"), LI)
        link_lost(desk)
        alone(desk, "B3", dise="M01600")
        assert desk.screen.fields["detail"]["cap"] == "pass", "diabetes is not in it"
        desk.wait(9_000)
        alone(desk, "B4", card="CW")
        assert desk.screen.fields["detail"]["cap"] == "pass", "it is another person's"
        made.at("2024-07-01 09:00")
        link_lost(desk)
        alone(desk, "B5")
        assert no(desk.screen) == "offline_caps", "recognised until the 30th of June"


def test_a_pass_has_six_uses_that_survive_a_restart_and_a_settlement_online_gives_a_new_one(
    tmp_path: Path,
) -> None:
    with town(tmp_path, "one") as made:
        desk = made.desks["one"]
        desk.visit(chronic("B0"), LI)
        link_lost(desk)
        for number in range(passes.rules().uses.value):
            confirmed(desk, f"B1{number}", text="SYN-A-0001 20.00")
            desk.boot()
        alone(desk, "B20")
        assert desk.screen.fields["detail"]["cap"] == "pass"
        desk.wait(9_000)
        used = [one.body["visit_pass"]["number"] for one in desk.drafts[1:]]
        assert used == [1, 2, 3, 4, 5, 6]
        link_up(desk)
        desk.serve()
        assert {one.status for one in desk.bills().values() if one.seq} <= {
            BillStatus.SETTLED, BillStatus.ADJUSTED,
        }  # fmt: skip
        desk.visit(chronic("B21", text="SYN-A-0001 20.00"), LI)
        link_lost(desk)
        confirmed(desk, "B22", text="SYN-A-0001 20.00")
        link_up(desk)
        desk.serve()


def written_anew(desk: Counter, draft: Draft, body: Json) -> Json:
    """A terminal that writes something else than it should; the centre's result."""
    desk.device.log.pop()
    more = {"kind": draft.kind, "txid": draft.txid, "policy": draft.policy_hash}
    seq = desk.device.write(body, draft.mode, now=draft.at.utc_ms, **more)
    (answer,) = desk.device.send(seq, now=desk.now.utc_ms)
    return answer.results[0].body


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (lambda said: None, "no visit pass"),
        (lambda said: said | {"pass_id": "510100P0000000009999"}, "no visit pass of this person"),
        (lambda said: said | {"number": 7}, "visit pass used up"),
    ],
)
def test_the_centre_takes_no_chronic_record_without_a_use_of_its_own_pass(
    tmp_path: Path, forge: Any, why: str
) -> None:
    with town(tmp_path, "one") as made:
        desk = made.desks["one"]
        desk.visit(chronic("B0"), LI)
        link_lost(desk)
        confirmed(desk, "B1")
        draft = desk.drafts[-1]
        body = dict(draft.body)
        said = forge(body.pop("visit_pass"))
        told = written_anew(desk, draft, body | ({"visit_pass": said} if said else {}))
        assert (told["code"], told["err_msg"]) == ("policy_violation", why)


def test_a_use_that_was_taken_is_not_taken_again_and_another_terminal_has_no_part_in_it(
    tmp_path: Path,
) -> None:
    with town(tmp_path, "one", "two") as made:
        one, two = made.desks["one"], made.desks["two"]
        one.visit(chronic("B0"), LI)
        link_lost(two)
        alone(two, "C1")
        assert two.screen.fields["detail"]["cap"] == "pass"
        link_lost(one)
        confirmed(one, "B1")
        link_up(one)
        one.serve()
        assert one.of("B1").status in (BillStatus.SETTLED, BillStatus.ADJUSTED)
        with made.centre.store.begin() as conn:
            use = passes.Use(one.drafts[-1].body["visit_pass"]["pass_id"], 1, one.now.utc_ms, 0)
            assert passes.misuse(conn, one.device.name, "SYN-L", use) == "visit pass used twice"
            assert passes.misuse(conn, two.device.name, "SYN-L", use) == "no visit pass of this person"
            assert passes.misuse(conn, one.device.name, "SYN-W", use) == "no visit pass of this person"
            late = replace(use, number=2, wall_ms=use.wall_ms + 31 * passes.DAY_MS)
            assert passes.misuse(conn, one.device.name, "SYN-L", late) == "visit pass not in force then"


def test_what_the_pass_says_of_a_person_is_in_the_estimate_of_every_kind(tmp_path: Path) -> None:
    with town(tmp_path, "one") as made:
        desk = made.desks["one"]
        desk.visit(chronic("B0", text="SYN-A-0001 20.00"), LI)
        known = desk.terminal._site.passes.of(key_of_card("CL"), desk.now)
        assert known is not None and (known.insutype, known.psn) == ("310", "retired")
        assert desk.policy is not None
        plain = bill("settle", "B1", "SYN-A-0001 500.00")
        with_pass = estimate.local(desk.policy, plain, None, "", known)
        without = estimate.local(desk.policy, plain, None, "")
        assert with_pass is not None and without is not None
        assert with_pass.fund_pay_sumamt_fen > without.fund_pay_sumamt_fen


def test_a_pass_that_cannot_be_read_leaves_the_settlement_it_came_with_alone() -> None:
    held = Passes({})
    now = Now(1_000, 0)
    for rubbish in (None, 3, {}, {"pass_id": "x"}, {**GOOD, "uses": 0}, {**GOOD, "cards": []}, {**GOOD, "psn": 7}):
        assert held.took({"visit_pass": rubbish}, now) == []
    assert held.took({"visit_pass": GOOD}, now)
    assert held.took({"visit_pass": GOOD}, now) == [], "the same answer again starts no counter anew"


def test_passes_are_bounded_and_the_oldest_goes() -> None:
    held, now = Passes({}), Now(1_000, 0)
    for number in range(PASSES_MAX + 1):
        effects = held.took({"visit_pass": {**GOOD, "pass_id": f"P{number}", "cards": [f"c{number}"]}}, now)
    assert [(one.key, one.value is None) for one in effects] == [("P0", True), (f"P{PASSES_MAX}", False)]
    assert held.of("c0", now) is None and held.of("c1", now) is not None
