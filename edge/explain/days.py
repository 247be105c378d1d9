"""Codes of the end of a day and of the comparison of the chains."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-DAY-01": (
        "The centre did not answer while a day was being compared.",
        "Nothing to do: it is tried again while the network is up.",
    ),
    "E-DAY-02": (
        "The centre refused a question of the statement, or its answer cannot be read.",
        "Check the terminal's clock and day; tell the centre.",
    ),
    "E-DAY-03": (
        "Too many settled lines wait for their day to be reconciled.",
        "See GET /v1/days: close the oldest day and do its tasks, then service goes on.",
    ),
    "E-DAY-04": ("This day does not exist or has not begun.", "Send yyyymmdd, today or earlier."),
    "E-DAY-05": ("Nothing was settled on this day.", "See GET /v1/days for the days there are."),
    "E-DAY-10": (
        "The centre's log and this terminal's chain differ: a fork, or an old copy of the ledger.",
        "Take the terminal out of service, keep its storage as it is, and call support.",
    ),
    "E-DAY-11": (
        "The centre could not be asked how far its log goes.",
        "Wait for the network, then ask again.",
    ),
}
