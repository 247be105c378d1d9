"""One target under atheris, in a process of its own: `python -m tests.fuzz.one NAME [libFuzzer
options]`. A crash leaves its input as a file and ends the process."""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    """Instrument what the target imports of ours, then never come back."""
    name = sys.argv[1]
    with atheris.instrument_imports(include=["edge", "tests.fuzz.targets"]):
        from tests.fuzz.kit import load, survives

        target = load(name)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], lambda data: survives(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
