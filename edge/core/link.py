"""The terminal's end of the cable to the controller, as a pure machine: open, greet, stop-and-wait,
heartbeat, give up.

Bytes, keys and counters are the business of the codec handed in (`Wire`, in production
`edge.wire.cable.Cable`); this machine decides what is sent when, and what the core is told. One
class of failure, one code; every repeat and queue has a limit. Times are monotonic milliseconds.
`step` and `start` return what to do, in order; `deadline` says when to call with `Tick`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

from edge.core.events import BoardLine, BoardLost, BoardUp
from edge.core.link_photo import CardPhoto
from edge.core.link_words import (
    DAMAGE,
    POSTED,
    Arrived,
    ClosePort,
    Code,
    Command,
    Do,
    Heard,
    LinkEvent,
    Opened,
    OpenFailed,
    OpenPort,
    PortLost,
    Post,
    StopAsked,
    Tick,
    Wire,
    Write,
)
from edge.core.types import Dice, Json

RTO_START_MS = 100
RTO_MIN_MS = 40
RTO_MAX_MS = 1_000
TRIES_MAX = 5
BEAT_MS = 1_000
SILENT_MS = 3_000
GREET_MS = 200  # between the first HELLOs, doubled up to GREET_MAX_MS
GREET_MAX_MS = 1_000
DOUBT_MS = 300  # for the controller to prove that it has not restarted
GREETS_MAX = 5  # unanswered HELLOs until the core is told; greeting goes on
OPEN_MS = 250  # between attempts to open the port, doubled up to OPEN_MAX_MS
OPEN_MAX_MS = 4_000
QUEUE_MAX = 16
FORGED_MAX = 8  # in one session; more is a man on the cable or a controller that was paired anew
NONCE_BYTES = 16
NO_BEAT: Final = MappingProxyType({"uptime_ms": 0, "noise": 0, "forged": 0})
INFO = ("version", "build", "board", "uid", "reset_cause", "slot", "trial", "caps")
NEWEST = frozenset({"light", "witness", "challenge", "ping", "clear"})  # only the last one counts
MOMENTS = frozenset(
    {"ok", "no"}
)  # lights that end by themselves: not to be shown again after a loss


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
_HEARD: Final = MappingProxyType(
    {"welcome": Input.WELCOME, "started": Input.STARTED, "frame": Input.FRAME}
)


Handler = Callable[["Link", object], None]


def _table(
    rows: dict[Input, tuple[Handler, ...]],
) -> Mapping[tuple[State, Input], Handler]:
    return MappingProxyType(
        {(state, kind): row[i] for kind, row in rows.items() for i, state in enumerate(State)}
    )


def _following(seq: int) -> int:
    """1..255 and round again; 0 means "none yet"."""
    return seq % 255 + 1


class Link:
    """`.state`, `.faults` (code -> count) and `.info` (of the controller that is up) are for
    looking only."""

    def __init__(self, wire: Wire, dice: Dice) -> None:
        self._wire = wire
        self._dice = dice
        self.state = State.CLOSED
        self.faults: Counter[Code] = Counter()
        self.info: Json = {}
        self._beat: Json = dict(NO_BEAT)  # what the last one said
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
        self._photo = CardPhoto()
        self._doubt_at = 0  # when a STARTED that nothing contradicted counts; 0 = none came

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
                due = min(due, self._doubt_at) if self._doubt_at else due
                photo = self._photo.deadline()
                due = due if photo is None else min(due, photo)
                return min(due, self._resend_at) if self._tries else due
            case _:
                return None

    def idle(self) -> bool:
        """No command waits for its acknowledgement."""
        return not self._queue

    def _take(self, kind: Input, what: object) -> None:
        self.TABLE[self.state, kind](self, what)

    # -- port --------------------------------------------------------------------------------------
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
        self._card_stands()
        self.state = State.CLOSED
        self._wire.forget()
        self._queue.clear()
        self._open_at = self._now + self._open_ms
        self._open_ms = min(OPEN_MAX_MS, self._open_ms * 2)
        self._tell(code)

    def _stop(self, _: object) -> None:
        self._out.append(ClosePort())  # closed or not: an answer to OpenPort may be under way
        self.state = State.STOPPED
        self._photo.take()
        self._wire.forget()
        self._queue.clear()

    # -- greeting ----------------------------------------------------------------------------------
    def _greet(self, suspect: Code) -> None:
        self._card_stands()
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

    def _greet_more(self, _: object) -> None:
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
        self.info = {
            name: what.body[name] for name in INFO if name in what.body
        }
        self._seq = self._heard_seq = self._tries = self._forged = self._doubt_at = 0
        self._rto_ms = RTO_START_MS
        self._heard_at = self._now
        self._beat_at = self._now + BEAT_MS
        self._told, self._beat = "", dict(NO_BEAT)
        self._out.append(Post(BoardUp(dict(self.info))))
        # The first frame of ours makes the controller's new session the current one; lamps are
        # restored by it.
        self._put(Command("light", self._wanted_light))

    def _alive(self, _: object) -> None:
        """It is alive and our key is right: greet at once instead of at the next try."""
        self._greet_at = min(self._greet_at, self._now + GREET_MS // 4)

    def _suspicious(self, what: object) -> None:
        assert isinstance(what, Heard)
        code = DAMAGE[what.what]
        self.faults[code] += 1
        if code is Code.FORGERY:  # whole, and signed by somebody else: no repeat will help
            self._suspect = Code.PAIRING
            self._tell(Code.PAIRING)
        elif self._suspect is Code.MUTE:
            self._suspect = Code.BABBLE

    # -- up ----------------------------------------------------------------------------------------
    def _framed(self, what: object) -> None:
        assert isinstance(what, Heard)
        self._heard_at = self._now
        self._doubt_at = 0
        if self._tries and what.ack == self._seq:
            self._acknowledged()
        if what.kind == "beat":
            self._beat = what.body
        if what.seq:
            fresh = what.seq == _following(self._heard_seq)
            if fresh:
                self._heard_seq = what.seq
            self._out.append(Write(self._wire.say("ack", "", 0, self._heard_seq)))
            if fresh:
                self._deliver(what)

    def _deliver(self, what: Heard) -> None:
        if what.kind in ("card", "pictured"):
            self._card_stands()  # the one before comes first
        if what.kind == "pictured":
            self._photo.announced(what.body, self._now)
            return
        if what.kind == "photo":
            if self._photo.part(what.body):
                self._card_stands()
            return
        make = POSTED.get(what.kind)
        if make is not None:
            self._out.append(Post(make(what.body)))
            if what.kind == "health":  # as often as that, and not with each heartbeat
                counted = {str(code): count for code, count in sorted(self.faults.items())}
                self._out.append(Post(BoardLine(**self._beat, faults=counted)))
        else:
            self.faults[Code.REFUSED if what.kind == "refused" else Code.ODD] += 1

    def _card_stands(self) -> None:
        """A card that waits for its photo waits no longer."""
        card = self._photo.take()
        if card is not None:
            if not card.photo:
                self.faults[Code.PHOTO] += 1
            self._out.append(Post(card))

    def _restarted(self, what: object) -> None:
        assert isinstance(what, Heard)
        if what.body["boot"] == self._boot:
            return  # said before our HELLO and late
        if not self._doubt_at:
            # It may be an old one played again, so it only raises the question; a session that
            # lives answers.
            self._doubt_at = self._now + DOUBT_MS
            self._put(Command("ping", ""))

    def _damaged(self, what: object) -> None:
        assert isinstance(what, Heard)
        code = DAMAGE[what.what]
        self.faults[code] += 1
        if code is Code.FORGERY:
            self._forged += 1
            if self._forged > FORGED_MAX:
                self._down(Code.FORGERY)

    def _up_tick(self, _: object) -> None:
        photo = self._photo.deadline()
        if photo is not None and self._now >= photo:
            self._card_stands()
        if self._doubt_at and self._now >= self._doubt_at:
            self._down(Code.RESTARTED)
        elif self._now >= self._heard_at + SILENT_MS:
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
        self._card_stands()
        self.faults[code] += 1
        self._tell(code)
        self._greet(Code.MUTE)

    def _put(self, command: Command) -> None:
        """Queue behind what is under way; a waiting light, head or challenge gives way to a newer one,
        a full queue takes no more of the others (they would come too late)."""
        if command.kind in NEWEST:
            kept = [c for i, c in enumerate(self._queue) if i == 0 or c.kind != command.kind]
            self._queue = deque(kept)
        elif len(self._queue) >= QUEUE_MAX:
            return
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
        self._out.append(
            Write(self._wire.say(command.kind, command.text, self._seq, self._heard_seq))
        )

    def _acknowledged(self) -> None:
        if self._tries == 1:  # Karn: an answer to a repeat does not tell which send it answers
            rtt = self._now - self._sent_at
            self._rto_ms = max(RTO_MIN_MS, min(RTO_MAX_MS, self._rto_ms * 7 // 8 + rtt // 2))
        self._tries = 0
        self._queue.popleft()
        if self._queue:
            self._first()

    # -- both --------------------------------------------------------------------------------------
    def _commanded(self, what: object) -> None:
        assert isinstance(what, Command)
        self._remember(what)
        self._put(what)

    def _remember(self, what: object) -> None:
        """Not up: a light is what the lamps shall show once it is; a sound that comes late is
        worse than none."""
        assert isinstance(what, Command)
        if what.kind == "light":
            self._wanted_light = "off" if what.text in MOMENTS else what.text

    def _tell(self, code: str) -> None:
        """Each change of what is wrong once."""
        if code != self._told:
            self._told = code
            self._out.append(Post(BoardLost(str(code))))

    def _ignore(self, _: object) -> None:
        """Late, or of no use here."""

    def _never(self, _: object) -> None:
        raise AssertionError(f"the rim may not say this in state {self.state}")

    # -- the table ---------------------------------------------------------------------------------
    # fmt: off
    TABLE: ClassVar[Mapping[tuple[State, Input], Handler]] = _table({
        # input         CLOSED     OPENING      GREETING     UP           STOPPED
        Input.OPENED:  (_never,    _opened,     _never,      _never,      _ignore),
        Input.FAILED:  (_never,    _not_opened, _never,      _never,      _ignore),
        Input.LOST:    (_ignore,   _ignore,     _port_lost,  _port_lost,  _ignore),
        Input.WELCOME: (_never,    _never,      _welcomed,   _ignore,     _never),
        Input.STARTED: (_never,    _never,      _alive,      _restarted,  _never),
        Input.FRAME:   (_never,    _never,      _ignore,     _framed,     _never),
        Input.DAMAGE:  (_never,    _never,      _suspicious, _damaged,    _never),
        Input.TICK:    (_reopen,   _ignore,     _greet_more, _up_tick,    _ignore),
        Input.COMMAND: (_remember, _remember,   _remember,   _commanded,  _ignore),
        Input.STOP:    (_stop,     _stop,       _stop,       _stop,       _ignore),
    })
    # fmt: on
