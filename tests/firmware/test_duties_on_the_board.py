"""The duties on a whole board: the host's link machine, the pty, the real VM, the pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from edge.core.events import BoardHealth, BoardLine, CodeSeen, Emitted, Lit, Nearby, Tampered
from edge.core.link_words import Arrived, Command
from edge.wire import frame
from edge.wire.cable import challenge_text, clear_text, emit_text
from firmware.boards import sim as wiring
from firmware.duties.emitters import LIMITS
from sim.board import SimBoard
from tests.firmware.test_real_link import Host


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimBoard]:
    with SimBoard(tmp_path_factory.mktemp("board")) as one:
        yield one


@pytest.fixture
def host(board: SimBoard) -> Iterator[Host]:
    one = Host(board, board.key)
    one.up()
    yield one
    one.close()


def last(host: Host, kind: type) -> Any:
    found = [event for event in host.events if isinstance(event, kind)]
    return found[-1] if found else None


def history(board: SimBoard, pin: int) -> list[list[int]]:
    pins: dict[str, list[list[int]]] = board.control.ask("pins")["pins"]
    return pins.get(str(pin), [])


def test_hello_says_which_duties_there_are_and_which_slot_runs(host: Host) -> None:
    info = host.ups()[0]
    assert info["caps"] == frame.CAPS
    assert info["slot"] == "a"
    assert info["trial"] is False


def test_a_session_begins_with_everything_the_host_cannot_know(host: Host) -> None:
    host.until(lambda: all(last(host, k) for k in (Tampered, Nearby, BoardHealth)), "three reports")
    host.until(lambda: last(host, BoardHealth).free_bytes > 0, "memory")
    told = last(host, BoardHealth)
    assert 4900 < told.supply_mv < 5100
    assert 250 < told.deci_c < 290
    assert not set(told.limits) - {"slow"}  # the test machine may be


def test_a_supply_that_sinks_is_said_at_once(board: SimBoard, host: Host) -> None:
    host.until(lambda: last(host, BoardHealth), "a first report")
    board.control.ask("drive", pin=3, level=27000, analog=True)
    host.until(lambda: "supply_low" in last(host, BoardHealth).limits, "the limit")
    board.control.ask("drive", pin=3, level=33100, analog=True)
    host.until(lambda: "supply_low" not in last(host, BoardHealth).limits, "healthy again")


def test_the_noise_on_both_ends_of_the_cable_is_counted_and_told(
    board: SimBoard, host: Host
) -> None:
    host.fly(True, b"\x05rubbish\0" * 3)
    host.step(Arrived(b"\x05rubbish\0"))
    heard = len(host.heard)
    host.until(lambda: len(host.heard) > heard + 2, "a heartbeat after it")
    host.until(
        lambda: any(isinstance(e, BoardLine) and e.noise >= 3 for e in host.events), "the count"
    )
    assert last(host, BoardLine).faults["E-BRD-14"] >= 1
    assert last(host, BoardLine).uptime_ms > 0


def test_somebody_comes_and_goes(board: SimBoard, host: Host) -> None:
    board.control.ask("drive", pin=0, level=50000, analog=True)
    host.until(lambda: last(host, Nearby) and last(host, Nearby).near, "near")
    board.control.ask("drive", pin=0, level=6000, analog=True)
    host.until(lambda: not last(host, Nearby).near, "gone")


def test_an_opened_case_is_known_after_a_loss_of_power_until_the_host_clears_it(
    board: SimBoard, host: Host
) -> None:
    case = wiring.TAMPER_PINS[0]
    board.control.ask("drive", pin=case, level=1)
    host.until(lambda: last(host, Tampered) == Tampered(("case",), ("case",)), "opened")
    host.step(Command("clear", clear_text(["case", "mount"])))
    host.run(0.3)
    assert last(host, Tampered).latched == ("case",), "it is open: nothing to clear"
    board.control.ask("drive", pin=case, level=0)
    host.until(lambda: last(host, Tampered) == Tampered((), ("case",)), "closed, and remembered")
    board.control.ask("reset")
    host.until(lambda: len(host.ups()) == 2, "a new session")
    seen = len(host.events)
    host.until(lambda: any(isinstance(e, Tampered) for e in host.events[seen:]), "told anew")
    assert last(host, Tampered) == Tampered((), ("case",))
    host.step(Command("clear", clear_text(["case"])))
    host.until(lambda: last(host, Tampered) == Tampered((), ()), "cleared")


def test_an_emitter_is_lit_for_what_it_was_granted_and_no_longer(
    board: SimBoard, host: Host
) -> None:
    host.run(3)  # the budget of a fresh board is empty
    before = len(history(board, wiring.WHITE_PIN))
    host.step(Command("emit", emit_text("white", 60_000)))
    host.until(lambda: last(host, Emitted), "an answer")
    told = last(host, Emitted)
    assert 0 < told.ms <= LIMITS[1][0]
    assert told.why in ("longest", "resting")
    host.until(lambda: len(history(board, wiring.WHITE_PIN)) >= before + 2, "on and off")
    (on_us, on), (off_us, off) = history(board, wiring.WHITE_PIN)[before : before + 2]
    assert (on, off) == (1, 0)
    # No upper bound, and half below: the test machine is shared, and a round may be late.
    assert (off_us - on_us) / 1000 >= told.ms // 2
    host.step(Command("emit", emit_text("white", 100)))
    host.until(lambda: last(host, Emitted) is not told, "a second answer")
    assert last(host, Emitted) == Emitted("white", 0, "resting")


def test_the_emitters_are_off_when_the_host_falls_silent(board: SimBoard, host: Host) -> None:
    host.run(3)
    host.step(Command("emit", emit_text("infrared", 10_000)))
    host.until(lambda: last(host, Emitted), "granted")
    pin = wiring.INFRARED_PIN
    Host.until(host, lambda: history(board, pin)[-1][1] == 1, "on")
    host.step = lambda event: None  # type: ignore[method-assign]  # says nothing any more
    host.until(lambda: history(board, pin)[-1][1] == 0, "off")
    del host.step  # type: ignore[method-assign]


def test_a_challenge_is_on_the_ring_and_on_the_sync_pin_and_is_told(
    board: SimBoard, host: Host
) -> None:
    pulses, rings = len(history(board, wiring.SYNC_PIN)), len(board.lamps().history)
    colours = ["red", "green", "blue", "white"]
    host.step(Command("challenge", challenge_text(513, 150, colours)))
    host.until(lambda: last(host, Lit), "the report")
    told = last(host, Lit)
    assert told.number == 513
    assert len(told.at_us) == 4
    assert list(told.at_us) == sorted(set(told.at_us))
    shown = [(at, ring[0]) for at, ring in board.lamps().history[rings:]]
    lit = [(at, colour) for at, colour in shown if colour != (0, 0, 0)]
    assert [c for _, c in lit] == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    assert len(history(board, wiring.SYNC_PIN)) - pulses == 4, "one edge a colour"


def test_a_code_passes_and_is_not_readable_on_the_cable(board: SimBoard, host: Host) -> None:
    text = "ECQR0123456789ABCDEF"
    board.control.ask("line", hex=f"QR,{text}\r\n".encode().hex())
    host.until(lambda: CodeSeen(text) in host.events, "the code")
    assert not any(text[4:12].encode() in one for one in host.heard)


def test_an_old_clear_played_again_does_nothing(board: SimBoard, host: Host) -> None:
    """The man on the cable has recorded the command that clears the latch."""
    case, seen = wiring.TAMPER_PINS[0], len(host.sent)
    host.step(Command("clear", clear_text(["case"])))
    host.until(lambda: not host.link._queue, "acknowledged")
    recorded = host.sent[seen:]
    board.control.ask("drive", pin=case, level=1)
    host.until(lambda: last(host, Tampered).open, "opened")
    board.control.ask("drive", pin=case, level=0)
    host.until(lambda: not last(host, Tampered).open, "closed")
    for one in recorded:
        host.fly(True, one)
    host.run(0.5)
    assert last(host, Tampered).latched == ("case",)
    host.step(Command("clear", clear_text(["case"])))
    host.until(lambda: not last(host, Tampered).latched, "cleared by the real one")


