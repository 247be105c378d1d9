"""MQTT topic names (PROTOCOL "Topics"): fp/1/{shard}/{terminal}/{what}."""

from __future__ import annotations

import hashlib

from edge.errors import EdgeError
from edge.wire import shape

WHATS = ("up", "ask", "down", "tell", "state")
SHARDS_MAX = 256
TOPIC_BYTES_MAX = 64
_LEVELS = 5


def shard(terminal: str, shards: int = 16) -> int:
    """The terminal's shard: first byte of H(name) modulo the number of shards (1..256)."""
    assert 1 <= shards <= SHARDS_MAX, "the number of shards is configuration"
    return hashlib.sha256(terminal.encode()).digest()[0] % shards


def up(terminal: str, shards: int = 16) -> str:
    """Envelopes, published by the terminal."""
    return _topic(terminal, shards, "up")


def ask(terminal: str, shards: int = 16) -> str:
    """Questions, published by the terminal."""
    return _topic(terminal, shards, "ask")


def down(terminal: str, shards: int = 16) -> str:
    """Answers, published by the centre."""
    return _topic(terminal, shards, "down")


def tell(terminal: str, shards: int = 16) -> str:
    """Replies to questions, published by the centre."""
    return _topic(terminal, shards, "tell")


def state(terminal: str, shards: int = 16) -> str:
    """`online` or `offline`: retained, last will; information only."""
    return _topic(terminal, shards, "state")


def parse(topic: str) -> tuple[str, int, str]:
    """(what, shard, terminal). EdgeError E-WIR-08 for anything that is not a topic of this
    protocol."""
    levels = topic.split("/", _LEVELS) if len(topic) <= TOPIC_BYTES_MAX else []
    match levels:
        case ["fp", "1", two, terminal, what] if (
            what in WHATS and shape.is_name(terminal) and _is_shard(two)
        ):
            return what, int(two, 16), terminal
    raise EdgeError("E-WIR-08", "not a topic of this protocol")


def _is_shard(two: str) -> bool:
    return len(two) == len("ff") and all(digit in "0123456789abcdef" for digit in two)


def _topic(terminal: str, shards: int, what: str) -> str:
    assert shape.is_name(terminal), "a terminal's name fits into a topic"
    return f"fp/1/{shard(terminal, shards):02x}/{terminal}/{what}"
