"""Codes of the clinic's roster."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-ROS-01": (
        "A part of the clinic's roster is not signed by the centre; it was not taken.",
        "Look for who answers in the centre's name. Without the roster the terminal serves as before.",
    ),
    "E-ROS-02": (
        "A part of the clinic's roster is for another terminal; it was not taken.",
        "Are two terminals using one name? Each gets a roster of its own.",
    ),
    "E-ROS-03": (
        "A part of the clinic's roster is malformed; it was not taken.",
        "Update the terminal; a newer centre may send another form.",
    ),
    "E-ROS-04": (
        "What is stored of the roster is not whole or belongs to another net than this terminal's.",
        "facepay sync --now fetches it again; facepay models list shows the nets.",
    ),
}
