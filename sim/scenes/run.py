"""Plays one scenario: board, host, steps, verdict, and the files that tell what happened."""

from __future__ import annotations

import shutil
import time
import traceback
from pathlib import Path

import msgspec
from msgspec import Struct

from edge.errors import EdgeError
from sim.board.hand.port import Port, Virtual, Wall
from sim.scenes import bundle, picture
from sim.scenes.boards import Bench, Board, Simulated, patched
from sim.scenes.form import Patch, Planned, Scenario, kinds, load
from sim.scenes.seen import Moment, Outcome, Skipped, Unmet, Verdict
from sim.scenes.stage import Stage


class Options(Struct, frozen=True):
    """`out`: a folder for each run is made in it. `seed` None: each scenario's own. `port`: a real
    board, with its pairing key's file. `patch`: faults in the firmware, for must-fail tests."""

    out: str
    seed: int | None = None
    realtime: bool = False
    port: str = ""
    key: str = ""
    by_hand: bool = False
    patch: tuple[Patch, ...] = ()


def play(scenario: Scenario, options: Options) -> Outcome:
    """The outcome; never an exception of the scenario's."""
    seed = scenario.head.seed if options.seed is None else options.seed
    place = Path(options.out) / scenario.name
    shutil.rmtree(place, ignore_errors=True)  # the board of an earlier run keeps its flash
    place.mkdir(parents=True)
    began = time.monotonic()
    outcome = Outcome(
        scenario.name, scenario.head.title, scenario.head.area, scenario.path, seed, Verdict.ERROR,
        where=str(place),
    )  # fmt: skip
    stage: Stage | None = None
    console = ""
    try:
        board, clock = _board(scenario, options, place, seed)
        try:
            stage = Stage(board, clock, seed, scenario.head.limit_s)
            outcome = _steps(scenario, stage, outcome)
            picture.observe(stage)
            console = "" if isinstance(board, Bench) else str(board.state()["console"])
        finally:
            if stage is not None:
                stage.hush()
            board.close()
    except Skipped as no:
        outcome = msgspec.structs.replace(outcome, verdict=Verdict.SKIP, why=str(no))
    except EdgeError as error:
        outcome = msgspec.structs.replace(outcome, why=str(error))
    except Exception:
        outcome = msgspec.structs.replace(outcome, why=traceback.format_exc()[-2000:])
    wall_ms = int((time.monotonic() - began) * 1000)
    board_ms = stage.clock.now_us() // 1000 if stage is not None else 0
    outcome = msgspec.structs.replace(outcome, wall_ms=wall_ms, board_ms=board_ms)
    return _leave(scenario, outcome, stage, place, console)


def play_file(path: str, options: Options) -> Outcome:
    """As `play`, of a file: what a process of a pool is given."""
    return play(load(Path(path)), options)


def _board(
    scenario: Scenario, options: Options, place: Path, seed: int
) -> tuple[Board, Port]:
    if options.port:
        person = _person if options.by_hand else None
        return Bench(Path(options.port), Path(options.key), person), Wall(Path(options.port))
    overlay = {**patched([*scenario.head.patch, *options.patch]), **scenario.head.overlay}
    real = options.realtime or scenario.head.realtime
    board = Simulated(place / "board", seed, overlay, virtual=not real)
    return board, Wall(board.port) if real else Virtual(board.port, board.sim.control)


def _person(text: str) -> None:
    input(f"    please {text}, then Enter: ")


def _steps(scenario: Scenario, stage: Stage, outcome: Outcome) -> Outcome:
    """All steps, or up to the first that is not met."""
    for planned in scenario.steps:
        at = Moment(stage.clock.now_us(), "step", planned.text)
        try:
            kinds()[planned.kind].play(planned.fields, stage)
        except Unmet as unmet:
            stage.record.add(msgspec.structs.replace(at, tone="bad"))
            return _unmet(scenario, planned, unmet, outcome)
        except Skipped as no:
            raise Skipped(f"step {planned.text!r}: {no}") from no
        stage.record.add(at)
    if scenario.head.should_fail:
        why = f"it must fail with {scenario.head.should_fail!r}, and every step was met"
        return msgspec.structs.replace(outcome, verdict=Verdict.FAIL, why=why)
    return msgspec.structs.replace(outcome, verdict=Verdict.OK)


def _unmet(scenario: Scenario, planned: Planned, unmet: Unmet, outcome: Outcome) -> Outcome:
    expected = scenario.head.should_fail
    good = bool(expected) and expected in f"{planned.text}: {unmet}"
    return msgspec.structs.replace(
        outcome,
        verdict=Verdict.OK if good else Verdict.FAIL,
        line=planned.line,
        step=planned.text,
        why=f"fails as it must: {unmet}" if good else str(unmet),
    )


def _leave(
    scenario: Scenario, outcome: Outcome, stage: Stage | None, place: Path, console: str
) -> Outcome:
    """Record, picture and, where it went wrong, the bundle."""
    if stage is not None:
        lines = [msgspec.json.encode(one) for one in stage.record.moments]
        (place / "run.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        page = picture.page(scenario, outcome, stage.record.moments)
        (place / "picture.html").write_text(page, encoding="utf-8")
    (place / "console.txt").write_text(console, encoding="utf-8")
    if outcome.verdict in (Verdict.FAIL, Verdict.ERROR):
        made = bundle.make(scenario, outcome, place)
        outcome = msgspec.structs.replace(outcome, bundle=str(made))
    return outcome
