"""Secrets that others may read, and folders that we may not write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edge.field.checks import FAIL, OK, Ask, Finding

NAME, AT = "permissions", 130


def check(ask: Ask) -> list[Finding]:
    """One finding for each file that is too open or too closed."""
    assert ask.config is not None
    config = ask.config
    secrets = [config.broker.key, config.http.token_file, str(config.board.options.get("pair_key", ""))]
    found = []
    for name in secrets:
        path = Path(name)
        if name and path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found.append(Finding(NAME, FAIL, f"{path} can be read by others", "", f"chmod go= {path}"))
    folder = Path(config.store.path).parent
    if folder.is_dir():
        if stat.S_IMODE(folder.stat().st_mode) & 0o002:
            found.append(Finding(NAME, FAIL, f"everybody may write to {folder}", "", f"chmod o-w {folder}"))
        if not os.access(folder, os.W_OK):
            found.append(Finding(NAME, FAIL, f"{folder} cannot be written by this user", "", "run it as the user facepay"))
    return found or [Finding(NAME, OK, "secrets are read by their owner alone")]
