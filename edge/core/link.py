"""The terminal's end of the cable to the controller, as a pure machine: open, greet, stop-and-wait, heartbeat, give up.

Bytes, keys and counters are the business of the codec handed in (`Wire`, in production `edge.wire.cable.Cable`); this machine
decides what is sent when, and what the core is told. One class of failure, one code; every repeat and queue has a limit.
Times are monotonic milliseconds. `step` and `start` return what to do, in order; `deadline` says when to call with `Tick`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from msgspec import Struct

from edge.core.events import BoardLost, BoardUp, CardRead, Pressed
from edge.core.types import Dice, Json

RTO_START_MS = 100
RTO_MIN_MS = 40
RTO_MAX_MS = 1_000
TRIES_MAX = 5
BEAT_MS = 1_000
SILENT_MS = 3_000
GREET_MS = 200  # between the first HELLOs, doubled up to GREET_MAX_MS
GREET_MAX_MS = 2_000
GREETS_MAX = 5  # unanswered HELLOs until the core is told; greeting goes on
OPEN_MS = 250  # between attempts to open the port, doubled up to OPEN_MAX_MS
OPEN_MAX_MS = 4_000
QUEUE_MAX = 16
FORGED_MAX = 8  # in one session; more is a man on the cable or a controller that was paired anew
NONCE_BYTES = 16


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


DAMAGE: Final = MappingProxyType({
    "noise": Code.NOISE, "short": Code.NOISE, "oversized": Code.OVERSIZED, "forged": Code.FORGERY,
    "replayed": Code.REPLAYED, "unknown": Code.UNKNOWN, "odd": Code.ODD,
})  # fmt: skip


class Heard(Struct, frozen=True):
    """One thing the codec made of received bytes. what: "welcome" "started" "frame", or a key of DAMAGE."""

    what: str
    kind: str = ""  # of a frame: beat ack pressed card refused
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


# -- what happens ---------------------------------------------------------------------------------------------------------
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
    """kind "light" or "buzz"."""

    kind: str
    text: str


class StopAsked(Struct, frozen=True):
    """For ever; nothing is posted any more."""


LinkEvent = Opened | OpenFailed | PortLost | Arrived | Tick | Command | StopAsked


# -- what to do -----------------------------------------------------------------------------------------------------------
class OpenPort(Struct, frozen=True):
    """-> Opened or OpenFailed."""


class ClosePort(Struct, frozen=True):
    """No answer."""


class Write(Struct, frozen=True):
    data: bytes


class Post(Struct, frozen=True):
    event: BoardUp | BoardLost | CardRead | Pressed


Do = OpenPort | ClosePort | Write | Post


class State(StrEnum):
    CLOSED = "closed"
    OPENING = "opening"
    GREETING = "greeting"
    UP = "up"
    STOPPED = "stopped"


class Input(StrEnum):
    """Events, with `Arrived` taken apart into what the bytes turned out to be."""

    OPENED = "opened"
    FAILED = "failed"
    LOST = "lost"
    WELCOME = "welcome"
    STARTED = "started"
    FRAME = "frame"
    DAMAGE = "damage"
    TICK = "tick"
    COMMAND = "command"
    STOP = "stop"


_PLAIN: Final = MappingProxyType({Opened: Input.OPENED, Tick: Input.TICK, StopAsked: Input.STOP})
_HEARD: Final = MappingProxyType({"welcome": Input.WELCOME, "started": Input.STARTED, "frame": Input.FRAME})


class Link:
    """`.state`, `.faults` (code -> count) and `.info` (of the controller that is up) are for looking only."""

    def __init__(self, wire: Wire, dice: Dice) -> None:
        self._wire = wire
        self._dice = dice
        self.state = State.CLOSED
        self.faults: Counter[Code] = Counter()
        self.info: Json = {}
        self._now = 0
        self._out: list[Do] = []
        self._told = ""  # the code the core last heard, "" when up or nothing said yet
        self._wanted_light = "off"
        self._open_at = 0
        self._open_ms = OPEN_MS
        self._nonce = b""
        self._greets = 0
        self._greet_at = 0
        self._greet_ms = GREET_MS
        self._suspect: Code = Code.MUTE  # what an unanswered HELLO means, from what came instead
        self._boot = b""
        self._queue: deque[Command] = deque()
        self._seq = 0
        self._heard_seq = 0
        self._tries = 0
        self._rto_ms = RTO_START_MS
        self._sent_at = 0
        self._resend_at = 0
        self._beat_at = 0
        self._heard_at = 0
        self._forged = 0

    def start(self, now_ms: int) -> list[Do]:
        """The first attempt to open."""
        assert self.state is State.CLOSED
        self._now = now_ms
        self.state = State.OPENING
        return [OpenPort()]

    def step(self, event: LinkEvent, now_ms: int) -> list[Do]:
        """Everything to do because of `event`, in order."""
        assert now_ms >= self._now, "monotonic time went back"
        self._now = now_ms
        self._out = []
        match event:
            case Arrived(data):
                if self.state in (State.GREETING, State.UP):
                    for heard in self._wire.hear(data):
                        self._take(_HEARD.get(heard.what, Input.DAMAGE), heard)
            case Command():
                self._take(Input.COMMAND, event)
            case OpenFailed(code):
                self._take(Input.FAILED, code)
            case PortLost(code):
                self._take(Input.LOST, code)
            case _:
                self._take(_PLAIN[type(event)], None)
        return self._out

    def deadline(self) -> int | None:
        """When `Tick` is due; None when only an event can change anything."""
        match self.state:
            case State.CLOSED:
                return self._open_at
            case State.GREETING:
                return self._greet_at
            case State.UP:
                due = min(self._beat_at, self._heard_at + SILENT_MS)
                return min(due, self._resend_at) if self._tries else due
            case _:
                return None

    def _take(self, kind: Input, what: object) -> None:
        TABLE[self.state, kind](self, what)

    # -- port -----------------------------------------------------------------------------------------------------------
    def _opened(self, _: object) -> None:
        self._open_ms = OPEN_MS
        self._greet(Code.MUTE)

    def _not_opened(self, code: object) -> None:
        assert isinstance(code, str)
        self._away(code)

    def _reopen(self, _: object) -> None:
        if self._now >= self._open_at:
            self.state = State.OPENING
            self._out.append(OpenPort())

    def _port_lost(self, code: object) -> None:
        assert isinstance(code, str)
        self._out.append(ClosePort())
        self._away(code)

    def _away(self, code: str) -> None:
        self.state = State.CLOSED
        self._wire.forget()
        self._queue.clear()
        self._open_at = self._now + self._open_ms
        self._open_ms = min(OPEN_MAX_MS, self._open_ms * 2)
        self._tell(code)

    def _stop(self, _: object) -> None:
        if self.state in (State.GREETING, State.UP):
            self._out.append(ClosePort())
        self.state = State.STOPPED
        self._wire.forget()
        self._queue.clear()

    # -- greeting -------------------------------------------------------------------------------------------------------
    def _greet(self, suspect: Code) -> None:
        self.state = State.GREETING
        self._wire.forget()
        self._queue.clear()
        self._nonce = self._dice.bytes(NONCE_BYTES)
        self._greets = 0
        self._greet_ms = GREET_MS
        self._suspect = suspect
        self._say_hello()

    def _say_hello(self) -> None:
        self._greets += 1
        self._greet_at = self._now + self._greet_ms
        self._greet_ms = min(GREET_MAX_MS, self._greet_ms * 2)
        self._out.append(Write(self._wire.hello(self._nonce)))

    def _greet_again(self, _: object) -> None:
        if self._now < self._greet_at:
            return
        if self._greets >= GREETS_MAX:
            self._tell(self._suspect)
            # A fresh nonce, so that nobody has longer than this to answer for the controller.
            self._greets, self._suspect = 0, Code.MUTE
            self._nonce = self._dice.bytes(NONCE_BYTES)
        self._say_hello()

    def _welcomed(self, what: object) -> None:
        assert isinstance(what, Heard)
        if not what.body["fits"]:
            self._suspect = Code.VERSION
            self._tell(Code.VERSION)
            self._wire.forget()
            return
        self.state = State.UP
        self._boot = what.body["boot"]
        self.info = {name: what.body[name] for name in ("version", "build", "board", "uid", "reset_cause")}
        self._seq = self._heard_seq = self._tries = self._forged = 0
        self._rto_ms = RTO_START_MS
        self._heard_at = self._now
        self._beat_at = self._now + BEAT_MS
        self._told = ""
        self._out.append(Post(BoardUp(dict(self.info))))
        # The first frame of ours makes the controller's new session the current one; lamps are restored by it.
        self._put(Command("light", self._wanted_light))

    def _started_while_greeting(self, _: object) -> None:
        """It is alive and our key is right: greet at once instead of at the next try."""
        self._greet_at = min(self._greet_at, self._now + GREET_MS // 4)

    def _suspicious(self, what: object) -> None:
        assert isinstance(what, Heard)
        code = DAMAGE[what.what]
        self.faults[code] += 1
        if code is Code.FORGERY:
            self._suspect = Code.PAIRING
        elif self._suspect is Code.MUTE:
            self._suspect = Code.BABBLE

    # -- up -------------------------------------------------------------------------------------------------------------
    def _framed(self, what: object) -> None:
        assert isinstance(what, Heard)
        self._heard_at = self._now
        if self._tries and what.ack == self._seq:
            self._acknowledged()
        if what.seq:
            fresh = what.seq == _following(self._heard_seq)
            if fresh:
                self._heard_seq = what.seq
            self._out.append(Write(self._wire.say("ack", "", 0, self._heard_seq)))
            if fresh:
                self._deliver(what)

    def _deliver(self, what: Heard) -> None:
        match what.kind:
            case "pressed":
                self._out.append(Post(Pressed(what.body["button"])))
            case "card":
                self._out.append(Post(CardRead(what.body["card_no"], what.body["cert_type"])))
            case "refused":
                self.faults[Code.REFUSED] += 1
            case _:
                self.faults[Code.ODD] += 1

    def _restarted(self, what: object) -> None:
        assert isinstance(what, Heard)
        if what.body["boot"] == self._boot:
            return  # said before our HELLO and late, or said again by somebody
        self._down(Code.RESTARTED)

    def _damaged(self, what: object) -> None:
        assert isinstance(what, Heard)
        code = DAMAGE[what.what]
        self.faults[code] += 1
        if code is Code.FORGERY:
            self._forged += 1
            if self._forged > FORGED_MAX:
                self._down(Code.FORGERY)

    def _up_tick(self, _: object) -> None:
        if self._now >= self._heard_at + SILENT_MS:
            self._down(Code.SILENT)
        elif self._tries >= TRIES_MAX and self._now >= self._resend_at:
            self._down(Code.UNACKED)
        elif self._wire.spent():
            self._greet(Code.MUTE)
        else:
            if self._tries and self._now >= self._resend_at:
                self._rto_ms = min(RTO_MAX_MS, self._rto_ms * 2)
                self._send()
            if self._now >= self._beat_at:
                self._beat_at = self._now + BEAT_MS
                self._out.append(Write(self._wire.say("beat", "", 0, self._heard_seq)))

    def _down(self, code: Code) -> None:
        self.faults[code] += 1
        self._tell(code)
        self._greet(Code.MUTE)

    def _put(self, command: Command) -> None:
        """Queue; a waiting light gives way to a newer one, and a full queue to its oldest waiting sound."""
        waiting = [c for i, c in enumerate(self._queue) if i == 0 or not (c.kind == command.kind == "light")]
        self._queue = deque(waiting)
        if len(self._queue) >= QUEUE_MAX:
            del self._queue[1]
        self._queue.append(command)
        if len(self._queue) == 1:
            self._first()

    def _first(self) -> None:
        self._seq = _following(self._seq)
        self._tries = 0
        self._sent_at = self._now
        self._send()

    def _send(self) -> None:
        command = self._queue[0]
        self._tries += 1
        self._resend_at = self._now + self._rto_ms
        self._out.append(Write(self._wire.say(command.kind, command.text, self._seq, self._heard_seq)))

    def _acknowledged(self) -> None:
        if self._tries == 1:  # Karn: an answer to a repeat does not tell which send it answers
            rtt = self._now - self._sent_at
            self._rto_ms = max(RTO_MIN_MS, min(RTO_MAX_MS, self._rto_ms * 7 // 8 + rtt // 2))
        self._tries = 0
        self._queue.popleft()
        if self._queue:
            self._first()

    # -- both -----------------------------------------------------------------------------------------------------------
    def _commanded(self, what: object) -> None:
        assert isinstance(what, Command)
        self._remember(what)
        self._put(what)

    def _remember(self, what: object) -> None:
        """Not up: a light is what the lamps shall show once it is; a sound that comes late is worse than none."""
        assert isinstance(what, Command)
        if what.kind == "light":
            self._wanted_light = what.text

    def _tell(self, code: str) -> None:
        """Each change of what is wrong once."""
        if code != self._told:
            self._told = code
            self._out.append(Post(BoardLost(str(code))))

    def _ignore(self, _: object) -> None:
        """Late, or of no use here."""

    def _never(self, _: object) -> None:
        raise AssertionError(f"the rim may not say this in state {self.state}")


def _following(seq: int) -> int:
    """1..255 and round again; 0 means "none yet"."""
    return seq % 255 + 1


_I, _N = Link._ignore, Link._never  # noqa: SLF001
_ROWS: Final = {
    # input:        CLOSED            OPENING            GREETING                     UP                  STOPPED
    Input.OPENED: (_N, Link._opened, _N, _N, _I),
    Input.FAILED: (_N, Link._not_opened, _N, _N, _I),
    Input.LOST: (_I, _I, Link._port_lost, Link._port_lost, _I),
    Input.WELCOME: (_N, _N, Link._welcomed, _I, _N),
    Input.STARTED: (_N, _N, Link._started_while_greeting, Link._restarted, _N),
    Input.FRAME: (_N, _N, _I, Link._framed, _N),
    Input.DAMAGE: (_N, _N, Link._suspicious, Link._damaged, _N),
    Input.TICK: (Link._reopen, _I, Link._greet_again, Link._up_tick, _I),
    Input.COMMAND: (Link._remember, Link._remember, Link._remember, Link._commanded, _I),
    Input.STOP: (Link._stop, Link._stop, Link._stop, Link._stop, _I),
}
TABLE: Final[MappingProxyType[tuple[State, Input], Callable[[Link, object], None]]] = MappingProxyType({
    (state, kind): row[column] for kind, row in _ROWS.items() for column, state in enumerate(State)
})  # fmt: skip
