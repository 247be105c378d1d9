"""status, sync, export, import-answers, reset: getting records to the centre, and wiping only what is
safe there."""

from __future__ import annotations

import base64
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.config import Config
    from edge.core.types import Json

PUSH_EVERY_S = 6.0  # the terminal takes one in five seconds
EXIT_WAITING = 3  # the command did what it could and records still wait
LOOK_S = 0.5
CLEAR_S = 5.0
DAY_MS = 86_400_000
LONG_S = 900.0  # a slow stick

Configured = Annotated[Path, typer.Option("--config", help="the terminal's facepay.toml")]
To = Annotated[Path, typer.Option("--to", help="a folder: the mounted stick")]
Every = Annotated[bool, typer.Option("--all", help="also records that have a receipt")]
Now = Annotated[bool, typer.Option("--now", help="forget the spread and the back-off")]
Timeout = Annotated[float, typer.Option("--timeout", help="seconds until we give up watching")]
Answers = Annotated[Path, typer.Argument(help="the .fpa file that the centre wrote")]
Exported = Annotated[Path | None, typer.Option("--exported", help="the .fpm file of an export")]
Yes = Annotated[bool, typer.Option("--yes", help="ask nothing (for scripts)")]


def status(*, config: Configured) -> None:
    """What waits for the centre: how much, how old, how long there is room."""
    from edge.config import load
    from edge.field.local import Local

    told = Local(load(config)).get("/v1/status")
    assert told is not None, "the status is always there"
    for line in _lines(told):
        sys.stdout.write(line + "\n")


def clear_tamper(*, config: Configured) -> None:
    """The case was looked at and is whole: let the controller forget that it was open."""
    from edge.config import load
    from edge.field.local import Local

    agent = Local(load(config))
    agent.post("/v1/board/tamper/clear", {}, key="")
    until = time.monotonic() + CLEAR_S
    while True:
        told = agent.get("/v1/status")
        assert told is not None, "the status is always there"
        left = told["controller"]["tampered"]
        if not left or time.monotonic() >= until:
            break
        time.sleep(LOOK_S)
    if left:
        still = ", ".join(told["controller"]["open"]) or "not answered by the controller"
        sys.stderr.write(f"E-BRD-40: still latched: {', '.join(left)} (open: {still})\n")
        raise SystemExit(EXIT_WAITING)
    sys.stdout.write("the controller remembers no opening\n")


def sync(*, config: Configured, now: Now = False, timeout: Timeout = 60.0) -> None:
    """Send what waits, and watch until it is answered; says why when it cannot."""
    from edge.config import load
    from edge.field.local import Local

    agent = Local(load(config))
    give_up, last = time.monotonic() + timeout, -1
    push_at = time.monotonic() if now else give_up + 1
    while True:
        if time.monotonic() >= push_at:  # one attempt may meet a network that is just coming back
            agent.post("/v1/sync", {}, key="")
            push_at = time.monotonic() + PUSH_EVERY_S
        told = agent.get("/v1/status")
        assert told is not None, "the status is always there"
        waiting = int(told["waiting"])
        if waiting != last:
            sys.stdout.write(f"{waiting} records wait ({_money(told)})\n")
            sys.stdout.flush()
            last = waiting
        if waiting == 0:
            return
        if time.monotonic() >= give_up:
            sys.stderr.write(f"not drained after {timeout:.0f} s: {_why(told)}\n")
            raise SystemExit(EXIT_WAITING)
        time.sleep(LOOK_S)


def export(*, config: Configured, to: To, every: Every = False) -> None:
    """Write the records without a receipt to a stick: sealed and signed as they are, read back and
    checked."""
    from edge.config import load
    from edge.field.local import Local

    settings = load(config)
    agent = Local(settings, LONG_S)
    if agent.runs():
        body = {"to": str(to.resolve()), "all": every}
        done = agent.post("/v1/export", body, key="")
    else:
        done = _export_here(settings, to, everything=every)
    if not done["count"]:
        sys.stdout.write("nothing waits: every record has its receipt\n")
        return
    sys.stdout.write(
        f"records {done['first']} to {done['last']} ({done['count']}, {done['bytes']} bytes), "
        f"read back and right\n{to / str(done['manifest'])}\n"
        "at the centre: python -m sim.centre import --config centre.toml FILE.fpm\n"
    )


def import_answers(file: Answers, *, config: Configured) -> None:
    """Bring the centre's answers back: the terminal judges each as if the network had brought it."""
    from edge.config import load
    from edge.field.local import Local
    from edge.process import carrying
    from edge.wire import carry

    try:
        answers = carry.unpack_answers(carrying.small(file, carry.ANSWERS_BYTES_MAX))
    except EdgeError as error:
        raise EdgeError("E-EXP-04", f"{file}: {error.message}", "give the .fpa file") from error
    agent = Local(load(config))
    taken, seq = 0, 0
    for one in answers:
        done = agent.post("/v1/answers", {"answer": base64.b64encode(one).decode()}, key="")
        taken, seq = taken + bool(done["taken"]), int(done["answered_seq"])
    sys.stdout.write(f"{taken} of {len(answers)} answers were news; answered up to record {seq}\n")


def reset(*, config: Configured, exported: Exported = None, yes: Yes = False) -> None:
    """Wipe keys and ledger: only when every record has its receipt, or is in the export."""
    from edge.config import load
    from edge.field import guard, wipe

    settings = load(config)
    with guard.nothing_is_lost(settings, exported) as found:
        sys.stdout.write(f"{found.records} records, {found.unanswered} without a receipt (exported)\n"
                         if found.unanswered else f"{found.records} records, all with a receipt\n")  # fmt: skip
        if not yes:
            _confirm(settings.terminal.name)
        for gone in wipe.everything(settings):
            sys.stdout.write(f"gone: {gone}\n")
    if found.unanswered:
        sys.stdout.write("import the export at the centre before this terminal is enrolled again: "
                         "it knows the old key only until then\n")  # fmt: skip
    sys.stdout.write("next: facepay keys create, then enrol the terminal again\n")


def _confirm(name: str) -> None:
    if not sys.stdin.isatty():
        raise EdgeError("E-FLD-03", "nobody can be asked here", "--yes in a script")
    first = input(f"wipe the keys and the ledger of {name}? There is no way back. [y/N] ")
    second = input(f"type the name of the terminal to confirm ({name}): ") if first == "y" else ""
    if second.strip() != name:
        raise EdgeError("E-FLD-03", "not confirmed; nothing was done")


def _export_here(config: Config, to: Path, *, everything: bool) -> Json:
    """The agent is stopped: open the ledger ourselves, and leave the mark in it."""
    from edge.drivers.store import Batch
    from edge.field import guard
    from edge.loader import load as load_driver
    from edge.process import carrying, hand
    from edge.wire import carry

    with guard.ledger(config, keys=True) as store:
        if store is None:
            return hand.told(None)
        store.restore()
        keys = load_driver("keys", config.keys.driver)(config.keys.directory)
        now_ms = time.time_ns() // 1_000_000
        taken = carrying.take(
            store,
            config.terminal.name,
            lambda manifest: carry.encode(manifest, keys.signer),
            to,
            now_ms,
            everything=everything,
        )
        if taken is not None:
            store.commit(Batch(saves=(hand.mark(taken),)))
        return hand.told(taken)


def _lines(told: Json) -> list[str]:
    backlog = told["backlog"]
    oldest = "-"
    if backlog["oldest_utc_ms"]:
        age_h = (time.time_ns() // 1_000_000 - backlog["oldest_utc_ms"]) / 3_600_000
        oldest = f"{max(age_h, 0):.1f} h"
    room, days, offline = backlog["room_bytes"], backlog["days_left"], told["offline"]
    held = "unknown" if room is None else f"{room} bytes"
    held += "" if days is None else f", {days} days at this rate"
    left = f"{offline['left_count']} records, {offline['left_fen'] / 100:.2f} yuan"
    done = f"up to record {told['answered_seq']} of {told['head_seq']}"
    return [
        f"terminal   {told['terminal']}  {told['service']}  screen {told['screen']}",
        f"network    {told['net']}{'' if told['net'] == 'up' else ': ' + _why(told)}",
        f"waiting    {backlog['count']} records, {_money(told)}, {backlog['bytes']} bytes",
        f"oldest     {oldest}",
        f"room       {held}",
        f"offline    {offline['profile']}: {left}, {offline['left_hours']} h left",
        f"receipts   {done}, pruned up to {told['pruned_seq']}",
    ]


def _money(told: Json) -> str:
    return f"{told['backlog']['amount_fen'] / 100:.2f} yuan"


def _why(told: Json) -> str:
    """Why records wait, in one line."""
    link = told["link"]
    if told.get("stop_code"):
        return f"{told['stop_code']}: the centre's log is not what it was; facepay explain {told['stop_code']}"
    if link["refused"]:
        return f"the broker refuses this terminal ({link['code']}): is its certificate good?"
    if told["net"] != "up":
        code = link["code"] or "E-NET-01"
        next_s = link["next_try_ms"] / 1000
        return f"no network ({code}); the next attempt is in {next_s:.0f} s"
    if not link["heard_utc_ms"]:
        return "the broker is there, the centre has not said a word yet"
    return "the centre has not answered these records yet"


def add(app: typer.Typer) -> None:
    """Put them among the commands."""
    app.command("status")(status)
    app.command("sync")(sync)
    app.command("clear-tamper")(clear_tamper)
    app.command("export")(export)
    app.command("import-answers")(import_answers)
    app.command("reset")(reset)
