"""Records that travel by hand, with real processes: a dead network, a stick, the centre's import, the
answers back; later the link is there again and nothing is doubled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.centre.audit import audit, doubles
from sim.centre.books.people import population
from sim.clinic.counter import Clerk, Counter, until
from sim.net.brokers import free_port

ROOT = Path(__file__).resolve().parents[2]
CARDS = [person.cards[0] for person in population(20)]
SLOW_BACK_OFF_MS = 300_000


def command(*words: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, input=stdin,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def facepay(*words: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return command("edge.field.cli", *words, stdin=stdin)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with Counter(tmp_path_factory.mktemp("by-hand"), "mosquitto") as made:
        (made.directory / "stick").mkdir()
        yield made


def configured(counter: Counter, **broker: object) -> Path:
    sections = {
        "http": {"port": free_port()},
        "export": {"directory": str(counter.directory / "stick")},
        "broker": broker,
    }
    return counter.write_config(**sections)


def unanswered(counter: Counter, desk: Clerk, number: str) -> str:
    """A bill that is on record and that no centre has heard of."""
    bill_id = desk.send(number, 1100, "settle").json()["bill_id"]
    desk.up_to_confirm(CARDS[3])
    counter.kill_centre()
    desk.press("confirm")
    until(lambda: desk.bill(bill_id)["status"] in {"confirming", "provisional"}, "unknown")
    return bill_id


def test_a_stick_brings_the_records_there_and_the_receipts_back_and_nothing_doubles(
    counter: Counter,
) -> None:
    config, stick = configured(counter), counter.directory / "stick"
    counter.agent.start()
    desk = Clerk(counter)
    desk.online()
    desk.with_board()
    bill_id = unanswered(counter, desk, "H-1")
    counter.cable.cut()
    until(lambda: desk.status()["net"] == "down", "cut")

    wiped = facepay("reset", "--config", config, "--yes")
    assert (wiped.returncode, "E-STO-04" in wiped.stderr) == (5, True)  # the agent has the ledger
    elsewhere = facepay("export", "--config", config, "--to", counter.directory)
    assert (elsewhere.returncode, "E-EXP-02" in elsewhere.stderr) == (4, True)
    done = facepay("export", "--config", config, "--to", stick)
    assert done.returncode == 0, done.stderr
    assert "read back and right" in done.stdout
    (manifest,) = stick.glob("*.fpm")

    said = command("sim.centre", "import", "--config", counter.made.config, "--answers", stick, manifest)
    assert said.returncode == 0, said.stdout + said.stderr
    assert audit(counter.made.store).faults == ()
    (answers,) = stick.glob("*.fpa")
    back = facepay("import-answers", answers, "--config", config)
    assert back.returncode == 0, back.stderr
    assert "1 of 1 answers were news" in back.stdout
    assert desk.status()["net"] == "down"
    until(lambda: desk.bill(bill_id)["status"] == "settled", "settled without any network")
    again = facepay("import-answers", answers, "--config", config)
    assert "0 of 1 answers were news" in again.stdout
    nothing = facepay("export", "--config", config, "--to", stick)
    assert "nothing waits" in nothing.stdout

    heard = desk.status()["link"]["heard_utc_ms"]
    counter.start_centre()
    counter.cable.restore()
    until(lambda: desk.status()["link"]["heard_utc_ms"] > heard, "the centre is back")
    more = desk.send("H-2", 900, "settle").json()["bill_id"]
    desk.press("done")
    assert desk.pay_by_card(more, CARDS[4], {"settled"})["status"] == "settled"
    assert desk.status()["waiting"] == 0
    assert audit(counter.made.store).faults == ()
    assert doubles(counter.made.store) == []
    assert [line.seq for line in audit(counter.made.store).lines] == [1, 2]
    assert counter.agent.stop() == 0


def test_a_stopped_terminal_is_exported_and_only_then_wiped(counter: Counter) -> None:
    config = configured(counter)
    counter.agent.start()
    desk = Clerk(counter)
    desk.online()
    desk.with_board()
    unanswered(counter, desk, "H-3")
    assert counter.agent.stop() == 0
    refused = facepay("reset", "--config", config, "--yes")
    assert (refused.returncode, "E-FLD-01" in refused.stderr) == (3, True)
    assert "facepay export" in refused.stderr
    place = counter.directory / "anywhere"  # nobody's sandbox: we open the ledger ourselves
    place.mkdir()
    done = facepay("export", "--config", config, "--to", place)
    assert done.returncode == 0, done.stderr
    (manifest,) = place.glob("*.fpm")
    keys = counter.directory / "keys"
    fresh = facepay("keys", "create", keys, "--config", config)
    assert (fresh.returncode, "E-FLD-04" in fresh.stderr) == (3, True)
    unsure = facepay("reset", "--config", config, "--exported", manifest, stdin="")
    assert (unsure.returncode, "E-FLD-03" in unsure.stderr) == (3, True)
    assert keys.is_dir()
    gone = facepay("reset", "--config", config, "--exported", manifest, "--yes")
    assert gone.returncode == 0, gone.stderr
    assert not keys.exists()
    assert not (counter.directory / "data" / "ledger.db").exists()
    counter.start_centre()
    said = command(
        "sim.centre", "import", "--config", counter.made.config, "--answers", place, manifest
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert doubles(counter.made.store) == []  # what was wiped is at the centre
    assert "H-3" in {line.bill_no for line in audit(counter.made.store).lines}
    assert facepay("keys", "create", keys, "--config", config).returncode == 0


def test_sync_now_forgets_the_back_off_and_says_why_when_it_cannot(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Counter(tmp_path_factory.mktemp("sync"), "mosquitto") as counter:
        slow = {
            "reconnect_spread_ms": SLOW_BACK_OFF_MS,
            "reconnect_base_ms": SLOW_BACK_OFF_MS,
            "reconnect_cap_ms": SLOW_BACK_OFF_MS,
        }
        config = configured(counter, **slow)
        counter.agent.start()
        desk = Clerk(counter)
        desk.online()
        desk.with_board()
        drained = facepay("sync", "--now", "--config", config)
        assert (drained.returncode, "0 records wait" in drained.stdout) == (0, True)
        unanswered(counter, desk, "S-1")
        silent = facepay("sync", "--now", "--config", config, "--timeout", 1)
        assert silent.returncode == 3
        assert "the centre has not answered" in silent.stderr
        counter.cable.cut()
        until(lambda: desk.status()["net"] == "down", "cut")
        cut = facepay("sync", "--config", config, "--timeout", 1)
        assert cut.returncode == 3
        assert "no network (E-NET-" in cut.stderr
        told = facepay("status", "--config", config)
        assert "waiting    1 records, 11.00 yuan" in told.stdout
        assert "network    down: no network" in told.stdout
        counter.cable.restore()
        counter.start_centre()
        done = facepay("sync", "--now", "--config", config, "--timeout", 40)  # not five minutes
        assert done.returncode == 0, done.stderr
        assert desk.status()["waiting"] == 0
        assert counter.agent.stop() == 0
        dead = facepay("sync", "--now", "--config", config)
        assert (dead.returncode, "E-SYS-06" in dead.stderr) == (6, True)
