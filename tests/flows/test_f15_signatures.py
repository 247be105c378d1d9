"""F15: what no hospital signed is not dispensed, whoever tells it; the centre hears of it, and the signed
policy names the keys."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.prescription import HOSPITALS_MAX
from edge.errors import EdgeError
from edge.suites import sm2
from edge.wire import policy as wire_policy
from sim import prescriber as hospital
from sim.centre import alarms, audit
from sim.centre.books import policy, registry
from sim.centre.prescriptions import books
from sim.centre.prescriptions.status import Status
from sim.prescriber import Prescriber
from sim.stage import Town, link_lost, link_up, no
from tests.flows.prescribing import (
    LI,
    PLACES,
    WANG,
    Day,
    answered_until,
    passed,
    sale,
    sold,
    until_review,
)


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Town(tmp_path, "2026-11-18 09:00", [WANG, LI], PLACES) as town:
        yield Day(town)


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


NEXT_DAY = "2026-11-19 09:00"


def test_f15_a_key_that_the_policy_names_for_the_hospital_is_believed(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    assert day.east.policy is not None and day.east.policy.hospital_keys == {}, "of before"
    day.town.at(NEXT_DAY)
    pinned = {hospital.CODE: sha256(day.hospital.key.public).digest()}
    assert day.east.policy.hospital_keys == pinned
    sold(day.east, sale("B1", rxno))
    assert day.alarms() == []


def test_f15_a_platform_that_swaps_the_hospitals_key_is_not_believed(day: Day) -> None:
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    with day.town.centre.store.begin() as conn:
        rx = books.find(conn, rxno, day.town.now)
    assert rx is not None
    day.town.at(NEXT_DAY)
    private, public = sm2.generate()
    more = rx.document.replace(b'"drugCnt":"2"', b'"drugCnt":"9"')
    day.spoil(rxno, document=more, signature=sm2.sign(private, more))
    with day.town.centre.store.begin() as conn:
        conn.execute(books.signers.update().values(private=private, public=public))
    assert no(until_review(day.east, sale("B1", rxno)).screen) == "rx_unverifiable"
    assert day.alarms() == [("rx_unverifiable", "east", rxno)]
    assert day.status(rxno) is Status.VALID


def test_f15_a_hospital_that_the_policy_does_not_name_waits_for_the_next_policy(day: Day) -> None:
    day.town.at(NEXT_DAY)
    new = Prescriber(day.town.centre, day.town.now, "H51010000009", "测试新医院")
    rxno = new.write("RX-1", WANG, "SYN-A-0001 2")
    assert no(until_review(day.east, sale("B1", rxno)).screen) == "rx_unverifiable"
    day.town.at("2026-11-19 10:00")  # less than a day: the new hospital made the new policy
    assert day.east.policy is not None and len(day.east.policy.hospital_keys) == 2
    sold(day.east, sale("B2", rxno))


def test_f15_the_keys_of_a_policy_that_is_over_still_count(day: Day) -> None:
    day.town.at(NEXT_DAY)
    day.hospital.now_ms = day.town.now + 8 * 86_400_000
    day.east.now = replace(day.east.now, utc_ms=day.hospital.now_ms)
    rxno = day.hospital.write("RX-1", WANG, "SYN-A-0001 2")
    private, public = sm2.generate()
    with day.town.centre.store.begin() as conn:
        rx = books.find(conn, rxno, day.town.now)
        assert rx is not None
        conn.execute(books.signers.update().values(public=public))
    day.spoil(rxno, signature=sm2.sign(private, rx.document))
    assert no(until_review(day.east, sale("B1", rxno)).screen) == "rx_unverifiable"


def test_f15_only_pharmacies_are_told_the_keys_and_not_of_too_many_hospitals(day: Day) -> None:
    with day.town.centre.store.begin() as conn:
        row = conn.execute(books.signers.select()).mappings().one()
        others = [
            {**row, "fixmedins_code": f"H{number:011}"} for number in range(HOSPITALS_MAX - 1)
        ]
        conn.execute(books.signers.insert(), others)
        assert len(books.fingerprints(conn)) == HOSPITALS_MAX
        books.enrol_hospital(conn, hospital.CODE, hospital.NAME)  # a new key of one of them
        with pytest.raises(EdgeError, match="E-WIR-01"):
            books.enrol_hospital(conn, "H99999999999", "one too many")
        east = registry.find(conn, "east")
        assert east is not None
        clinic = replace(east, level="l1")
        document = policy.lift(conn, day.town.centre.issuer, clinic, day.town.now)
    verifier = day.town.centre.keys.verifier
    assert wire_policy.decode(document, verifier, terminal="east").hospital_keys == {}


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
