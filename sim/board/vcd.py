"""`facepay sim trace DIR --vcd OUT`: what happened on a board, in words, or as waveforms for GTKWave
(IEEE 1364 value change dump)."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from edge.errors import EdgeError
from firmware.boards import sim as wiring

LINE_MAX = 64 * 1024
EVENTS_MAX = 2_000_000
RGB_BITS, DUTY_BITS, CAUSE_BITS = 24, 16, 3
STEM = 94  # printable characters of a VCD identifier
Json = dict[str, Any]
Change = tuple[int, str, int, int]  # at_us, signal, bits, value


def read(path: Path) -> Iterator[Json]:
    """The events of a trace.jsonl; E-SIM-11 for what is none."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if len(line) > LINE_MAX or number >= EVENTS_MAX:
                raise EdgeError("E-SIM-11", f"{path}:{number + 1} is too long", "is it a trace?")
            try:
                event = json.loads(line)
                if event["kind"] == "full":
                    return
                event["t"] = int(event["t"])
            except (ValueError, KeyError, TypeError) as error:
                raise EdgeError(
                    "E-SIM-11", f"{path}:{number + 1} is no event: {error}",
                    "give the trace.jsonl of a board or of a failure bundle",
                ) from error  # fmt: skip
            yield event


def changes(events: Iterable[Json]) -> Iterator[Change]:
    """The signals in a trace: pins by their names, PWM, each lamp, resets, frames each way."""
    names = pin_names()
    frames: Counter[str] = Counter()
    for event in events:
        at, kind = event["t"], event["kind"]
        if kind == "pin":
            yield at, names.get(event["pin"], f"gp{event['pin']}"), 1, event["level"]
        elif kind == "pwm":
            name = names.get(event["pin"], f"gp{event['pin']}")
            yield at, f"{name}_duty", DUTY_BITS, event["duty"]
            yield at, f"{name}_hz", RGB_BITS, event["hz"]
        elif kind == "ring":
            grb = bytes.fromhex(event["grb"])
            for lamp in range(len(grb) // 3):
                green, red, blue = grb[3 * lamp : 3 * lamp + 3]
                yield at, f"lamp{lamp}_rgb", RGB_BITS, red << 16 | green << 8 | blue
        elif kind == "reset":
            yield at, "reset_cause", CAUSE_BITS, event["cause"]
        elif kind == "frame":
            frames[event["way"]] += 1
            yield at, f"frames_{event['way']}", DUTY_BITS, frames[event["way"]] & 0xFFFF


def pin_names() -> dict[int, str]:
    """Of the board file: BUZZER_PIN = 3 is "buzzer"."""
    found = {pin: f"button_{name}" for name, pin in wiring.BUTTONS}
    for name, value in vars(wiring).items():
        if name.endswith("_PIN") and isinstance(value, int):
            found[value] = name[: -len("_PIN")].lower()
    for number, pin in enumerate(vars(wiring).get("TAMPER_PINS", ())):
        found[pin] = f"tamper_{number}"
    return found


def write(found: list[Change], out: IO[str]) -> int:
    """The dump; how many signals it has."""
    widths = {name: bits for _at, name, bits, _value in found}
    codes = {name: _code(number) for number, name in enumerate(sorted(widths))}
    out.write("$timescale 1 us $end\n$scope module board $end\n")
    for name, code in codes.items():
        out.write(f"$var wire {widths[name]} {code} {name} $end\n")
    out.write("$upscope $end\n$enddefinitions $end\n$dumpvars\n")
    for name, code in codes.items():
        out.write(f"x{code}\n" if widths[name] == 1 else f"bx {code}\n")
    out.write("$end\n")
    last = -1
    for at, name, bits, value in sorted(found, key=lambda change: change[0]):
        if at != last:
            out.write(f"#{at}\n")
            last = at
        out.write(f"{value}{codes[name]}\n" if bits == 1 else f"b{value:b} {codes[name]}\n")
    return len(codes)


def _code(number: int) -> str:
    out = ""
    while True:
        out += chr(33 + number % STEM)
        number //= STEM
        if not number:
            return out


def main() -> None:
    parser = argparse.ArgumentParser(prog="facepay sim trace", description=__doc__)
    parser.add_argument("trace", type=Path, help="trace.jsonl, or the directory of a board")
    parser.add_argument("--vcd", type=Path, help="write waveforms here")
    args = parser.parse_args()
    path = args.trace / "trace.jsonl" if args.trace.is_dir() else args.trace
    try:
        events = list(read(path))
        if args.vcd is not None:
            with args.vcd.open("w", encoding="ascii") as out:
                signals = write(list(changes(events)), out)
            print(f"{args.vcd}: {signals} signals")
        kinds = Counter(event["kind"] for event in events)
        last = events[-1]["t"] / 1e6 if events else 0.0
        print(f"{len(events)} events in {last:.3f} s: "
              + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))  # fmt: skip
    except (OSError, EdgeError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
