"""The checks: one file each, found by listing this folder (`evidence.Check` is the surface)."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

from edge.core.liveness.evidence import Check


@cache
def checks() -> dict[str, Check]:
    """Every check by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return {
        name: cast(Check, importlib.import_module(f"{__name__}.{name}"))
        for name in names
        if not name.startswith("_")
    }
