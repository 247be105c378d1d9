"""Codes of configuration."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-CFG-01": (
        "The configuration has a section or key that does not exist.",
        "Correct the spelling; `facepay config check FILE` suggests the nearest.",
    ),
    "E-CFG-02": (
        "A driver is named that does not exist.",
        "Choose one of those that `facepay list camera` (or board, keys, ...) shows.",
    ),
    "E-CFG-03": (
        "A value has the wrong type or is outside its limits.",
        "The message says what is allowed.",
    ),
    "E-CFG-04": (
        "A section or key that is needed is missing.",
        "Add it; facepay.example.toml shows all of them.",
    ),
    "E-CFG-05": (
        "The configuration file, or a file it names, is missing, unreadable or too long.",
        "Check the path and the rights of the user facepay.",
    ),
    "E-CFG-06": ("The file is not TOML.", "The message names line and column."),
    "E-CFG-07": (
        "Values that are right alone contradict each other.",
        "Change one of the two; the message names them.",
    ),
    "E-CFG-10": (
        "The API would be reachable from outside without a token.",
        "Listen on 127.0.0.1 or set [http] token_file.",
    ),
}
