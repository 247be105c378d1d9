"""An old copy of the ledger beside a TPM, end to end: the agent's process, SQLite, tpm2-tools and a
TPM in software, a broker and the centre."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.centre import audit
from sim.clinic.counter import Clerk, Counter, until
from sim.tpm import SoftTpm
from tests.agent.test_rollback import ledger, new_epoch, old_copy_is_found, serve


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Counter]:
    with Counter(tmp_path, "mosquitto") as made:
        yield made


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[SoftTpm]:
    with SoftTpm(tmp_path / "tpm") as one:
        yield one


def start(place: Counter, chip: SoftTpm) -> Clerk:
    place.write_config(witness={"driver": "tpm", "tcti": chip.tcti})
    place.agent.start()
    return Clerk(place)


def test_a_ledger_restored_beside_a_tpm_is_found_offline_and_a_new_epoch_goes_on(
    place: Counter, chip: SoftTpm
) -> None:
    desk = start(place, chip)
    until(lambda: desk.status()["counter"]["state"] == "vouches", "the counter was made")
    desk.online()
    desk.with_board()
    serve(desk, "R-1")
    place.agent.kill()
    shutil.copytree(ledger(place), place.directory / "backup")
    desk = start(place, chip)
    desk.online()
    desk.with_board()
    until(lambda: desk.status()["counter"]["state"] == "vouches", "a power cut is no rollback")
    serve(desk, "R-2")
    seq = desk.status()["head_seq"]
    place.cable.cut()
    until(lambda: desk.status()["counter"]["seq"] == seq, "it rises when the network goes")
    place.agent.kill()
    before = audit.audit(place.made.store).settled

    shutil.rmtree(ledger(place))
    shutil.copytree(place.directory / "backup", ledger(place))
    chip.power_off()
    chip.power_on()
    desk = start(place, chip)
    old_copy_is_found(place, desk)

    assert "kept as" in new_epoch(place)
    desk = start(place, chip)
    desk.online()
    desk.with_board()
    assert desk.status()["service"] == "open"
    until(lambda: desk.status()["counter"]["state"] == "vouches", "the centre's word introduces")
    serve(desk, "R-4")
    assert audit.audit(place.made.store).settled == before + 1
    assert not audit.doubles(place.made.store)


def test_a_tpm_without_power_is_said_at_the_start_and_payments_online_go_on(
    place: Counter, chip: SoftTpm
) -> None:
    chip.power_off()
    desk = start(place, chip)
    until(lambda: desk.status()["counter"]["state"] == "E-ROL-07", "said")
    assert desk.status()["witness"]["state"] == "E-ROL-07"
    desk.online()
    desk.with_board()
    serve(desk, "R-1")
