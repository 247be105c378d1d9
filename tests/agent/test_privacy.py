"""The canary: a visit of a person with marked name and numbers, then every file and log line is
searched for the marks."""

from __future__ import annotations

import pytest

from sim.centre.books.people import PersonSpec
from sim.clinic.counter import Clerk, Counter, until

NAME = "金丝雀样本"
PSN_NO = "CANARYPSN0001"
CARD_NO = "CANARYCARD0001"
CERT_NO = "510999199001010000"
BILL_MARK = "CANARYBILLTEXT"
MARKS = {
    "name": NAME,
    "masked name": NAME[0] + "*",
    "person number": PSN_NO,
    "card number": CARD_NO,
    "certificate number": CERT_NO,
    "text of the bill": BILL_MARK,
}


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """A counter after a settled visit, a refused one, bad requests, a kill in a visit and a clean
    stop."""
    person = PersonSpec(
        psn_no=PSN_NO,
        psn_name=NAME,
        certno=CERT_NO,
        insutype="310",
        balance_fen=50_000,
        cards=((CARD_NO, "03"),),
    )
    directory = tmp_path_factory.mktemp("privacy")
    with Counter(directory, "amqtt", people=[person]) as counter:
        counter.agent.start()
        clerk = Clerk(counter)
        clerk.online()
        clerk.with_board()
        bill_id = clerk.send("V-1", 2000, "settle", dr_name=BILL_MARK, dept_name=BILL_MARK).json()[
            "bill_id"
        ]
        assert (
            clerk.pay_by_card(bill_id, (CARD_NO, "03"), {"settled", "refused"})["status"]
            == "settled"
        )
        assert clerk.bill(bill_id)["psn_no"] == PSN_NO  # the marks were really there
        for bad in (f'{{"{BILL_MARK}', f'["{CARD_NO}"]', f'{{"kind": "{NAME}"}}'):
            refused = clerk.http.post(
                "/v1/bills",
                content=bad.encode(),
                headers={"Idempotency-Key": f"{CARD_NO}", "Content-Type": "application/json"},
            )
            assert refused.status_code in {400, 422}
        clerk.http.get(f"/v1/bills/{CARD_NO}")
        second = clerk.send("V-2", 2000, "settle").json()["bill_id"]
        clerk.up_to_confirm((CARD_NO, "03"))
        counter.agent.kill()
        counter.agent.start()
        clerk = Clerk(counter)
        until(lambda: clerk.bill(second)["status"] in {"refused", "in_visit", "waiting"})
        assert counter.agent.stop() == 0
    return counter


@pytest.mark.parametrize("what", sorted(MARKS))
def test_the_log_holds_nothing_about_a_person(visited: Counter, what: str) -> None:
    log = visited.agent.log.read_text()
    assert '"event": "Appended"' in log
    assert MARKS[what] not in log


@pytest.mark.parametrize("what", sorted(MARKS))
def test_the_data_directory_holds_nothing_about_a_person_in_clear(
    visited: Counter, what: str
) -> None:
    mark = MARKS[what]
    files = [path for path in (visited.directory / "data").rglob("*") if path.is_file()]
    assert files
    for path in files:
        data = path.read_bytes()
        for encoding in ("utf-8", "utf-16-le", "gb18030"):
            assert mark.encode(encoding) not in data, f"{what} in {path.name}"


def test_every_line_of_the_log_is_one_json_object(visited: Counter) -> None:
    assert not [line for line in visited.agent.lines() if "raw" in line]


def test_no_file_of_the_terminal_can_be_read_by_others(visited: Counter) -> None:
    for folder in ("data", "keys"):
        for path in [visited.directory / folder, *(visited.directory / folder).rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path
