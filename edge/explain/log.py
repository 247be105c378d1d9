"""Codes of the centre's log."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-LOG-01": (
        "An answer is not signed by the centre for this terminal.",
        "It was ignored. Check the centre's key in the configuration and who may publish on `down`.",
    ),
    "E-LOG-02": (
        "The centre's chain of this terminal's records differs from ours.",
        "Offline acceptance has stopped until the centre lifts it. Keep the ledger, call the centre.",
    ),
    "E-LOG-03": (
        "A receipt does not prove that the record is in the centre's log.",
        "Offline acceptance has stopped until the centre lifts it. Call the centre.",
    ),
    "E-LOG-04": (
        "The centre's log was forked or rewritten.",
        "Offline acceptance has stopped until the centre lifts it. Call the centre: this is evidence.",
    ),
    "E-LOG-05": (
        "The centre's log shrank.",
        "Offline acceptance has stopped until the centre lifts it. Call the centre: this is evidence.",
    ),
    "E-LOG-06": (
        "The centre holds records of this terminal that its ledger does not have: the ledger is an old or foreign copy.",
        "Nothing new is taken. Keep the file. Is a second terminal running from the same card? Then: facepay ledger new-epoch.",
    ),
    "E-LOG-07": (
        "Many answers in a row do not connect to the last one that was accepted.",
        "They were ignored, nothing has stopped. Somebody holds the centre's answers back or repeats old envelopes, or the centre proves nothing: look at the broker.",
    ),
}
