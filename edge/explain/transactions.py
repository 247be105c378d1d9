"""Codes of transactions."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-TX-01": (
        "This terminal does not do this kind of bill.",
        "Send one of the kinds of GET /v1/status.",
    ),
    "E-TX-02": (
        "The amount of the bill is not within its limits.",
        "Amounts are whole fen, at least 1; split a larger bill.",
    ),
    "E-TX-03": (
        "The lines of the bill are missing, too many, doubled, or do not add up to its amount.",
        "Correct the lines; the detail says which.",
    ),
    "E-TX-04": (
        "A field of the bill is not as it must be.",
        "Correct the field that the detail names.",
    ),
    "E-TX-05": (
        "The bill is at a point where it cannot be cancelled.",
        "Wait for the centre's answer, then cancel.",
    ),
    "E-TX-06": ("An amount is not a sum in yuan with two places.", 'Write it like "12.34".'),
    "E-TX-07": ("A ratio is not between 0 and 1.", 'Write it like "0.60".'),
    "E-TX-08": (
        "A split does not add up to the bill.",
        "Nothing was booked here; tell the centre.",
    ),
    "E-TX-09": (
        "A settlement cannot be cancelled while the centre is out of reach.",
        "Wait for the network, then cancel.",
    ),
    "E-TX-10": (
        "This kind of bill is not cancelled by this terminal.",
        "Cancel it where it was made.",
    ),
    "E-TX-11": (
        "The terminal's clock went back: nothing that carries a time is recorded.",
        "Set the clock (NTP).",
    ),
    "E-TX-12": (
        "Nothing about this bill is unknown, so there is nothing to reverse.",
        "Cancel a settled bill; a bill that ended needs nothing.",
    ),
    "E-TX-14": ("A day is not a day of the calendar.", 'Write it like "2024-12-01".'),
    "E-TX-31": (
        "A prescription cannot be read, or it is larger than one may be.",
        "Sell nothing on it; tell the hospital that wrote it and the centre.",
    ),
    "E-TX-13": (
        "What is unknown about this bill cannot be reversed (2601).",
        "Wait for the centre's answer; ask the centre by telephone if it stays away.",
    ),
    "E-TX-15": (
        "More of an inpatient's line is given back than was charged.",
        "Name the line in init_feedetl_sn, with the same code; count and amount below zero.",
    ),
    "E-TX-16": (
        "The bill names no stay.",
        "Put the mdtrt_id of the admission (kind admit, or 2401 of the HIS) into the bill.",
    ),
}
