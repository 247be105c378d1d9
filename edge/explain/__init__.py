"""Every code the terminal can show, what it means and what to do next: works offline, without any
other part. One file for each family of codes; they are found by listing this folder.

`facepay explain E-CAM-02` prints a line of these tables; the same code is in the log, on the
screen's corner and in the bodies of the HIS API. tests/agent/test_explain.py greps the tree for
codes that are not here.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import Final

from edge.errors import EdgeError


def _all() -> dict[str, tuple[str, str]]:
    """code: (what it means, what to do next)."""
    found: dict[str, tuple[str, str]] = {}
    for info in pkgutil.iter_modules(__path__):
        codes = importlib.import_module(f"{__name__}.{info.name}").CODES
        assert not found.keys() & codes.keys(), "a code is explained twice"
        found |= codes
    return found


CODES: Final = _all()


def explain(code: str) -> str:
    """Three lines for people. E-SYS-04 for a code that does not exist, with the nearest one."""
    wanted = code.strip().upper()
    if wanted not in CODES:
        near = difflib.get_close_matches(wanted, CODES, n=1)
        hint = f"did you mean {near[0]}?" if near else "facepay explain --all"
        raise EdgeError("E-SYS-04", f"there is no code {wanted[:20]}", hint)
    meaning, step = CODES[wanted]
    return f"{wanted}\n  {meaning}\n  Next: {step}"
