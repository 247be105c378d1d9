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
    "E-KEY-31": (
        "This machine's libcrypto cannot do the SM2 algorithm.",
        "Install OpenSSL 3 (libssl3). Only national messages need SM2, not the terminal's records.",
    ),
    "E-KEY-32": (
        "What was given is not an SM2 key.",
        "Use a key made for SM2: private or public DER, as facepay's simulator writes them.",
    ),
}
