"""Codes of keys."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-KEY-01": (
        "The device keys are missing.",
        "`facepay keys create DIR`, then enrol the terminal.",
    ),
    "E-KEY-02": (
        "Others can read the device keys.",
        "chmod 700 the directory and 600 the files; consider new keys.",
    ),
    "E-KEY-03": (
        "A key file is damaged or of the wrong kind.",
        "Restore it, or make new keys and enrol again.",
    ),
    "E-KEY-04": (
        "There are keys already; they are never overwritten.",
        "Use another directory, or move the old keys away.",
    ),
    "E-KEY-05": (
        "A value locked with the device key is damaged.",
        "Out of service; keep the files; call support.",
    ),
}
