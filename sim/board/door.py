"""The control socket: lines in, lines out, for a few clients at a time."""

from __future__ import annotations

import json
import selectors
import socket
from collections.abc import Callable
from typing import Any

READ_MAX = 65536
CLIENTS_MAX = 8
LINE_MAX = 64 * 1024
SEND_TIMEOUT_S = 1.0


class Door:
    """`answer` makes an object of each line."""

    def __init__(
        self,
        control: socket.socket,
        selector: selectors.BaseSelector,
        answer: Callable[[bytes], dict[str, Any]],
    ) -> None:
        self._selector = selector
        self._answer = answer
        self._clients = 0
        control.setblocking(False)
        selector.register(control, selectors.EVENT_READ, lambda: self._accept(control))

    def _accept(self, control: socket.socket) -> None:
        client, _ = control.accept()
        if self._clients >= CLIENTS_MAX:
            client.close()
            return
        self._clients += 1
        client.settimeout(SEND_TIMEOUT_S)
        held = bytearray()
        self._selector.register(client, selectors.EVENT_READ, lambda: self._asked(client, held))

    def _asked(self, client: socket.socket, held: bytearray) -> None:
        try:
            data = client.recv(READ_MAX)
            held += data
            while b"\n" in held:
                line, _, rest = bytes(held).partition(b"\n")
                held[:] = rest
                client.sendall(json.dumps(self._answer(line)).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(held) > LINE_MAX:
            self._selector.unregister(client)
            client.close()
            self._clients -= 1
