"""The witness on the controller's flash: only forward, old or new after any power cut, and on the
real MicroPython VM an old copy of a ledger is found without a network."""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError

from edge.core import events as e
from edge.core.effects import Witness as Tell
from edge.core.link_words import Command
from edge.core.types import Head
from edge.wire import frame
from edge.wire.cable import head_text
from firmware.duties import witness
from firmware.duties.witness import GAP_MS, SLOT_BYTES, Witness
from sim.board import SimBoard
from tests.firmware.test_real_link import Host
from tests.flows.kit import Desk, link_lost, link_up, on, policy, tell_story
from tests.flows.test_offline import offline_visit

KEY = bytes(range(32))
IMAGE_BYTES = 16 * 4096


class Memory:
    """Two slots; `fails` makes the flash refuse."""

    def __init__(self) -> None:
        self.slots = [b"", b""]
        self.writes = 0
        self.fails = False

    def read(self, slot: int) -> bytes:
        return self.slots[slot]

    def write(self, slot: int, data: bytes) -> None:
        if self.fails:
            raise OSError(28)
        self.writes += 1
        self.slots[slot] = data


def head(seq: int, epoch: int = 1, fill: int | None = None) -> bytes:
    return struct.pack(frame.WITNESS_FORMAT, epoch, seq, bytes([seq % 256 if fill is None else fill]) * 32)


def said(one: Witness) -> tuple[int, int, int]:
    state, payload = one.report[0], struct.unpack(frame.WITNESS_FORMAT, one.report[1:])
    one.report = b""
    return state, payload[0], payload[1]


def test_it_only_goes_forward_and_says_what_it_holds() -> None:
    flash = Memory()
    one = Witness(flash, KEY)
    assert one.take(b"") and said(one) == (frame.EMPTY, 0, 0)
    assert one.take(head(5))
    assert one.report == b"", "nothing is said before it is written"
    one.tick(0)
    assert said(one) == (frame.HELD, 1, 5)
    for older in (head(4), head(5, fill=9), head(9, epoch=0)):
        assert one.take(older) and said(one) == (frame.BEHIND, 1, 5)
    assert one.take(head(5)) and said(one) == (frame.HELD, 1, 5)
    one.take(head(1, epoch=2))
    one.tick(GAP_MS)
    assert said(one) == (frame.HELD, 2, 1)
    again = Witness(flash, KEY)
    assert again.held[:2] == (2, 1)
    assert not one.take(b"short") and not one.take(head(9) + b"x")


def test_writes_are_a_second_apart_and_only_the_newest_waits() -> None:
    flash = Memory()
    one = Witness(flash, KEY)
    for now in range(0, 10_000, 10):
        one.take(head(now + 1))
        one.tick(now)
    assert flash.writes == 10_000 // GAP_MS
    one.tick(10_000)
    assert one.held[1] == 9_991


def test_a_slot_that_is_torn_anywhere_leaves_the_one_before() -> None:
    flash = Memory()
    one = Witness(flash, KEY)
    for seq in (1, 2):
        one.take(head(seq))
        one.tick(seq * GAP_MS)
    newest = flash.slots.index(max(flash.slots, key=lambda data: data[8:12]))
    whole = flash.slots[newest]
    for cut in range(SLOT_BYTES):
        flash.slots[newest] = whole[:cut]
        assert Witness(flash, KEY).held[1] == 1
    for at in range(SLOT_BYTES):
        flash.slots[newest] = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        assert Witness(flash, KEY).held[1] == 1
    flash.slots[newest] = whole
    assert Witness(flash, KEY).held[1] == 2


def test_a_controller_that_was_paired_anew_knows_nothing_of_its_new_terminal() -> None:
    flash = Memory()
    one = Witness(flash, KEY)
    one.take(head(7))
    one.tick(0)
    assert Witness(flash, bytes(32)).held is None


def test_flash_that_fails_is_said_and_the_old_value_stays() -> None:
    flash = Memory()
    one = Witness(flash, KEY)
    one.take(head(1))
    one.tick(0)
    said(one)
    flash.fails = True
    one.take(head(2))
    one.tick(GAP_MS)
    assert said(one) == (frame.FAILED, 1, 1)


# -- littlefs as it is on the board, cut at every write of the flash -------------------------------
class Flash(UserContext):
    """NOR flash that writes down what is done to it: (offset, bytes) of each program and erase."""

    def __init__(self, buffer: bytearray) -> None:
        super().__init__(buffer=buffer)
        self.log: list[tuple[int, bytes]] = []

    def prog(self, cfg, block, off, data):  # type: ignore[no-untyped-def]
        self.log.append((block * cfg.block_size + off, bytes(data)))
        return super().prog(cfg, block, off, data)

    def erase(self, cfg, block):  # type: ignore[no-untyped-def]
        self.log.append((block * cfg.block_size, b"\xff" * cfg.block_size))
        return super().erase(cfg, block)


class Files:
    """firmware/io/slots.py on the littlefs of the host."""

    def __init__(self, flash: Flash, *, fresh: bool = False) -> None:
        self.fs = LittleFS(
            context=flash,
            block_size=4096,
            block_count=IMAGE_BYTES // 4096,
            prog_size=256,
            mount=False,
        )
        if fresh:
            self.fs.format()
        self.fs.mount()

    def read(self, slot: int) -> bytes:
        try:
            with self.fs.open(f"/witness{slot}", "rb") as file:
                return bytes(file.read())
        except (LittleFSError, FileNotFoundError):
            return b""

    def write(self, slot: int, data: bytes) -> None:
        with self.fs.open(f"/witness{slot}", "wb") as file:
            file.write(data)


def test_a_power_cut_at_any_write_of_the_flash_leaves_the_old_or_the_new_value() -> None:
    """The real littlefs, cut before, half way through and after each program and erase."""
    rng = random.Random(7)
    flash = Flash(bytearray(b"\xff" * IMAGE_BYTES))
    one = Witness(Files(flash, fresh=True), KEY)
    images = 0
    for seq in range(1, 41):
        image = bytearray(flash.buffer)
        flash.log.clear()
        one.take(head(seq))
        one.tick(seq * GAP_MS)
        assert flash.log and one.held[1] == seq
        for at, data in flash.log:
            half = bytearray(image)
            part = rng.randrange(len(data) + 1)
            half[at : at + part] = data[:part]
            image[at : at + len(data)] = data
            for torn in (half, image):
                found = Witness(Files(Flash(bytearray(torn))), KEY).held
                assert (found[1] if found else 0) in (seq - 1, seq), (seq, at, part)
                images += 1
        assert Witness(Files(Flash(image)), KEY).held[1] == seq
    assert images >= 80


# -- on the VM -------------------------------------------------------------------------------------
@pytest.fixture
def board(tmp_path: Path) -> Iterator[SimBoard]:
    with SimBoard(tmp_path / "board") as one:
        yield one


def ask(host: Host, text: str = "") -> e.Witnessed:
    before = len(host.events)
    host.step(Command("witness", text))
    host.until(
        lambda: any(isinstance(x, e.Witnessed) for x in host.events[before:]), "the witness's word"
    )
    return next(x for x in host.events[before:] if isinstance(x, e.Witnessed))


def test_on_the_vm_the_witness_outlives_a_reset_and_a_loss_of_power(tmp_path: Path) -> None:
    text = head_text(3, 2**40, b"\xab" * 32)
    place = tmp_path / "board"
    with SimBoard(place) as board:
        host = Host(board, board.key)
        host.up()
        assert ask(host).state == "empty"
        assert ask(host, text) == e.Witnessed("held", Head(3, 2**40, b"\xab" * 32))
        assert ask(host, head_text(3, 5, bytes(32))).state == "behind"
        board.reset()
        host.until(lambda: len(host.ups()) == 2, "up again")
        assert ask(host).head.seq == 2**40
        host.close()
    with SimBoard(place) as board:  # power off, the firmware flashed again, power on
        host = Host(board, board.key)
        host.up()
        assert ask(host) == e.Witnessed("held", Head(3, 2**40, b"\xab" * 32))
        host.close()
    assert witness.SLOTS == 2


def test_on_the_vm_an_old_copy_of_the_ledger_is_found_without_a_network(board: SimBoard) -> None:
    """The real core on a desk, the real firmware, an old copy of the card."""
    d = tell_story(Desk(policy("P1")), link_up, lambda d: d.answer(), link_lost)
    host = Host(board, board.key)

    def serve(done: int) -> int:
        """Carry words between desk and controller until nothing is under way."""
        while done < len(d.effects):
            effect = d.effects[done]
            done += 1
            if not isinstance(effect, Tell):
                continue
            told = effect.head
            word = ask(host, head_text(told.epoch, told.seq, told.hash) if told else "")
            held = word.head
            mine = held.epoch == 1 and held.seq <= len(d.ledger)
            d.post(e.Witnessed(word.state, held, d.hash_of(held.seq) if mine else b""))
        return done

    host.up()
    done = len(d.effects)
    d.post(e.BoardUp(host.ups()[0]))
    done = serve(done)
    offline_visit(d, "N1")
    done = serve(done)
    old = copy.deepcopy((d.docs, d.ledger, d.drafts, d.decided))
    offline_visit(d, "N2", card="B2")
    serve(done)
    assert ask(host).head == Head(1, 2, d.hash_of(2))
    d.docs, d.ledger, d.drafts, d.decided = old
    d.boot()
    done = len(d.effects)
    d.post(e.BoardUp(host.ups()[0]))
    serve(done)
    tell_story(d, on("out_of_service", code="E-ROL-01"))
    host.close()
