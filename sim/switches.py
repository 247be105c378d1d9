"""Switches for what a simulated service does wrong on purpose: each is met so many times, the oldest
first."""

from __future__ import annotations

import threading
from typing import Final, Generic, Protocol, TypeVar

from msgspec.structs import replace

ANY: Final = "*"
SWITCHES_MAX: Final = 100


class Switch(Protocol):
    """A frozen struct that says what goes wrong, where (ANY = everywhere), and how often."""

    @property
    def where(self) -> str:
        """The question that meets it."""

    @property
    def times(self) -> int:
        """How often it is met."""


S = TypeVar("S", bound=Switch)


class Switches(Generic[S]):
    """The switches that are set. Used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set: list[S] = []

    def put(self, fault: S) -> None:
        """Set one more; the oldest goes when there are too many."""
        with self._lock:
            self._set = [*self._set[-SWITCHES_MAX + 1 :], fault]

    def clear(self) -> None:
        """All off."""
        with self._lock:
            self._set = []

    def left(self) -> tuple[S, ...]:
        """What is still set."""
        with self._lock:
            return tuple(self._set)

    def take(self, where: str) -> S | None:
        """The oldest switch for this question, used once."""
        with self._lock:
            for at, fault in enumerate(self._set):
                if fault.where in (ANY, where):
                    left = fault.times - 1
                    self._set[at : at + 1] = [replace(fault, times=left)] if left else []  # type: ignore[type-var]
                    return fault
        return None
