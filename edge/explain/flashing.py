"""Codes of flashing, provisioning and looking at a controller."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-FLS-20": (
        "A slot's manifest is damaged, or names what no slot can hold.",
        "facepay flash app writes the slot again.",
    ),
    "E-FLS-21": (
        "A manifest is not signed by the maker that this terminal trusts.",
        "Take the release again; --maker gives another public key.",
    ),
}
