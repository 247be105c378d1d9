"""The rim: which effect goes to which driver. Nothing is decided here, nothing is remembered.

A part that is not there (no camera, no controller) is simply absent; the core was told so by an
event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from edge.core.effects import (
    Ask,
    Buzz,
    Changed,
    ClearTamper,
    Connect,
    Count,
    Disconnect,
    Effect,
    Flash,
    Light,
    MeasurePhoto,
    Publish,
    Reply,
    Shoot,
    Show,
    Speak,
    TakeTemplate,
    Witness,
)
from edge.core.types import Head
from edge.drivers.broker import Broker


class Eyes(Protocol):
    """Camera and vision."""

    def mode(self, mode: str) -> None: ...
    def take_template(self) -> None: ...
    def measure(self, photo: bytes) -> None: ...


class Board(Protocol):
    """The controller."""

    def light(self, pattern: str) -> None: ...
    def buzz(self, pattern: str) -> None: ...
    def clear_tamper(self, switches: Sequence[str]) -> None: ...
    def challenge(self, number: int, step_ms: int, colours: Sequence[str]) -> None: ...


class Vouching(Protocol):
    """Whoever knows how far the ledger had come."""

    def hold(self, head: Head | None) -> None: ...
    def count(self, what: str, to: int) -> None: ...


class Desk(Protocol):
    """Whoever waits at the HTTP side: screens, calls, long-polls."""

    def show(self, show: Show) -> None: ...
    def speak(self, speak: Speak) -> None: ...
    def reply(self, reply: Reply) -> None: ...
    def changed(self, changed: Changed) -> None: ...


class Topics(Struct, frozen=True):
    """Where this terminal publishes."""

    up: str
    ask: str


class Rim:
    """Effect -> driver."""

    def __init__(
        self,
        desk: Desk,
        broker: Broker,
        topics: Topics,
        eyes: Eyes | None,
        board: Board | None,
        *,
        witness: Vouching | None = None,
    ) -> None:
        self._desk = desk
        self._broker = broker
        self._topics = topics
        self._eyes = eyes
        self._board = board
        self._witness = witness

    def perform(self, effect: Effect, payload: bytes | None) -> None:
        """Carry out one outward effect. `payload`: the bytes of a Publish or an Ask."""
        match effect:
            case Show():
                self._desk.show(effect)
            case Speak():
                self._desk.speak(effect)
            case Reply():
                self._desk.reply(effect)
            case Changed():
                self._desk.changed(effect)
            case Light(pattern) if self._board:
                self._board.light(pattern)
            case Buzz(pattern) if self._board:
                self._board.buzz(pattern)
            case Witness(head) if self._witness:
                self._witness.hold(head)
            case Count(what, to) if self._witness:
                self._witness.count(what, to)
            case ClearTamper(switches) if self._board:
                self._board.clear_tamper(switches)
            case Flash(number, step_ms, colours) if self._board:
                self._board.challenge(number, step_ms, colours)
            case Shoot(mode) if self._eyes:
                self._eyes.mode(mode)
            case TakeTemplate() if self._eyes:
                self._eyes.take_template()
            case MeasurePhoto(photo) if self._eyes:
                self._eyes.measure(photo)
            case Connect():
                self._broker.connect()
            case Disconnect():
                self._broker.disconnect()
            case Publish(token):
                assert payload is not None, "the envelope was made with the turn"
                self._broker.publish(self._topics.up, payload, token)
            case Ask():
                assert payload is not None, "the question was signed with the turn"
                self._broker.publish(self._topics.ask, payload, None)
            case (
                Light() | Buzz() | Shoot() | TakeTemplate() | Witness() | Count() | ClearTamper()
                | Flash() | MeasurePhoto()
            ):
                # That part is not there
                pass
            case _:
                raise AssertionError(f"no driver for {type(effect).__name__}")
