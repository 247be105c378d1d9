"""The local API's port: ours, free, or somebody else's."""

from __future__ import annotations

import socket

from edge.field.checks import FAIL, OK, SKIP, Ask, Finding

NAME, AT = "ports", 120


def check(ask: Ask) -> list[Finding]:
    """Binds and lets go again when the agent does not run."""
    assert ask.config is not None
    http = ask.config.http
    where = f"{http.host}:{http.port}"
    if not http.port:
        return [Finding(NAME, SKIP, "port 0: any free one")]
    if ask.told is not None:
        return [Finding(NAME, OK, f"the agent answers on {where}")]
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((http.host, http.port))
    except OSError as error:
        text = f"{where} cannot be listened on: {error.strerror}"
        return [Finding(NAME, FAIL, text, "E-SYS-05", "who has it? ss -ltnp; or change [http] port")]
    return [Finding(NAME, OK, f"{where} is free; the agent does not run")]
