"""Codes of the ledger."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-STO-01": (
        "The SQLite library has a known bug that can lose data.",
        "Install facepay again with its locked dependencies.",
    ),
    "E-STO-02": (
        "The disk failed. The process ended at once and took no more payments.",
        "It restarts and checks itself. If it repeats: replace the storage, keep the old one.",
    ),
    "E-STO-03": ("The disk is full. Nothing was lost; no new visit starts.", "Free space."),
    "E-STO-04": ("Another process has the ledger open.", "Stop the other facepay process."),
    "E-STO-05": (
        "The chain of records is broken: the ledger was changed or lost a part.",
        "Out of service; keep the file; call support.",
    ),
    "E-STO-06": (
        "The ledger file is damaged or is not a ledger.",
        "Out of service; keep the file; call support.",
    ),
    "E-STO-07": (
        "The ledger was written by a newer version of facepay; this one does not touch it.",
        "Install the newer version again.",
    ),
    "E-STO-08": (
        "The record was pruned here after its receipt and a reconciled day.",
        "The centre has it; so does an export made before.",
    ),
    "E-STO-09": (
        "Too many records wait for the centre; nothing new is taken.",
        "facepay sync --now; without a network: facepay export, and import-answers afterwards.",
    ),
}
