"""Plays steps in a running clinic and writes the diary: posts the bill as the HIS, lets the patient act, lets faults strike."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import sqlalchemy as sa
from msgspec.structs import replace

from edge.drivers.keys.file import Driver as FileKeys
from sim.centre.books import ledgers, orders
from sim.centre.books import store as centre_tables
from sim.clinic.clinic import TERMINAL, Clinic
from sim.clinic.day import Cancel, Drain, Fault, FaultName, Step, Visit, bill
from sim.clinic.diary import Diary
from sim.clinic.patient import Patient, Screen, Script
from sim.clinic.truth import HisLine, Truth, count, read_ledger
from sim.his import His

VISIT_S = 45.0
DRAIN_S = 40.0
POLL_S = 0.1
RESTED = {"idle", "ways", "out_of_service"}  # the terminal has finished with the patient before
DONE = {"settled", "adjusted", "rejected", "refused", "cancelled", "provisional", "confirming"}
TONES = {
    "settled": "good",
    "adjusted": "warn",
    "provisional": "warn",
    "confirming": "warn",
    "refused": "bad",
    "rejected": "bad",
    "cancelled": "dim",
    "idle": "dim",
    "dark": "dim",
    "out_of_service": "bad",
}
Say = Callable[[str], None]


class Player:
    """One player per clinic. `say` prints a line for people."""

    def __init__(self, clinic: Clinic, diary: Diary, seed: int, say: Say) -> None:
        self.clinic = clinic
        self.diary = diary
        self.say = say
        self.seed = seed
        self._dice = random.Random(seed)
        self._bills: list[str] = []  # bill ids in order of visits
        self._screen = ""
        self.his = His(clinic.url, clinic.options.directory / "his.jsonl")
        self.patient = Patient(clinic.url, clinic.stage, clinic.board, clinic.phone, self._saw)
        self._watch = threading.Thread(target=self._watch_outbox, name="outbox", daemon=True)
        self._ended = threading.Event()

    def start(self) -> None:
        self.diary.open("link", "up", "good")
        self.patient.start()
        self._watch.start()

    def stop(self) -> None:
        self._ended.set()
        self.patient.stop()

    # -- watching -----------------------------------------------------------------------------------
    def _saw(self, screen: Screen) -> None:
        """Each change of screen is a span on the visit lane."""
        name = str(screen.get("name", ""))
        if name == self._screen:
            return
        self._screen = name
        fields = screen.get("fields", {})
        label = (
            str(fields.get("code") or fields.get("outcome") or name)
            if name in ("refused", "settled")
            else name
        )
        self.diary.open("visit", label, TONES.get(label, TONES.get(name, "plain")), name)

    def _watch_outbox(self) -> None:
        while not self._ended.wait(POLL_S):
            status = self.status()
            if status:
                self.diary.level("outbox", int(status.get("waiting", 0)))

    def status(self) -> dict[str, Any]:
        """The terminal's own status, {} while it is dark."""
        try:
            return dict(httpx.get(f"{self.clinic.url}/v1/status", timeout=2).json())
        except (httpx.HTTPError, ValueError):
            return {}

    # -- steps --------------------------------------------------------------------------------------
    def play(self, step: Step) -> None:
        match step:
            case Visit():
                self.visit(step)
            case Fault(name):
                self.fault(name)
            case Cancel(visit):
                self.cancel(self._bills[visit])
            case Drain():
                self.drain()

    def visit(self, step: Visit) -> str:
        """One bill, one patient. Gives the bill's status when the terminal is free again."""
        number = f"D{self.seed}-{len(self._bills) + 1:03d}"
        script = step.script
        self._wait(lambda: self._screen in {"idle", "out_of_service"}, VISIT_S)
        tone = "bad" if script.attack else "plain"
        label = f"{number[-3:]} {script.attack or script.means}"
        self.diary.open("patients", label, tone, f"{step.kind} · {_who(script)}")
        self.patient.script = script
        bill_id = self.his.post(bill(step.kind, number, self._dice))
        self._bills.append(bill_id)
        if step.fault == "pull_plug_in_commit":
            self._pull_plug_while_recording()
        elif step.fault is not None:
            self.fault(step.fault)
        self._wait(lambda: self.his.status(bill_id) in DONE, VISIT_S)
        status = self.his.status(bill_id)
        self._wait(lambda: self._screen in RESTED, VISIT_S)
        self.patient.script = None
        self.clinic.stage.cue("idle")
        self.diary.close("patients")
        self.say(f"{number}  {step.kind:9} {_who(script):26} {status}")
        return status

    def _pull_plug_while_recording(self) -> None:
        """Wait for the confirm screen (its Save is on disk), then kill at the next write: that is the record's commit."""
        if not self._wait(lambda: self._screen == "confirm", VISIT_S):
            return
        if self.clinic.pull_plug_in_commit():
            self.fault_mark("plug pulled in mid-commit")
            self.say("           the plug is pulled in the middle of a commit; starting again")
            self.clinic.start_agent()

    def cancel(self, bill_id: str) -> None:
        self.diary.open("patients", "cancel", "dim", bill_id)
        self.his.cancel(bill_id)
        self._wait(lambda: self.his.status(bill_id) == "cancelled", VISIT_S)
        self.say(f"           cancel of {bill_id}: {self.his.status(bill_id)}")
        self.diary.close("patients")

    def fault_mark(self, label: str) -> None:
        self.diary.mark("faults", label, "bad")

    def fault(self, name: FaultName) -> None:
        """Let one fault strike now."""
        match name:
            case "cut":
                self.clinic.cable.cut()
                self.diary.open("link", "cut", "bad")
                self.fault_mark("network cut")
            case "restore":
                self.clinic.cable.restore()
                self.diary.open("link", "up", "good")
                self.diary.mark("faults", "network restored", "good")
            case "pull_plug_in_commit":
                self.clinic.pull_plug()
                self.fault_mark("plug pulled")
                self.clinic.start_agent()
            case "restart_broker":
                self.clinic.broker.kill()
                self.fault_mark("broker killed and restarted")
                self.clinic.broker.restart()
            case "kill_centre":
                self.clinic.kill_centre()
                self.fault_mark("centre killed and restarted")
                self.clinic.start_centre()
            case "unplug_board":
                self.clinic.board.unplug()
                self.fault_mark("controller unplugged")
            case "replug_board":
                self.clinic.board.replug()
                self.diary.mark("faults", "controller back", "good")
        self.say(f"           fault: {name.replace('_', ' ')}")

    def drain(self, timeout_s: float = DRAIN_S) -> bool:
        """Wait until the link is up and nothing waits for the centre."""

        def drained() -> bool:
            status = self.status()
            return status.get("net") == "up" and status.get("waiting") == 0

        return self._wait(drained, timeout_s)

    def _wait(self, ready: Callable[[], bool], timeout_s: float) -> bool:
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if ready():
                return True
            time.sleep(0.03)
        return False

    # -- the end ------------------------------------------------------------------------------------
    def truth(self) -> Truth:
        """Stop the agent cleanly, then count the three books."""
        his = [
            HisLine(
                line.bill_no, line.kind, self.his.status(line.bill_id), cancelled=line.cancelled
            )
            for line in self.his.lines()
        ]
        self.stop()
        self.clinic.stop_agent()
        keys = FileKeys(self.clinic.options.directory / "keys")
        book = read_ledger(str(self.clinic.ledger), keys)
        self._mark_centre()
        truth = count(TERMINAL, book, self.clinic.centre_setup.store, his)
        return self._with_the_bank(truth)

    def _with_the_bank(self, truth: Truth) -> Truth:
        """The fourth book: what the bank took is what the centre booked of it; a difference is a bill
        that somebody did not get paid for."""
        bank = self.clinic.stop_bank()
        held, taken = bank.totals()
        odd = bank.imbalance()
        bank.close()
        with self.clinic.centre_setup.store.begin() as conn:
            booked = -ledgers.balance(conn, f"bank:{orders.ONECODE}")
        self.say(f"           the bank took {taken / 100:.2f}, the centre booked {booked / 100:.2f} of it")
        if (held, taken, odd) == (0, booked, 0):
            return truth
        note = f"the bank holds {held} fen and took {taken}, the centre booked {booked}"
        return replace(truth, lost=truth.lost + 1, notes=(*truth.notes, note))

    def _mark_centre(self) -> None:
        """What the centre decided, and when the record had reached it."""
        c = centre_tables.records.c
        wanted = sa.select(c.received_ms, c.kind, c.outcome, c.bill_no).order_by(c.received_ms)
        with self.clinic.centre_setup.store.begin() as conn:
            rows = conn.execute(wanted).all()
        for received_ms, kind, outcome, bill_no in rows:
            self.diary.mark_at(
                "centre",
                received_ms,
                bill_no.rpartition("-")[2] + (" undone" if kind == "cancel" else ""),
                TONES.get(outcome, "bad"),
                f"{kind} {outcome}",
            )


def _who(script: Script) -> str:
    attack = f", holds up a {script.attack}" if script.attack else ""
    relative = " for a relative" if script.whom != "0" else ""
    return f"{script.person} by {script.means}{relative}{attack}"
