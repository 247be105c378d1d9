"""The agent as a service that starts by itself."""

from __future__ import annotations

import shutil
import subprocess

from edge.field.checks import OK, SKIP, WARN, Ask, Finding

NAME, AT = "service", 140
TIMEOUT_S = 5


def check(ask: Ask) -> list[Finding]:
    """What systemd says, where there is one."""
    runs = ask.told is not None
    if shutil.which("systemctl") is None:
        return [Finding(NAME, SKIP, f"no systemd here; the agent {'answers' if runs else 'does not run'}")]
    enabled, active = _asked("is-enabled"), _asked("is-active")
    if enabled in {"", "not-found"}:
        text = f"facepay.service is not installed; the agent {'answers' if runs else 'does not run'}"
        return [Finding(NAME, WARN, text, "", "install edge/field/deploy/facepay.service")]
    if enabled != "enabled":
        return [Finding(NAME, WARN, f"{enabled}: it does not start by itself", "", "systemctl enable facepay")]
    if active != "active" or not runs:
        return [Finding(NAME, WARN, f"{active}, and the agent {'answers' if runs else 'does not answer'}", "", "journalctl -u facepay -n 50")]
    return [Finding(NAME, OK, "enabled, active, and it answers")]


def _asked(what: str) -> str:
    try:
        done = subprocess.run(
            ["systemctl", what, "facepay.service"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""
