"""The port to the broker: one connection at a time, and no memory of its own.

The outbox owns window, retry and back-off (`core/outbox.py`, `core/reconnect.py`). A driver makes
one attempt when told to, says what became of it, and forgets everything when the connection ends.
The broker's word (PUBACK) frees a place in the window and proves nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from edge.core.events import Freed, LinkLost, LinkUp

PAYLOAD_BYTES_MAX = 256 * 1024  # a longer message is not ours: the connection ends with E-NET-09
PUBLISHES_WAITING_MAX = 256  # the outbox has a window of 20; more waiting here is our own mistake


class Message(Struct, frozen=True):
    """One message from the broker, as it came: unverified bytes."""

    topic: str
    payload: bytes


Happening = LinkUp | LinkLost | Freed | Message
Post = Callable[[Happening], None]  # called on the driver's own thread; must not block


class Options(Struct, frozen=True):
    """Where the broker is and how to prove who we are. Paths are PEM files; `subscribe` is complete
    before LinkUp."""

    host: str
    port: int
    client_id: str
    subscribe: tuple[str, ...]
    state_topic: str  # retained: "online" after LinkUp, "offline" as last will and on leaving
    ca: str = ""
    cert: str = ""
    key: str = ""
    tls: bool = True
    protocol: str = "3.1.1"  # or "5"; nothing depends on 5
    keepalive_s: int = 30
    connect_timeout_s: int = (
        30  # TCP, TLS and CONNACK+SUBACK each; never below 30 in the field (MQTT.md §4)
    )


class Broker(Protocol):
    """What every broker driver does. All methods return at once and may be called from any
    thread."""

    def connect(self) -> None:
        """Make one attempt. Exactly one of LinkUp, LinkLost follows; after LinkUp one LinkLost when
        it ends.

        E-NET-01 unreachable, E-NET-02 TLS, E-NET-03 broker refused us, E-NET-04 ended, E-NET-05 no
        answer to the
        handshake, E-NET-06 subscription refused, E-NET-07 peer silent, E-NET-08 closed before it
        accepted us,
        E-NET-09 not MQTT as we know it.
        """
        ...

    def publish(self, topic: str, payload: bytes, token: int | None) -> None:
        """Send once at QoS 1 on the present connection; dropped when there is none (LinkLost is on
        its way then).

        With a token: Freed(token, ok) when the broker answers; not ok = the broker said it did not
        take it.
        """
        ...

    def disconnect(self) -> None:
        """Leave cleanly (the state topic says offline). -> LinkLost E-NET-04, when there was a
        connection."""
        ...

    def close(self, timeout_s: float) -> None:
        """Disconnect and wait at most `timeout_s` for the thread."""
        ...
