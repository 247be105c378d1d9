"""The clinic's own patients in an outage: agreed at their clinic, signed by the centre, known by card and
living face, decided by the centre afterwards; who withdraws is in none of it any more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.core import events as e
from edge.core.types import BillStatus, Mode, Outcome
from edge.field.commands.roster import fault, written
from sim.centre.books import people, proving, rosters
from sim.centre.books.people import PersonSpec
from sim.centre.books.rosters import Consent
from sim.stage.counter import FACE_MODEL, Counter
from sim.stage.device import near, template
from sim.stage.town import Town

ORG = "H51010000001"
ZHOU = PersonSpec("SYN-Z", "测试周", age=66, cards=(("IDZ", "02"), ("SCZ", "03")))
WU = PersonSpec("SYN-U", "测试吴", age=50, cards=(("IDU", "02"),))
PLACES = {
    "clinic": {"fixmedins_code": ORG, "level": "community"},
    "other": {"fixmedins_code": "H51010000002", "level": "community"},
}
YEAR = 365 * 86_400_000


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bureau that wants card and face compared in an outage (identity.yaml `must`)."""
    rule = proving.rules()
    strict = type(rule.offline_match)(0.64, True, "D")
    changed = type(rule)(**{
        name: strict if name == "offline_match" else getattr(rule, name)
        for name in rule.__struct_fields__
    })  # fmt: skip
    monkeypatch.setattr(proving, "rules", lambda: changed)
    with Town(tmp_path, "2026-03-02 09:00", [ZHOU, WU], PLACES) as made:
        for number, one in enumerate((ZHOU, WU), start=1):
            people.register_face(made.centre.store, one.psn_no, template(number), FACE_MODEL)
        yield made


def agrees(town: Town, person: PersonSpec, until_ms: int = 0) -> str:
    consent = Consent(ORG, person.psn_no, until_ms or town.now + YEAR)
    with town.centre.store.begin() as conn:
        return rosters.agree(conn, town.centre.dice, consent, town.now)


def held(desk: Counter) -> Any:
    return desk.terminal.status(desk.now)["roster"]


def outage(desk: Counter, card: str, face: int, kind: str = "02") -> Counter:
    desk.post(e.LinkLost("E-NET-01"))
    desk.bill("B1", 100_00).press("card").lays(card, kind).sees("look")
    return desk.shows_face(near(template(face), 7))


def test_a_contracted_patient_is_served_in_an_outage_at_their_own_clinic(town: Town) -> None:
    assert agrees(town, ZHOU) == ""
    town.at("2026-03-03 09:00")
    clinic, other = town.desks["clinic"], town.desks["other"]
    clinic.serve(), other.serve()
    assert (held(clinic)["people"], held(other)["people"]) == (1, 0), "of that clinic alone"
    assert "version 1 of 1  patients 1" in written(held(clinic))
    assert fault(held(clinic), {FACE_MODEL}) == "" and fault(held(clinic), {"other"})

    outage(clinic, "SCZ", 1, "03").sees("confirm", mode="provisional").press("confirm")
    clinic.sees("provisional")
    assert clinic.drafts[-1].body["identity"]["match"]["score"] > 0.64
    clinic.post(e.LinkUp())
    clinic.serve()
    assert clinic.of("B1").status in (BillStatus.SETTLED, BillStatus.ADJUSTED)


def test_who_did_not_agree_is_told_what_to_do_instead(town: Town) -> None:
    agrees(town, ZHOU)
    town.at("2026-03-03 09:00")
    clinic = town.desks["clinic"].serve()
    outage(clinic, "IDU", 2).sees("refused", code="offline_unmatched")


def test_somebody_with_the_card_of_a_patient_is_not_served(town: Town) -> None:
    agrees(town, ZHOU)
    town.at("2026-03-03 09:00")
    outage(town.desks["clinic"].serve(), "IDZ", 2).sees("refused", code="face_mismatch")


def test_who_withdraws_is_in_no_document_of_the_terminal_from_the_next_policy_on(
    town: Town,
) -> None:
    agrees(town, ZHOU), agrees(town, WU)
    town.at("2026-03-03 09:00")
    clinic = town.desks["clinic"].serve()
    assert held(clinic)["people"] == 2
    entries = [one for part in clinic.terminal._site.roster.parts.values() for one in part.entries]
    with town.centre.store.begin() as conn:
        assert rosters.withdraw(conn, town.centre.dice, ORG, ZHOU.psn_no)
        assert not rosters.withdraw(conn, town.centre.dice, ORG, ZHOU.psn_no)
    town.at("2026-03-04 09:00")
    clinic.serve()
    assert held(clinic)["people"] == 1
    stored = b"".join(clinic.docs["roster"].values())
    assert sum(one.template in stored for one in entries) == 1


def test_nobody_is_in_it_without_a_face_and_a_consent_that_lasts(town: Town) -> None:
    stranger = Consent(ORG, "SYN-0", town.now + YEAR)
    with town.centre.store.begin() as conn:
        assert rosters.agree(conn, town.centre.dice, stranger, town.now) == "roster_no_face"
    agrees(town, ZHOU, until_ms=town.now + 1)
    town.at("2026-03-03 09:00")
    assert held(town.desks["clinic"].serve())["people"] == 0


def test_a_record_that_says_it_compared_too_little_is_not_paid(town: Town) -> None:
    agrees(town, ZHOU)
    town.at("2026-03-03 09:00")
    clinic = town.desks["clinic"].serve()
    outage(clinic, "IDZ", 1).sees("confirm").press("confirm")
    body = clinic.drafts[-1].body
    body["identity"]["match"]["score"] = 0.3  # what a terminal that was tampered with would sign
    body["bill_no"] = body["plan"][0]["input"]["data"]["ipt_otp_no"] = "B2"
    more = {"kind": "settle", "policy": clinic.policy_hash()}
    seq = clinic.device.write(body, Mode.PROVISIONAL, now=clinic.now.utc_ms, **more)
    (answer,) = clinic.device.send(1, seq, now=clinic.now.utc_ms)
    first, forged = answer.results
    assert first.outcome in (Outcome.SETTLED, Outcome.ADJUSTED)
    assert forged.body["err_msg"] == "card and face were not compared as the policy wants"
