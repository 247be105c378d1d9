"""The canary: a visit of a person with marked name and numbers, a day that is closed, an export to a
stick; then every file and log line is searched for the marks, also inside what is only compressed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.centre.books.people import PersonSpec
from sim.clinic.counter import Clerk, Counter, until
from tests.agent.test_by_hand import facepay

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
        for path, body in (("/v1/day/close", b""), ("/v1/sync", b"")):
            assert clerk.http.post(path, content=body).status_code in {200, 202}
        until(lambda: clerk.http.get("/v1/days").json()["days"][-1]["rounds"] > 0, "compared")
        for path in ("/v1/tasks", "/v1/reconcile", f"/v1/bills/{bill_id}/bundle"):
            assert clerk.http.get(path).status_code == 200
        assert counter.agent.stop() == 0
        stick = directory / "stick"
        stick.mkdir()
        taken = facepay("export", "--config", counter.agent.config, "--to", stick, "--all")
        assert taken.returncode == 0, taken.stderr
        assert MARKS["name"] not in taken.stdout + taken.stderr
    return counter


@pytest.mark.parametrize("what", sorted(MARKS))
def test_the_log_holds_nothing_about_a_person(visited: Counter, what: str) -> None:
    log = visited.agent.log.read_text()
    assert '"event": "Appended"' in log
    assert MARKS[what] not in log


def layers(data: bytes) -> Iterator[bytes]:
    """The bytes, and whatever in them is merely compressed."""
    yield data
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        engine = zlib.decompressobj()
        try:
            plain = engine.decompress(data[found.start() :], 1 << 20)
        except zlib.error:
            continue
        if len(plain) > 16:
            yield plain


def holders(folder: Path, mark: str) -> list[str]:
    """The files that hold this text in clear."""
    wanted = [mark.encode(encoding) for encoding in ("utf-8", "utf-16-le", "gb18030")]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file()
        and any(one in layer for layer in layers(path.read_bytes()) for one in wanted)
    ]


@pytest.mark.parametrize("what", sorted(MARKS))
@pytest.mark.parametrize("folder", ["data", "stick"])
def test_no_file_of_the_terminal_and_no_stick_holds_anything_about_a_person_in_clear(
    visited: Counter, folder: str, what: str
) -> None:
    place = visited.directory / folder
    assert len(list(place.iterdir())) > 1 or folder == "data"
    assert holders(place, MARKS[what]) == []


def test_the_canary_sees_what_is_only_compressed(tmp_path: Path) -> None:
    """An opening is compressed before it is locked: without the lock a plain search would be blind."""
    (tmp_path / "a").write_bytes(b"head" + zlib.compress(f"... {PSN_NO} ...".encode() * 3, 6))
    (tmp_path / "b").write_bytes(b"nothing")
    assert holders(tmp_path, PSN_NO) == ["a"]


def test_every_line_of_the_log_is_one_json_object(visited: Counter) -> None:
    assert not [line for line in visited.agent.lines() if "raw" in line]


def test_no_file_of_the_terminal_can_be_read_by_others(visited: Counter) -> None:
    for folder in ("data", "keys"):
        for path in [visited.directory / folder, *(visited.directory / folder).rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path
