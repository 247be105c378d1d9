"""Power cuts: every state the disk may be left in holds exactly the steps up to the last acknowledged one (or one more)."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from sim.crash import images
from sim.crash.cut import LOST, MIXED, Platter, sectors
from sim.crash.script import STEPS, Script, difference
from sim.world.disk import Op

IMAGES = 2000
SEED = 1
WEAK = {
    "synchronous NORMAL": {"synchronous": "normal"},
    "synchronous OFF": {"synchronous": "off"},
    # Unlocked, because under an exclusive lock SQLite only cuts its journal short: the deletion that
    # nobody syncs is the one between two commits.
    "journal DELETE, synchronous FULL": {
        "journal_mode": "delete",
        "locking_mode": "normal",
        "synchronous": "full",
    },
}


def test_no_power_cut_loses_or_halves_an_acknowledged_step() -> None:
    found = list(images.many(IMAGES, SEED, jobs=2))
    assert [fault for one in found for fault in one.faults] == []
    assert sum(one.images for one in found) >= IMAGES
    assert sum(one.commits for one in found) >= 20


@pytest.mark.parametrize("pragmas", WEAK.values(), ids=list(WEAK))
def test_the_harness_sees_what_weaker_settings_lose(pragmas: dict[str, str]) -> None:
    """Must fail: a harness that finds nothing here would prove nothing above."""
    found = images.work(SEED, pragmas)
    assert found.lost > 10, found


def test_the_same_delete_journal_with_its_folder_synced_loses_nothing() -> None:
    """So what is seen above is the deletion that came undone, not the journal."""
    pragmas = {"journal_mode": "delete", "locking_mode": "normal", "synchronous": "extra"}
    found = images.work(SEED, pragmas)
    assert (found.lost, found.damaged) == (0, 0), found.faults
    assert found.images > 100


def test_a_seed_gives_every_image_again_byte_for_byte() -> None:
    first = images.work(SEED, images_max=300)
    assert images.work(SEED, images_max=300) == first
    assert images.work(SEED + 1, images_max=300).digest != first.digest


def test_a_cut_inside_an_upgrade_leaves_no_lock_behind() -> None:
    """Seed 89: the harness held on to the connection with which it had made the old ledger."""
    found = images.work(89, images_max=1)
    assert found.faults == ()


def test_scripts_reach_every_duty_of_the_store() -> None:
    scripts = [Script.drawn(seed, images.STEPS_PER_WORKLOAD) for seed in range(1, 33)]
    done = {step.what for script in scripts for step in script.steps}
    assert done == set(STEPS) - {"bulk"}  # a bulk is a large commit
    assert any(script.books[-1].base for script in scripts), "something was really pruned"


def test_books_that_differ_in_anything_are_told_apart() -> None:
    script = Script(3, ["commit", "answer", "document"] * 14)
    for before, after in zip(script.books, script.books[1:], strict=False):
        assert difference(after, before)


def test_the_command_says_in_its_last_line_what_was_lost() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge.field.cli", "images", "--images", "50", "--seed", "2", "--jobs", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("images ")
    assert last.endswith("· lost 0 · damaged 0")


# -- the model ----------------------------------------------------------------------------------------------------
def test_what_was_synced_stays_and_what_was_not_may_go() -> None:
    disk = Platter()
    for op in (Op("open", "a"), Op("write", "a", 0, b"one"), Op("sync", "a"), Op("write", "a", 3, b"two")):
        disk.feed(op)
    assert disk.kept() == {"a": b"onetwo"}
    assert disk.lost() == {"a": b"one"}
    assert not disk.quiet


def test_a_deletion_that_nobody_synced_may_come_undone() -> None:
    disk = Platter()
    for op in (Op("open", "a"), Op("write", "a", 0, b"x"), Op("sync", "a"), Op("delete", "a")):
        disk.feed(op)
    assert disk.kept() == {}
    assert disk.lost() == {"a": b"x"}
    disk.feed(Op("open", "b"))
    disk.feed(Op("sync", "b"))
    assert disk.lost() == {"b": b""}


def test_a_new_file_that_nobody_synced_may_not_be_there() -> None:
    disk = Platter()
    disk.feed(Op("open", "a"))
    disk.feed(Op("write", "a", 0, b"x"))
    assert disk.lost() == {}


def test_writes_tear_at_sectors_and_change_places() -> None:
    disk, dice = Platter({"a": bytes(2048)}), random.Random(5)
    disk.feed(Op("write", "a", 0, b"1" * 1024))
    disk.feed(Op("write", "a", 512, b"2" * 1024))
    seen = {disk.mixed(dice)["a"] for _ in range(400)}
    parts = {tuple(chr(image[at]) for at in (0, 512, 1024)) for image in seen}
    assert ("1", "1", "2") in parts  # the second write was first, or only half of it came
    assert ("\0", "1", "\0") in parts
    assert ("\0", "2", "\0") in parts
    assert all(len(set(image[at : at + 512])) == 1 for image in seen for at in range(0, len(image), 512))


def test_sectors_are_those_of_the_device_not_of_the_write() -> None:
    assert sectors(500, 600) == [(500, 512), (512, 1024), (1024, 1100)]
    assert sectors(512, 512) == [(512, 1024)]
    assert {LOST, MIXED} < {kind for kind, _ in images._states(_busy(), random.Random(1), 3)}


def _busy() -> Platter:
    disk = Platter({"a": b""})
    disk.feed(Op("write", "a", 0, b"x"))
    return disk
