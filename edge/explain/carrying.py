"""Codes of what is carried by hand, and of what must not be wiped."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-EXP-01": (
        "The folder for an export cannot be written.",
        "Is the stick mounted, writable by the user facepay, and large enough?",
    ),
    "E-EXP-02": (
        "The running terminal may write exports only to [export] directory.",
        "Use a folder in it, set [export] directory, or stop the agent and export again.",
    ),
    "E-EXP-03": (
        "An export is damaged or incomplete: a part is missing, changed, or does not follow.",
        "Export again, to another stick; the records are still in the terminal.",
    ),
    "E-EXP-04": (
        "This is no file of answers from the centre.",
        "Take the .fpa file that the centre's import wrote.",
    ),
    "E-FLD-01": (
        "Records without a receipt are in this terminal: they would be lost.",
        "`facepay sync --now`; or `facepay export`, then give its .fpm file with --exported.",
    ),
    "E-FLD-02": (
        "The export does not hold everything that has no receipt.",
        "Stop the agent and export again, then use the new .fpm file.",
    ),
    "E-FLD-03": (
        "Nobody confirmed that this terminal may be wiped.",
        "Answer both questions on a terminal, or give --yes in a script.",
    ),
    "E-FLD-04": (
        "A ledger with records depends on these keys.",
        "Bring the old keys back; or `facepay reset` the terminal first.",
    ),
}
