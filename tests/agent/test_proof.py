"""`facepay bundle` and `facepay verify` as somebody types them, on a real clinic."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.suites import es256
from sim.clinic.counter import Clerk, Counter
from tests.agent.test_process import CARDS, ENDS

ROOT = Path(__file__).resolve().parents[2]


def facepay(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.field.cli", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A clinic whose API has the port that its configuration says."""
    with socket.socket() as free, Counter(tmp_path / "clinic", "mosquitto") as made:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        made.write_config(http={"port": port})
        made.agent.start()
        yield made


def test_a_clinic_proves_a_bill_with_one_file_also_when_the_terminal_is_off(
    counter: Counter, tmp_path: Path
) -> None:
    desk = Clerk(counter)
    desk.online()
    desk.with_board()
    bill_id = desk.send("PROOF-1", 1500, "settle").json()["bill_id"]
    assert desk.pay_by_card(bill_id, CARDS[0], ENDS)["status"] == "settled"
    centre, config = counter.made.sign_key, counter.agent.config
    running = tmp_path / "running.facepay"
    done = facepay("bundle", "PROOF-1", "--config", config, "-o", running)
    assert done.returncode == 0, done.stderr
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(es256.public_pem(es256.generate_sign_key().public_key()))
    refused = facepay("verify", running, "--centre-key", centre, "--terminal-key", stranger)
    assert refused.returncode == 1
    assert "E-PRF-05" in refused.stdout
    said = facepay("verify", running, "--centre-key", centre)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "PROVEN" in said.stdout
    assert "PROOF-1" in said.stdout

    assert counter.agent.stop() == 0
    off = tmp_path / "off.facepay"
    assert facepay("bundle", bill_id, "--config", config, "-o", off).returncode == 0
    page = tmp_path / "page.html"
    judged = facepay(
        "verify", off, "--centre-key", counter.made.cert, "--json", "--html", page, "--lang", "zh-CN"
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr
    told = json.loads(judged.stdout)
    assert (told["verdict"], told["bill_no"], told["outcome"]) == ("proven", "PROOF-1", "settled")
    assert "已证实" in page.read_text()

    bad = bytearray(off.read_bytes())
    bad[len(bad) // 2] ^= 1
    off.write_bytes(bytes(bad))
    assert facepay("verify", off, "--centre-key", centre).returncode in (1, 2)
    missing = facepay("bundle", "NEVER-1", "--config", config, "-o", off)
    assert missing.returncode == 2
    assert "E-PRF-08" in missing.stderr
