"""Every mistake in facepay.toml, and files that it names and that are not there."""

from __future__ import annotations

from edge.config import check as check_config
from edge.config import missing_files
from edge.field.checks import FAIL, OK, Ask, Finding

NAME, AT = "configuration", 10
FIX = "facepay config check FILE lists them all"


def check(ask: Ask) -> list[Finding]:
    """One finding for each mistake."""
    config, problems = check_config(ask.path)
    found = [Finding(NAME, FAIL, str(one), one.code, FIX) for one in problems]
    if config is not None:
        missing = missing_files(config)
        found += [Finding(NAME, FAIL, f"not there: {one}", "E-CFG-05", "enrol the terminal") for one in missing]
    return found or [Finding(NAME, OK, str(ask.path))]
