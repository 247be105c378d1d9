"""F23 离线受理 against the real centre: recorded within the signed policy, decided once when the network is
back; what each decision asks of the staff. (The scripted centre's cases are in test_offline.py.)
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.types import BillStatus
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.stage import Counter, follow, good_face, link_lost, link_up, template

HOUR_MS = 3_600_000
MODEL = "ab" * 32
FACE = template(3)
AN = PersonSpec("SYN-A", "测试安", insutype="390", psn_type="1401", cards=(("CA", "03"),))
BAI = replace(AN, psn_no="SYN-B", psn_name="测试白", insutype="310", psn_type="1101", cards=(("CB", "03"),))
CAO = replace(AN, psn_no="SYN-C", psn_name="测试曹", stas="2", cards=(("CC", "03"),))
CAST = (AN, BAI, CAO)
CLINIC = {"fixmedins_code": "H51010000001", "level": "community"}


@pytest.fixture
def desk(clinic) -> Counter:
    """The link was up this morning; now it is not."""
    desks = clinic(CAST, CLINIC, CLINIC)
    for one in CAST:
        people.register_face(desks[0].centre.store, one.psn_no, FACE, MODEL)
    link_lost(desks[0])
    desks[0].beside = desks[1]
    return desks[0]


def served(desk: Counter, number: str, who: PersonSpec, face: bytes = FACE) -> Counter:
    """Up to whatever the terminal says."""
    desk.bill(number, 100_00).lays_card_of(who)
    if desk.screen.name == "look":
        good_face(desk)
        follow(desk)
        desk.post(e.TemplateMade(face, MODEL))
        desk.press("confirm")
    return desk


def back(desk: Counter, hours: int = 1) -> Counter:
    desk.wait(hours * HOUR_MS)
    link_up(desk)
    return desk.serve()


@pytest.mark.parametrize(
    ("who", "hours", "status", "outcome", "task"),
    [(AN, 1, "settled", "settled", ""), (BAI, 1, "adjusted", "adjusted", "difference"),
     (CAO, 1, "rejected", "rejected", "receivable"), (AN, 73, "rejected", "expired", "manual_claim")],
    ids=["settled", "adjusted", "rejected", "expired"],
)  # fmt: skip
def test_f23_what_the_centre_decides_of_it(desk, who, hours, status, outcome, task) -> None:
    served(desk, "N1", who).sees("provisional").done()
    assert desk.of("N1").status is BillStatus.PROVISIONAL
    assert desk.balance("fund:390100") == 0, "nothing is booked without the centre"
    back(desk, hours)
    assert (desk.of("N1").status, desk.decided[1]) == (status, outcome)
    assert [one.kind for one in desk.tasks()] == ([task] if task else [])


def test_f23_a_bill_that_was_paid_beside_it_meanwhile_is_a_duplicate(desk: Counter) -> None:
    served(desk, "N1", AN).sees("provisional").done()
    desk.beside.until_confirm("N1", 100_00, AN).press("confirm").sees("settled")
    paid = desk.beside.of("N1").split
    back(desk)
    assert desk.decided[1] == "duplicate" and desk.of("N1").split == paid
    assert desk.balance("fund:390100") == -60_00, "once"


def test_f23_a_clock_that_runs_ahead_is_suspect_and_stops_the_terminal(desk: Counter) -> None:
    desk.now = replace(desk.now, utc_ms=desk.now.utc_ms + 2 * HOUR_MS)
    served(desk, "N1", AN).sees("provisional").done()
    desk.now = replace(desk.now, utc_ms=desk.now.utc_ms - 2 * HOUR_MS)
    back(desk).sees("out_of_service")
    assert desk.decided[1] == "suspect" and desk.balance("fund:390100") == 0


def test_f23_somebody_else_s_face_with_the_card_is_rejected(desk: Counter) -> None:
    served(desk, "N1", AN, template(99)).sees("provisional").done()
    back(desk)
    refusal = desk.of("N1").refusal
    assert refusal is not None and refusal.code == "rejected_face_mismatch"


def test_f23_a_person_is_served_twice_and_a_third_time_refused(desk: Counter) -> None:
    for number in ("N1", "N2"):
        served(desk, number, AN).sees("provisional").done()
    served(desk, "N3", AN).sees("refused", code="offline_caps")
    assert desk.screen.fields["detail"]["cap"] == "person"


@pytest.mark.parametrize("lost", ["before", "after"])
def test_f23_a_network_that_goes_again_in_the_middle_books_everything_once(desk, lost) -> None:
    for number, who in (("N1", AN), ("N2", BAI)):
        served(desk, number, who).sees("provisional").done()
    desk.lost = lost
    back(desk).catch_up()
    assert [str(desk.of(number).status) for number in ("N1", "N2")] == ["settled", "adjusted"]
    assert desk.balance("fund:390100") == -60_00
