"""After the end: a copy of the ledger, stolen some time ago together with the keys, is put back or
runs on a second device.

Nobody can stop a copy with the same keys from signing. What must hold: whichever of the two comes
second with a number that is taken is refused, the centre raises the alarm, what the centre settled
stays settled once, and a terminal that meets a centre which knows more than it does stops."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim import invariants
from sim.centre import audit
from sim.invariants import Watch
from sim.world.board import Board
from sim.world.people import His, Patients
from sim.world.terminal import VirtualTerminal
from sim.world.time import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from sim.world import World

FORK_ALARMS = frozenset({"fork", "chain_broken"})
BILLS = 2


def play(world: World, folder: Path) -> None:
    """The original works or sleeps, the copy works, the original works again."""
    dice = world.thief_dice
    folder.mkdir()
    for name, content in world.stolen.items():
        (folder / name).write_bytes(content)
    world.time.note(f"a copy of {len(world.stolen)} files comes to life")
    world.net.noise_at_ms.clear()
    before = audit.settled_bills(world.made.store)
    original, watch = world.device, Watch(world.time)
    same_board = dice.random() < 0.5  # put back on this device, or run on another
    copy = world.build(folder, watch, world.board if same_board else Board("board-2"), "thief")
    watch.restored_at_ms = [world.time.now_ms]  # it may find the centre ahead of it
    world.watch.restored_at_ms.append(world.time.now_ms)
    try:
        if dice.random() < 0.5:
            _work(world, original, "A")
        _rest(world, original)
        copy.take_the_line()
        witnessed = world.board.held.seq if same_board and world.board.held else 0
        copy.boot()
        began_at = copy.store.head.seq
        _work(world, copy, "T")
        if began_at < witnessed:
            _was_seen(world, copy, began_at)
        _rest(world, copy)
        original.take_the_line()
        original.boot()
        _work(world, original, "B")
        _check(world, original, copy, before)
    finally:
        copy.closing = True
        copy.switch_off()
        copy.disk.remove()


def _was_seen(world: World, copy: VirtualTerminal, began_at: int) -> None:
    """The controller has seen more records than this old copy has."""
    world.time.counts["old copy, witnessed"] += 1
    if not copy.rolled_code():
        world.time.violated("seen", f"a copy of record {began_at} was put back, and works")
    elif copy.store.head.seq > began_at:
        world.time.violated("seen", f"an old copy has signed record {copy.store.head.seq}")


def _work(world: World, device: VirtualTerminal, name: str) -> None:
    """Some bills, two hours."""
    Patients(world.time, device, world.people, world.templates)
    his = His(world.time, device, name)
    for number in range(BILLS):
        world.time.at(number * 5 * MINUTE_MS + MINUTE_MS, his.patient_comes)
    world.time.run(world.time.now_ms + 2 * HOUR_MS)


def _rest(world: World, device: VirtualTerminal) -> None:
    device.stop()
    world.time.run(world.time.now_ms + 5 * MINUTE_MS)


def _check(
    world: World,
    original: VirtualTerminal,
    copy: VirtualTerminal,
    before: dict[str, tuple[str, int, int, int]],
) -> None:
    """What two devices with one name may not do."""
    violated = world.time.violated
    invariants.check_centre(world)
    now = audit.settled_bills(world.made.store)
    for bill_no, settled in before.items():
        if now.get(bill_no, settled) != settled:
            violated("once", f"{bill_no} was settled as {settled} and then as {now[bill_no]}")
    ours, theirs = original.watch.acked, copy.watch.acked
    forked = [seq for seq in ours if theirs.get(seq, ours[seq]) != ours[seq]]
    codes = {code for code, *_ in audit.incidents(world.made.store, alarms_only=True)}
    if forked:
        world.time.counts["fork"] += 1
        if not codes & FORK_ALARMS:
            violated("seen", f"two records {forked[0]}, and the centre has no alarm")
        if not (original.watch.stopped or copy.watch.stopped):
            violated("seen", f"two records {forked[0]}, and no terminal stopped")
