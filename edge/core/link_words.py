"""The words of the link machine (`core.link`): what is wrong, what happens, what to do, and the
codec it is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from msgspec import Struct

from edge.core.events import (
    BoardHealth,
    BoardLine,
    BoardLost,
    BoardUp,
    CardRead,
    CodeSeen,
    Emitted,
    Lit,
    Nearby,
    Pressed,
    Tampered,
    Witnessed,
)
from edge.core.types import Head, Json


class Code(StrEnum):
    """What can be wrong with the controller. `facepay explain` has the next steps."""

    NO_PORT = "E-BRD-01"
    PORT_DENIED = "E-BRD-02"
    PORT_TAKEN = "E-BRD-03"
    UNPLUGGED = "E-BRD-04"
    MUTE = "E-BRD-05"  # no answer to HELLO
    BABBLE = "E-BRD-06"  # bytes that are no frames: wrong device, wrong baud rate
    PAIRING = "E-BRD-07"  # frames that are whole and signed with another key
    VERSION = "E-BRD-08"  # protocol or message table differ
    SILENT = "E-BRD-09"  # heartbeat stopped
    UNACKED = "E-BRD-10"  # a command was sent five times in vain
    RESTARTED = "E-BRD-11"
    FORGERY = "E-BRD-12"
    REFUSED = "E-BRD-13"  # the controller does not know a command
    # counted in `faults`, not the end of a session by themselves
    NOISE = "E-BRD-14"
    OVERSIZED = "E-BRD-15"
    REPLAYED = "E-BRD-16"
    UNKNOWN = "E-BRD-17"
    ODD = "E-BRD-18"
    PHOTO = "E-BRD-22"  # of a card's chip: announced, and not whole in time


DAMAGE: Final = MappingProxyType({
    "noise": Code.NOISE, "short": Code.NOISE, "oversized": Code.OVERSIZED, "forged": Code.FORGERY,
    "replayed": Code.REPLAYED, "unknown": Code.UNKNOWN, "odd": Code.ODD,
})  # fmt: skip


class Heard(Struct, frozen=True):
    """One thing the codec made of received bytes. what: "welcome" "started" "frame", or a key of
    DAMAGE."""

    what: str
    kind: str = ""  # of a frame: the names of wire.frame.MESSAGES
    seq: int = 0  # 0 = not reliable
    ack: int = 0  # the controller's last received seq
    body: Json = {}


class Wire(Protocol):
    """Bytes <-> `Heard`. Holds keys and counters, knows nothing of time."""

    def hello(self, nonce: bytes) -> bytes: ...  # the same nonce repeats the same HELLO
    def hear(self, data: bytes) -> list[Heard]: ...  # a good WELCOME switches to its session
    def say(self, kind: str, text: str, seq: int, ack: int) -> bytes: ...
    def spent(self) -> bool: ...  # the counter nears its end
    def forget(self) -> None: ...  # no session, no half packet


# -- what happens ----------------------------------------------------------------------------------
class Opened(Struct, frozen=True):
    """The port is open."""


class OpenFailed(Struct, frozen=True):
    code: str


class PortLost(Struct, frozen=True):
    """An open port broke."""

    code: str


class Arrived(Struct, frozen=True):
    data: bytes


class Tick(Struct, frozen=True):
    """`deadline` has passed."""


class Command(Struct, frozen=True):
    """kind "light" "buzz" "witness" "challenge" "emit" "clear"."""

    kind: str
    text: str


class StopAsked(Struct, frozen=True):
    """For ever; nothing is posted any more."""


LinkEvent = Opened | OpenFailed | PortLost | Arrived | Tick | Command | StopAsked


# -- what to do ------------------------------------------------------------------------------------
class OpenPort(Struct, frozen=True):
    """-> Opened or OpenFailed."""


class ClosePort(Struct, frozen=True):
    """No answer."""


class Write(Struct, frozen=True):
    data: bytes


# What the controller reports and the core is told.
Report = (
    CardRead | CodeSeen | Pressed | Witnessed | Nearby | Tampered | BoardHealth | Emitted | Lit
)
BoardEvent = BoardUp | BoardLost | BoardLine | Report


class Post(Struct, frozen=True):
    event: BoardEvent


def _witnessed(body: Json) -> Report:
    return Witnessed(body["state"], Head(body["epoch"], body["seq"], body["hash"]))


# Kind of a frame -> the event it is, of a body that the codec has checked.
POSTED: Final[Mapping[str, Callable[[Json], Report]]] = MappingProxyType({
    "pressed": lambda body: Pressed(**body),
    "card": lambda body: CardRead(**body),
    "code": lambda body: CodeSeen(**body),
    "witnessed": _witnessed,
    "proximity": lambda body: Nearby(**body),
    "tamper": lambda body: Tampered(**body),
    "health": lambda body: BoardHealth(**body),
    "emitted": lambda body: Emitted(**body),
    "lit": lambda body: Lit(**body),
})  # fmt: skip


Do = OpenPort | ClosePort | Write | Post
