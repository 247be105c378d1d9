"""A broker that misbehaves on request: raw sockets, one script, everything it saw written down.

Real brokers do not refuse a PUBACK, freeze, or speak nonsense when asked; the broker driver must
live with all of it. It knows just enough of MQTT 3.1.1 and 5 to answer CONNECT, SUBSCRIBE, PUBLISH
(QoS 1) and PINGREQ.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

PACKET_BYTES_MAX = 1 << 20
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14
MQTT5 = 5


@dataclass(frozen=True)
class Published:
    """A PUBLISH as it arrived; `connection` counts from 1."""

    connection: int
    mid: int
    dup: bool
    retain: bool
    topic: str
    payload: bytes


@dataclass
class Script:
    """How to behave. `puback(n)` for the n-th publish of all: None = never, 0 = ok, else a reason
    code (MQTT 5)."""

    connack: int | None = 0
    suback: int | None = 1
    puback: Callable[[int], int | None] = lambda _n: 0
    pings: bool = True
    after_suback: bytes = b""  # raw bytes sent then
    instead_of_connack: bytes = b""
    hang_up_after: int = 0  # close the connection after so many publishes on it (0 = never)


@dataclass
class ScriptedBroker:
    """Listens on 127.0.0.1:`port` while the context is open."""

    script: Script = field(default_factory=Script)
    published: list[Published] = field(default_factory=list)
    connections: int = 0
    goodbyes: int = 0
    port: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._socks: list[socket.socket] = []
        threading.Thread(target=self._accept, name="scripted-broker", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection."""
        for sock in self._socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._socks.append(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as stream:
            version, count = 4, 0
            while (packet := _read(stream.read)) is not None:
                head, body = packet
                kind = head >> 4
                if kind == CONNECT:
                    version = body[6]
                    self._connack(sock, version)
                elif kind == SUBSCRIBE:
                    self._suback(sock, body, version)
                elif kind == PUBLISH:
                    count += 1
                    self._publish(sock, number, head, body, version)
                    if count == self.script.hang_up_after:
                        return
                elif kind == PINGREQ and self.script.pings:
                    sock.sendall(b"\xd0\x00")
                elif kind == DISCONNECT:
                    self.goodbyes += 1
                    return

    def _connack(self, sock: socket.socket, version: int) -> None:
        if self.script.instead_of_connack:
            sock.sendall(self.script.instead_of_connack)
        elif self.script.connack is not None:
            tail = b"\x00" if version == MQTT5 else b""
            sock.sendall(_packet(0x20, bytes([0, self.script.connack]) + tail))

    def _suback(self, sock: socket.socket, body: bytes, version: int) -> None:
        if self.script.suback is None:
            return
        count, at = 0, 2 + (1 if version == MQTT5 else 0)
        while at < len(body):
            at += 2 + int.from_bytes(body[at : at + 2], "big") + 1
            count += 1
        props = b"\x00" if version == MQTT5 else b""
        codes = bytes([self.script.suback]) * count
        sock.sendall(_packet(0x90, body[:2] + props + codes) + self.script.after_suback)

    def _publish(
        self, sock: socket.socket, number: int, head: int, body: bytes, version: int
    ) -> None:
        length = int.from_bytes(body[:2], "big")
        topic, at = body[2 : 2 + length].decode(), 2 + length
        mid = body[at : at + 2]
        at += 2 + (1 if version == MQTT5 else 0)
        self.published.append(
            Published(
                number,
                int.from_bytes(mid, "big"),
                bool(head & 8),
                bool(head & 1),
                topic,
                body[at:],
            )
        )
        reason = self.script.puback(len(self.published))
        if reason is not None:
            sock.sendall(_packet(0x40, mid + (bytes([reason]) if reason else b"")))


def _packet(head: int, body: bytes) -> bytes:
    assert len(body) < 128, "short answers only"
    return bytes([head, len(body)]) + body


def _read(read: Callable[[int], bytes]) -> tuple[int, bytes] | None:
    head = read(1)
    if not head:
        return None
    size, shift = 0, 0
    while True:
        byte = read(1)
        if not byte or shift > 21:
            return None
        size |= (byte[0] & 127) << shift
        shift += 7
        if not byte[0] & 128:
            break
    if size > PACKET_BYTES_MAX:
        return None
    body = read(size)
    return (head[0], body) if len(body) == size else None
