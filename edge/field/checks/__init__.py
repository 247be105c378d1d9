"""`facepay doctor`: checks of a whole terminal. One file for each, found by listing this folder: `NAME`,
`AT` (its place in the list) and `check(Ask) -> list[Finding]`. A check that dies is a failed check."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from edge.config import Config
from edge.core.types import Json
from edge.errors import EdgeError

OK, WARN, FAIL, SKIP = "ok", "warn", "fail", "skip"


class Finding(Struct, frozen=True):
    """What one check found: `state` ok, warn, fail or skip; `fix` is the next step."""

    check: str
    state: str
    text: str
    code: str = ""
    fix: str = ""


class Ask(Struct, frozen=True):
    """What every check may look at. `told` is the running agent's status, None when none runs."""

    path: Path
    config: Config | None
    told: Json | None


def checks() -> list[ModuleType]:
    """Every check, in the order of `AT`."""
    found = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda module: (module.AT, module.NAME))


def run(path: Path) -> list[Finding]:
    """All of them. Nothing is written but a few bytes beside the ledger, for the disk's latency."""
    from edge.config import check as check_config

    config, _problems = check_config(path)
    ask = Ask(path, config, _told(config))
    out: list[Finding] = []
    for module in checks():
        if config is None and module.NAME != "configuration":
            out.append(Finding(module.NAME, SKIP, "needs a right configuration"))
            continue
        out += _guarded(module, ask)
    return out


def _guarded(module: ModuleType, ask: Ask) -> list[Finding]:
    try:
        found: list[Finding] = module.check(ask)
    except EdgeError as error:
        return [Finding(module.NAME, FAIL, error.message, error.code, error.hint or f"facepay explain {error.code}")]
    except Exception as error:
        text = f"the check itself failed: {type(error).__name__}: {error}"[:200]
        return [Finding(module.NAME, FAIL, text, "E-SYS-01", "report this as a bug")]
    return found


def _told(config: Config | None) -> Json | None:
    from edge.field.local import Local

    if config is None or not config.http.port:
        return None
    agent = Local(config, 5.0)
    try:
        return agent.get("/v1/status") if agent.runs() else None
    except EdgeError:
        return None
