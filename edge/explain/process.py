"""Codes of the process."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-SYS-01": (
        "A vital part of the process died; it ended and is started again.",
        "If it repeats: send the log to support.",
    ),
    "E-SYS-02": (
        "A driver cannot be loaded.",
        "Install facepay again with its locked dependencies.",
    ),
    "E-SYS-05": (
        "The API's address cannot be listened on.",
        "Is another facepay running? Change [http] port.",
    ),
    "E-SYS-04": (
        "There is no such code, or nothing of that name to list.",
        "`facepay explain --all` shows every code.",
    ),
    "E-SYS-03": (
        "Events arrive faster than they can be handled.",
        "The process restarts; if it repeats: send the log to support.",
    ),
    "E-SYS-06": (
        "The agent on this machine does not answer, or something else listens on its port.",
        "Start it (systemctl start facepay), or check [http] port.",
    ),
}
