"""Codes of the controller."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-BRD-01": (
        "The controller's port is not there.",
        "Check the USB cable and [board] port; the terminal tries again by itself.",
    ),
    "E-BRD-02": (
        "The controller's port may not be opened by this user.",
        "Add the user facepay to the group dialout.",
    ),
    "E-BRD-03": (
        "The controller's port is in use by another program.",
        "Stop the other program (a serial console, a second facepay).",
    ),
    "E-BRD-04": (
        "The controller was unplugged.",
        "Plug it in; the terminal finds it by itself. The screen works without it.",
    ),
    "E-BRD-05": (
        "The controller does not answer.",
        "Is it flashed? Press its reset; then flash it again.",
    ),
    "E-BRD-06": ("What answers on the port is not our controller.", "Check [board] port and baud."),
    "E-BRD-07": (
        "The controller has another pairing key.",
        "Provision it with this terminal's key.",
    ),
    "E-BRD-08": (
        "The controller's firmware is of another version.",
        "Flash the controller with this release.",
    ),
    "E-BRD-09": (
        "The controller fell silent.",
        "The terminal connects again by itself; if it repeats: check the cable and its power.",
    ),
    "E-BRD-10": (
        "The controller does not acknowledge commands.",
        "The terminal connects again by itself; if it repeats: check the cable.",
    ),
    "E-BRD-11": ("The controller restarted.", "If it repeats: check its power supply."),
    "E-BRD-12": (
        "Frames on the controller's line are signed with a wrong key.",
        "Somebody may be on the cable: look at it.",
    ),
    "E-BRD-13": (
        "The controller does not know a command.",
        "Flash the controller with this release.",
    ),
    "E-BRD-14": ("Damaged bytes on the controller's line.", "Check the cable; a few are harmless."),
    "E-BRD-15": (
        "A frame on the controller's line is too long.",
        "Check the cable; a few are harmless.",
    ),
    "E-BRD-16": (
        "A frame on the controller's line was replayed.",
        "Somebody may be on the cable: look at it.",
    ),
    "E-BRD-17": (
        "A frame of an unknown kind came from the controller.",
        "Flash the controller with this release.",
    ),
    "E-BRD-18": (
        "A frame from the controller makes no sense where it came.",
        "If it repeats: flash the controller.",
    ),
    "E-BRD-19": (
        "The pairing key file is missing, damaged or readable by others.",
        "Provision the controller; chmod 600 the file.",
    ),
    "E-BRD-22": (
        "A card's reader announced the photo on the chip, and it did not come whole in time.",
        "The card was taken without it. If it repeats: check the reader and its cable.",
    ),
    "E-BRD-40": (
        "The terminal's case or mount was opened; the controller remembers it.",
        ("Look at the seal and the inside. If all is whole: facepay clear-tamper, which also needs the"
        " case to be closed."),
    ),
    "E-BRD-41": (
        "The controller's supply is outside 4.5 to 5.5 V.",
        "Measure its power supply under load; a long thin USB cable is the usual cause.",
    ),
    "E-BRD-42": (
        "The controller is outside -10 to 70 degrees.",
        "Look at the fan, the sun on the case, and what lies on its vents.",
    ),
    "E-BRD-43": (
        "The controller is short of memory or of time.",
        "Flash it with this release; if it goes on: send its readings (GET /v1/status) to the maker.",
    ),
}
