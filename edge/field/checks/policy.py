"""The policy: which one counts, and how long it still holds."""

from __future__ import annotations

import time
from pathlib import Path

from edge.errors import EdgeError
from edge.field import guard
from edge.field.checks import OK, WARN, Ask, Finding
from edge.suites import es256
from edge.wire import policy

NAME, AT = "policy", 60
DOCUMENT_MAX = 64 * 1024
HOURS_WARN = 24
FIX = "bring the terminal to the network: a new policy arrives by itself"


def check(ask: Ask) -> list[Finding]:
    """Of the running agent; else the newest that the ledger or the configuration holds."""
    assert ask.config is not None
    if ask.told is not None:
        offline = ask.told["offline"]
        return _judged(str(offline["profile"]), float(offline["left_hours"]))
    found = _documents(ask)
    if not found:
        return [Finding(NAME, WARN, "none yet: strict (P0), nothing with money offline", "", FIX)]
    verifier = es256.Es256Verifier.of(es256.load_sign_public(Path(ask.config.centre.sign_key).read_bytes()))
    held = [policy.decode(data, verifier, terminal=ask.config.terminal.name) for data in found]
    newest = max(held, key=lambda one: one.version)
    left_h = (newest.valid_until_utc_ms - time.time_ns() // 1_000_000) / 3_600_000
    return _judged(newest.profile, left_h)


def _judged(profile: str, left_h: float) -> list[Finding]:
    if profile != "P1":
        return [Finding(NAME, OK, f"profile {profile}: nothing with money offline")]
    if left_h <= 0:
        return [Finding(NAME, WARN, f"profile {profile} has run out", "", FIX)]
    state = WARN if left_h < HOURS_WARN else OK
    return [Finding(NAME, state, f"profile {profile}, {left_h:.0f} h left", "", FIX if state != OK else "")]


def _documents(ask: Ask) -> list[bytes]:
    assert ask.config is not None
    found: list[bytes] = []
    try:
        with guard.ledger(ask.config, keys=True) as store:
            if store is not None:
                found = list(store.restore().docs.get("policy", {}).values())
    except EdgeError:
        found = []  # the ledger's own check says what is wrong with it
    given = ask.config.centre.policy
    if not found and given:
        found = [Path(given).read_bytes()[:DOCUMENT_MAX]]
    return found
