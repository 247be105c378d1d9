"""systemd's notify protocol (sd_notify(3)) in a dozen lines: ready, alive, stopping."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

USEC_PER_S = 1_000_000


class Watchdog:
    """Tells systemd, when there is one. `pet` is called by the owner after a full turn, by nobody
    else."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        # A turn must come at least twice within systemd's patience, also when nothing happens.
        self.interval_s = int(environment.get("WATCHDOG_USEC", "0")) / USEC_PER_S / 2 or 10.0

    def ready(self) -> None:
        """Started: the API listens and the ledger is restored."""
        self._say("READY=1")

    def pet(self) -> None:
        """Alive: a full turn was done."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """On the way out."""
        self._say("STOPPING=1")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            try:
                sock.connect(address)
                sock.sendall(text.encode())
            except OSError:
                return  # nobody listens: then nobody waits for us either
