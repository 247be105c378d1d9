"""An old copy of the ledger, end to end: the agent's process, SQLite, the real firmware behind a
pty, a broker and the centre. The controller finds it without a network, the centre hears of it,
and the way out is a new epoch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.centre import audit
from sim.centre.books.people import population
from sim.clinic.counter import Clerk, Counter, until

CARD = population(20)[3].cards[0]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Counter]:
    with Counter(tmp_path, "mosquitto") as made:
        yield made


def ledger(place: Counter) -> Path:
    return place.directory / "data"


def start(place: Counter) -> Clerk:
    place.agent.start()
    return Clerk(place)


def new_epoch(place: Counter) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "edge.field.cli", "ledger", "new-epoch", "--records-are-lost",
         "--config", str(place.agent.config)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def serve(desk: Clerk, number: str) -> None:
    """One visit by card, settled."""
    answer = desk.send(number, 2500, "settle")
    assert answer.status_code == 202, answer.text
    assert desk.pay_by_card(answer.json()["bill_id"], CARD, {"settled"})["status"] == "settled"


def old_copy_is_found(place: Counter, desk: Clerk) -> None:
    """Without a network, with nothing taken, and told to the centre when there is one again."""
    until(lambda: desk.status()["service"] == "E-ROL-01", "found without a network")
    until(lambda: desk.screen() == "out_of_service", "and said")
    no = desk.send("R-3", 2500, "settle")
    assert no.status_code == 503 and "E-ROL-01" in no.text
    place.cable.restore()
    desk.online()
    until(
        lambda: "E-ROL-01" in {one[0] for one in audit.incidents(place.made.store, alarms_only=True)},
        "the centre's alarm",
    )
    place.agent.kill()


def test_a_restored_ledger_is_found_offline_and_a_new_epoch_settles_nothing_twice(
    place: Counter,
) -> None:
    desk = start(place)
    desk.online()
    desk.with_board()
    serve(desk, "R-1")
    until(lambda: desk.status()["witness"]["state"] == "vouches", "the witness was introduced")
    seq = desk.status()["head_seq"]
    until(lambda: desk.status()["witness"]["seq"] == seq, "the witness follows")
    assert desk.status()["clock"]["source"] in ("centre", "kernel")
    place.agent.kill()
    shutil.copytree(ledger(place), place.directory / "backup")
    desk = start(place)
    desk.online()
    desk.with_board()
    serve(desk, "R-2")
    until(lambda: desk.status()["witness"]["seq"] > seq, "the witness follows")
    place.agent.kill()
    before = audit.audit(place.made.store).settled

    shutil.rmtree(ledger(place))
    shutil.copytree(place.directory / "backup", ledger(place))
    place.cable.cut()
    desk = start(place)
    old_copy_is_found(place, desk)

    said = new_epoch(place)
    assert "kept as" in said
    desk = start(place)
    desk.online()
    desk.with_board()
    assert desk.status()["service"] == "open"
    until(lambda: desk.status()["witness"]["state"] == "vouches", "the centre's word introduces")
    serve(desk, "R-4")
    assert audit.audit(place.made.store).settled == before + 1
    assert not audit.doubles(place.made.store)
    assert "new_epoch" in {one[0] for one in audit.incidents(place.made.store)}
