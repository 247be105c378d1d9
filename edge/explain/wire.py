"""Codes of bytes from outside."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-WIR-01": (
        "A message is larger than allowed.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-02": (
        "A message is not well-formed CBOR of this protocol.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-03": (
        "A message is nested too deeply or has too many items.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-04": (
        "A message is not a COSE_Sign1 of this protocol.",
        "It was ignored. If it repeats: tell the centre.",
    ),
    "E-WIR-05": (
        "A signature is wrong or of an unknown key.",
        "Check [centre] sign_key. If it repeats: somebody else is talking to us.",
    ),
    "E-WIR-06": (
        "A sealed part does not open.",
        "Is this terminal's sealing key the one the centre has?",
    ),
    "E-WIR-07": ("A value cannot be encoded.", "Our mistake: send the log to support."),
    "E-WIR-08": ("A topic is not of this protocol.", "It was ignored; check who publishes there."),
    "E-WIR-10": (
        "A record's body is not the one that the record commits to.",
        "The centre refused it: our mistake, or somebody changed the program. Call support.",
    ),
    "E-WIR-09": ("A reply for another terminal arrived here.", "Are two terminals using one name?"),
    "E-WIR-30": (
        "The file of a statement is not one small text file in a ZIP.",
        "Nothing was taken over from it; the day stays open. Close it again, and tell the centre.",
    ),
}
