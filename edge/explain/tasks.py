"""Codes of the staff's work list and of a frozen key."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-TSK-01": (
        "Two thousand tasks are open: the terminal takes nothing new until some are closed.",
        "Close tasks on the desk page or with POST /v1/tasks/{id}/close.",
    ),
    "E-TSK-03": ("There is no such task.", "See GET /v1/tasks for the tasks of this terminal."),
    "E-TSK-04": (
        "The closing does not fit the task: the way or the amount is another.",
        "Use one of the task's own ways and its amount; the detail names them.",
    ),
    "E-TSK-05": (
        "The task is closed, or its closing is on the way to the centre.",
        "Read the task again; nothing has to be done twice.",
    ),
    "E-TSK-06": (
        "There is no manual claim for this task.",
        "Only tasks about a bill that the centre did not take have one.",
    ),
    "E-TSK-21": (
        "The centre could not believe a record's signature or seal: the key signs nothing.",
        "Keep the terminal as it is and call the centre; its next signed policy lifts this.",
    ),
    "E-TSK-22": (
        "The centre found this terminal's chain broken, forked or set back: the key signs nothing.",
        "Do not delete anything, call the centre; its next signed policy lifts this.",
    ),
    "E-TSK-23": (
        "The centre found times in a record that cannot be: the key signs nothing.",
        "Set the clock (NTP), call the centre; its next signed policy lifts this.",
    ),
}
