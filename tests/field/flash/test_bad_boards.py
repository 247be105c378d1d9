"""Boards as they lie on a bench: mute, babbling, full, locked, unplugged in the middle, taken, and one
bad among five. Each ends in time with its own code and a next step, and none is ever called done."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.errors import EdgeError
from edge.explain import CODES
from edge.field.flash.port import Port
from edge.field.flash.repl import Repl, failed, shown
from sim.board.chip import micropython
from tests.field.flash.rig import Rig

pytestmark = pytest.mark.skipif(not any(p.exists() for p in micropython.candidates()), reason="no VM")
TRIES = 20


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ({"mode": "mute"}, "E-FLS-05", 10),
        ({"mode": "babble"}, "E-FLS-06", 10),
        ({"cut_at": b"/a/firmware/start.py"}, "E-FLS-04", 10),
        ({"flip": True}, "E-FLS-32", 13),
        ({"blocks": 12}, "E-FLS-30", 13),
        ({"read_only": True}, "E-FLS-31", 13),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_a_bad_board_has_its_own_message_and_is_never_done(
    tmp_path, facepay, maker, tree, fault, code, status
) -> None:
    if "read_only" in fault:
        with Rig(tmp_path / "b") as rig:
            rig.until_up()  # the first start makes the file system
    with Rig(tmp_path / "b", **fault) as rig:
        done = facepay("flash", "app", "--port", rig.link, "--maker-key", maker, "--tree", tree("0.2.0"), "--json")
    told = done.json["boards"][0]
    assert (told["ok"], told["code"], done.status) == (False, code, status)
    assert told["hint"]
    assert code in CODES


def test_after_a_cut_the_same_command_finishes_and_the_old_version_ran_until_then(
    tmp_path, facepay, maker, tree
) -> None:
    with Rig(tmp_path / "b") as rig:
        on = ("--port", rig.link, "--maker-key", maker, "--json")
        old = facepay("flash", "app", *on, "--tree", tree("0.2.0")).json["boards"][0]
    newer = tree("0.3.0")  # all of it has to be written: /b is empty
    with Rig(tmp_path / "b", cut_at=b"/b/firmware/start.py") as rig:
        assert facepay("flash", "app", *on, "--tree", newer).status == 10
    with Rig(tmp_path / "b") as rig:
        seen = facepay("flash", "list", "--port", rig.link, "--wake", "--json").json[0]
        assert (seen["state"], seen["build"]) == ("running", old["build"])
        assert facepay("flash", "app", *on, "--tree", newer).json["ok"]


def test_five_boards_at_once_of_which_one_is_mute(tmp_path, facepay, maker, tree) -> None:
    sources = tree("0.2.0")
    with contextlib.ExitStack() as bench:
        rigs = [
            bench.enter_context(Rig(tmp_path / f"b{n}", uid=f"e66164084312345{n}", mode="mute" if n == 3 else ""))
            for n in range(5)
        ]
        ports = [word for rig in rigs for word in ("--port", rig.link)]
        done = facepay("flash", "app", *ports, "--maker-key", maker, "--tree", sources)
    lines = [line for line in done.out.splitlines() if line.startswith(("done", "FAILED"))]
    assert [line.split()[0] for line in lines] == ["done", "done", "done", "FAILED", "done"]
    assert "E-FLS-05" in lines[3]
    assert "4 of 5 boards done" in done.out
    assert done.status == 10


def test_the_states_of_boards_are_told_apart(tmp_path, facepay) -> None:
    with contextlib.ExitStack() as bench:
        links = [
            bench.enter_context(Rig(tmp_path / name, mode=mode)).link
            for name, mode in (("repl", ""), ("mute", "mute"), ("babble", "babble"))
        ]
        words = [word for link in (*links, tmp_path / "nothing") for word in ("--port", link)]
        for wake, silent in ([], "quiet"), (["--wake"], "silent"):
            wanted = ["repl", silent, "babbling", "gone"]
            for _ in range(TRIES):  # a board that still starts is told as one that runs
                found = facepay("flash", "list", *words, *wake, "--json").json
                if [one["state"] for one in found] == wanted:
                    break
            assert [one["state"] for one in found] == wanted, found
            assert all(one.get("hint") for one in found[1:])


def test_a_port_that_is_taken_names_the_program_that_has_it(tmp_path, facepay) -> None:
    with Rig(tmp_path / "b") as rig:
        hold = f"import serial,time; s=serial.Serial({str(rig.link)!r}, exclusive=True); print(1, flush=True); time.sleep(60)"
        other = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE)
        try:
            assert other.stdout is not None
            other.stdout.readline()
            seen = facepay("flash", "list", "--port", rig.link, "--json").json[0]
            assert (seen["state"], seen["code"]) == ("taken", "E-FLS-03")
            assert f"({other.pid})" in seen["note"]
        finally:
            other.kill()
            other.wait()


def test_a_port_that_this_user_may_not_open_is_denied() -> None:
    from edge.field.flash.port import refusal

    error = refusal(Path("/dev/ttyACM0"), PermissionError(13, "denied"))
    assert error.code == "E-FLS-02"
    assert "dialout" in error.hint


@pytest.mark.parametrize(
    ("traceback", "code"),
    [
        ("OSError: [Errno 28] ENOSPC", "E-FLS-30"),
        ("OSError: 28", "E-FLS-30"),
        ("OSError: -30", "E-FLS-31"),
        ("MemoryError: memory allocation failed", "E-FLS-08"),
        ("", "E-FLS-08"),
    ],
)
def test_what_a_program_died_of_has_its_code(traceback: str, code: str) -> None:
    assert failed(f"Traceback (most recent call last):\n{traceback}\n").code == code


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(12))
def test_a_board_that_answers_anything_ends_in_an_error_in_time(seed: int) -> None:
    """Half right, then garbage: the client must neither hang nor believe it."""
    import random
    import threading

    dice = random.Random(seed)
    outer, inner = pty.openpty()
    import tty

    tty.setraw(inner)
    stop = threading.Event()
    words = [b"raw REPL; CTRL-B to exit\r\n>", b"OK", b"\x04", b">", b"R\x01\x80\x00", b"R\x00", b"\x01", b"R\x01\0\0",
             b"\xff" * 40, b"Traceback", b"[1,2", b""]  # fmt: skip

    def babble() -> None:
        os.set_blocking(outer, False)
        while not stop.is_set():
            with contextlib.suppress(OSError):
                if os.read(outer, 4096):
                    os.write(outer, b"".join(dice.choices(words, k=3)))
            time.sleep(0.005)

    thread = threading.Thread(target=babble)
    thread.start()
    port = Port(Path(os.ttyname(inner)))
    try:
        repl = Repl(port)
        with contextlib.suppress(EdgeError):
            repl.enter()
            said = repl.run("print('facepay')", 2)
            assert "facepay" not in said  # nobody ran our program, so nobody can have printed this
    finally:
        stop.set()
        thread.join()
        port.close()
        os.close(outer)
        os.close(inner)


def test_a_strangers_bytes_cannot_paint_our_terminal() -> None:
    assert shown(b"\x1b[2J\r\n\x00ok\xff") == '".[2J...ok."'
