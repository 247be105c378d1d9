"""Codes of the policy."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-POL-01": (
        "The policy is not signed by the centre; the strict built-in one is used.",
        "Fetch the policy anew.",
    ),
    "E-POL-02": (
        "The policy is for another terminal; the strict built-in one is used.",
        "Fetch the right one.",
    ),
    "E-POL-03": ("The policy is malformed; the strict built-in one is used.", "Tell the centre."),
    "E-POL-05": (
        "The benefit rules in the policy are malformed: no estimate is shown.",
        "Tell the centre.",
    ),
}
