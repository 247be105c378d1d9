"""The device keys: there, whole, and readable by nobody else."""

from __future__ import annotations

import stat
from pathlib import Path

from edge.field.checks import FAIL, OK, Ask, Finding
from edge.loader import load

NAME, AT = "keys", 20


def check(ask: Ask) -> list[Finding]:
    """Loads them, as the agent will."""
    assert ask.config is not None
    config = ask.config.keys
    load("keys", config.driver)(config.directory)
    folder = Path(config.directory)
    for path in (folder, *sorted(folder.iterdir())):
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and not path.name.endswith((".pub", ".pem.pub")):
            return [Finding(NAME, FAIL, f"{path} can be read by others", "E-KEY-01", f"chmod go= {path}")]
    return [Finding(NAME, OK, f"{config.driver} keys in {folder}")]
