"""The two application slots: the machine that chooses, the manifest it believes, and the power cut at
every flash write of an upgrade, on a real littlefs in the real VM."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.wire import slot_manifest
from firmware import slots
from firmware.slots import TRIES_MAX, Board, State
from sim.board.chip import flash_image, micropython

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(32))
PHASES = (slots.FRESH, slots.TRIAL, slots.PROVED)
INPUTS = (
    slots.BOOT, slots.BAD, slots.BEGIN, slots.INSTALL, slots.CONFIRM, slots.CRASH, slots.LOOKED,
)  # fmt: skip
ARGUMENT: dict[int, Any] = {
    slots.BAD: slots.HASH, slots.INSTALL: b"checked!", slots.CONFIRM: (1, 2, 3),
}  # fmt: skip


def program(version: str, salt: str = "") -> dict[str, bytes]:
    """A small program; every file differs from version to version."""
    return {
        "firmware/start.py": f"VERSION = {version!r}{salt}\n".encode() * 40,
        "firmware/link.py": f"# {version} {salt}\n".encode() * 200,
        "firmware/io/ring.py": f"# {version} ring {salt}\n".encode(),
        "edge/wire/frame.py": f"# {version} frame {salt}\n".encode() * 90,
    }


def put(root: Path, files: dict[str, bytes]) -> None:
    for place, data in files.items():
        path = root / place.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def slot(where: str, version: str, *, key: bytes = KEY, **options: bool) -> dict[str, bytes]:
    return flash_image.slot_files(where, program(version), version, key, **options)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A board with version 0.2.0 in /a, proved."""
    put(tmp_path, {"/key": KEY, **slot("/a", "0.2.0")})
    board = Board(str(tmp_path))
    assert board.choose() == "/a"
    board.confirm("/a")
    return tmp_path


def upgraded(root: Path, files: Callable[[str], dict[str, bytes]]) -> str:
    """What the flasher does; what the board says to it."""
    where = Board(str(root)).begin()
    put(root, files(where))
    return Board(str(root)).install()


# -- the machine ------------------------------------------------------------------------------------
def test_every_phase_has_an_answer_to_every_input() -> None:
    assert set(slots.TABLE) == set(INPUTS)
    for phase, kind in itertools.product(PHASES, INPUTS):
        for active, tries in itertools.product((0, 1), range(TRIES_MAX + 1)):
            before = State(phase, active, tries, 0, (0, 1, 0), bytes(8))
            after = slots.step(before, kind, ARGUMENT.get(kind))
            assert after.phase in PHASES
            assert after.active in (0, 1)
            assert 0 <= after.tries <= TRIES_MAX
            assert slots.unpack(slots.pack(after, 7)) is not None


@given(st.lists(st.sampled_from(INPUTS), max_size=60))
def test_what_was_proved_last_stays_what_a_fallback_falls_back_to(kinds: list[int]) -> None:
    state, proved = slots.fresh(), None
    for kind in kinds:
        if kind == slots.BAD and state.phase == slots.PROVED:
            continue  # the proved slot itself is broken: nothing to promise
        before = state
        state = slots.step(state, kind, ARGUMENT.get(kind))
        if kind == slots.CONFIRM and before.phase != slots.PROVED:
            proved = state.active
        if state.phase == slots.TRIAL and proved is not None:
            assert state.active != proved, "a trial never runs in the slot that works"
        if state.phase == slots.PROVED:
            assert state.active == proved


@given(st.binary(max_size=64))
def test_a_state_of_anybody_else_is_none(data: bytes) -> None:
    assert slots.unpack(data) is None


def test_a_torn_or_flipped_state_is_never_taken() -> None:
    good = slots.pack(State(slots.TRIAL, 1, 2, 0, (0, 1, 0), b"12345678"), 9)
    for at in range(len(good)):
        assert slots.unpack(good[:at]) is None
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            assert slots.unpack(bytes(bad)) is None


def test_the_mac_is_hmac_sha256_under_a_key_of_its_own() -> None:
    sub = hmac.digest(KEY, slots.MAC_LABEL, "sha256")
    wanted = hmac.digest(sub, hashlib.sha256(b"manifest").digest(), "sha256").hex().encode()
    assert slots.mac_of(KEY, b"manifest") == wanted


# -- a board ----------------------------------------------------------------------------------------
def test_an_upgrade_runs_on_trial_until_it_confirms_itself(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    assert Board(str(root)).choose() == "/b"
    Board(str(root)).confirm("/b")
    for _ in range(2 * TRIES_MAX):
        assert Board(str(root)).choose() == "/b"
    told = Board(str(root)).describe()
    assert (told["phase"], told["floor"], told["why"]) == ("proved", "0.3.0", "")
    assert told["slots"]["/a"]["version"] == "0.2.0"


def test_a_program_that_never_confirms_is_left_after_its_tries(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    started = [Board(str(root)).choose() for _ in range(TRIES_MAX + 3)]
    assert started == ["/b"] * TRIES_MAX + ["/a"] * 3
    assert Board(str(root)).describe()["why"] == "unconfirmed"


def test_the_tries_start_anew_with_every_installation(root: Path) -> None:
    for _ in range(3):
        assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
        assert [Board(str(root)).choose() for _ in range(TRIES_MAX)] == ["/b"] * TRIES_MAX


def test_the_program_in_the_other_slot_cannot_confirm_the_one_on_trial(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    Board(str(root)).confirm("/a")
    assert Board(str(root)).describe()["phase"] == "trial"


def _wrong_key(where: str) -> dict[str, bytes]:
    return slot(where, "0.3.0", key=bytes(32))


def _half(where: str) -> dict[str, bytes]:
    files = slot(where, "0.3.0")
    return files | {f"{where}/firmware/link.py": files[f"{where}/firmware/link.py"][:-1]}


def _without(where: str) -> dict[str, bytes]:
    files = slot(where, "0.3.0")
    del files[f"{where}/manifest.json"]
    return files


def _shadow(where: str) -> dict[str, bytes]:
    return slot(where, "0.3.0") | {f"{where}/firmware/link/__init__.py": b""}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (_wrong_key, "mac"),
        (_half, "hash"),
        (_without, "manifest"),
        (_shadow, "extra"),
        (lambda where: slot(where, "0.1.9"), "older"),
    ],
)
def test_what_is_not_whole_vouched_for_and_newer_never_starts(
    root: Path, files: Callable[[str], dict[str, bytes]], why: str
) -> None:
    assert upgraded(root, files) == why
    assert Board(str(root)).choose() == "/a"


@pytest.mark.parametrize(("files", "why"), [(_wrong_key, "mac"), (_half, "hash")])
def test_a_slot_that_changes_on_trial_is_found_at_the_next_start(
    root: Path, files: Callable[[str], dict[str, bytes]], why: str
) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    assert Board(str(root)).choose() == "/b"
    put(root, files("/b"))
    assert Board(str(root)).choose() == "/a"
    assert Board(str(root)).describe()["why"] == why


def test_an_older_version_starts_only_when_the_signed_manifest_says_so(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.1.0")) == "older"
    assert upgraded(root, lambda where: slot(where, "0.1.0", downgrade=True)) == ""
    assert Board(str(root)).choose() == "/b"
    Board(str(root)).confirm("/b")
    assert Board(str(root)).describe()["floor"] == "0.1.0"


def test_the_way_back_is_open_only_to_a_slot_that_is_right_to_the_byte(root: Path) -> None:
    assert Board(str(root)).back() == "manifest", "there is no other version yet"
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    assert Board(str(root)).choose() == "/b"
    Board(str(root)).confirm("/b")
    good = (root / "a/firmware/link.py").read_bytes()
    put(root, {"/a/firmware/link.py": good[:-1]})
    assert Board(str(root)).back() == "hash"
    assert Board(str(root)).choose() == "/b"
    put(root, {"/a/firmware/link.py": good})
    assert Board(str(root)).back() == ""
    for _ in range(2 * TRIES_MAX):
        assert Board(str(root)).choose() == "/a"
    told = Board(str(root)).describe()
    assert (told["phase"], told["why"], told["floor"]) == ("proved", "given_up", "0.3.0")


def test_a_trial_that_is_given_up_goes_back_to_what_was_proved(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    assert Board(str(root)).choose() == "/b"
    assert Board(str(root)).back() == ""
    assert Board(str(root)).choose() == "/a"


def test_a_start_that_a_flasher_stopped_is_no_failed_try(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    for _ in range(3 * TRIES_MAX):
        assert Board(str(root)).choose() == "/b"
        Board(str(root)).looked()
    Board(str(root)).looked()  # once too often gives no try away
    started = [Board(str(root)).choose() for _ in range(TRIES_MAX + 1)]
    assert started == ["/b"] * TRIES_MAX + ["/a"]
    before = Board(str(root)).state.parts()
    Board(str(root)).looked()
    assert Board(str(root)).state.parts() == before, "what is proved has no tries"


def test_a_proved_slot_is_checked_again_after_its_program_crashed(root: Path) -> None:
    assert upgraded(root, lambda where: slot(where, "0.3.0")) == ""
    assert Board(str(root)).choose() == "/b"
    Board(str(root)).confirm("/b")
    put(root, {"/b/firmware/start.py": b"rotten"})
    assert Board(str(root)).choose() == "/b", "a normal start does not read every byte"
    Board(str(root)).crashed()
    assert Board(str(root)).choose() == "/a"


def test_a_normal_start_writes_nothing(root: Path) -> None:
    before = [(p, p.read_bytes()) for p in (root / "slot0", root / "slot1") if p.exists()]
    for _ in range(5):
        assert Board(str(root)).choose() == "/a"
    assert before == [(p, p.read_bytes()) for p, _ in before]


def test_without_any_slot_there_is_no_answer_and_no_error(tmp_path: Path) -> None:
    assert Board(str(tmp_path)).choose() == ""
    assert Board(str(tmp_path)).describe()["slots"] == {"/a": None, "/b": None}
    assert upgraded(tmp_path, lambda where: slot(where, "0.1.0")) == ""
    assert Board(str(tmp_path)).choose() == "/a"


def test_an_upgrade_before_the_first_confirmation_keeps_the_factory_s_program(
    tmp_path: Path,
) -> None:
    put(tmp_path, {"/key": KEY, **slot("/a", "0.1.0")})
    assert Board(str(tmp_path)).choose() == "/a"
    assert upgraded(tmp_path, lambda where: slot(where, "0.2.0")) == ""
    started = [Board(str(tmp_path)).choose() for _ in range(TRIES_MAX + 1)]
    assert started == ["/b"] * TRIES_MAX + ["/a"]


@pytest.mark.parametrize("seed", range(20))
def test_a_manifest_of_rubbish_is_no_manifest(seed: int) -> None:
    rng = random.Random(seed)
    good = bytearray(slot_manifest.make("1.2.3", program("1.2.3")))
    slots.Manifest(bytes(good))
    for _ in range(200):
        bad = bytearray(good)
        for _ in range(rng.randrange(1, 8)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        try:
            slots.Manifest(bytes(bad[: rng.randrange(len(bad) + 1)]))
        except ValueError:
            continue


# -- the power --------------------------------------------------------------------------------------
def test_a_power_cut_at_any_flash_write_of_an_upgrade_leaves_the_old_or_the_new_version(
    tmp_path: Path,
) -> None:
    builds = []
    for name, version in (("old", "0.2.0"), ("new", "0.3.0")):
        _root, real, _version = flash_image.firmware_files()
        real = {path: data + f"# {version}\n".encode() for path, data in real.items()}
        builds.append(slot_manifest.build_of(real))
        files = flash_image.slot_files("/a", real, version, KEY)
        put(tmp_path / name, {place.removeprefix("/a/"): data for place, data in files.items()})
    command = [str(micropython.find()), "-X", "heapsize=8m"]
    command += [str(Path(__file__).with_name("vm_cut.py")), str(ROOT), str(tmp_path), KEY.hex()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["writes"] > 60, "every write of the upgrade is one that was cut"
    after = {cut: build for cut, _done, build, _whole, _bad in told["seen"]}
    assert set(after.values()) == set(builds), "both happen, and nothing else"
    assert all(whole and not bad for _cut, _done, _build, whole, bad in told["seen"])
    new = [cut for cut, build in after.items() if build == builds[1]]
    assert min(new) > max(cut for cut, build in after.items() if build == builds[0])
