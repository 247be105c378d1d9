"""Topics: written and read the same, and nothing else is one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import EdgeError
from edge.wire import topics
from tests.wire.kit import (
    few,
    names,
)


@few
@given(names, st.integers(1, 256))
def test_a_topic_is_read_back_as_it_was_named(terminal_name: str, shards: int) -> None:
    for what, make in [
        ("up", topics.up),
        ("ask", topics.ask),
        ("down", topics.down),
        ("tell", topics.tell),
        ("state", topics.state),
    ]:
        name, shard, who = topics.parse(make(terminal_name, shards))
        assert (name, who) == (what, terminal_name)
        assert shard == hashlib.sha256(terminal_name.encode()).digest()[0] % shards


def test_terminals_spread_over_all_shards() -> None:
    counts = [0] * 16
    for number in range(1600):
        counts[topics.shard(f"t-{number:04}")] += 1
    assert min(counts) > 50


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "fp/1/00/t/up/",
        "fp/1/00/t",
        "fp/2/00/t/up",
        "fp/1/0/t/up",
        "fp/1/000/t/up",
        "fp/1/0G/t/up",
        "fp/1/0A/t/up",
        "fp/1/+1/t/up",
        "fp/1/00/t/down2",
        "fp/1/00/+/up",
        "fp/1/00/#/up",
        "fp/1/00//up",
        "fp/1/00/t t/up",
        "/fp/1/00/t/up",
        "fp/1/٣٣/t/up",
        "fp/1/00/t\n/up",
        "fp/1/00/" + "t" * 33 + "/up",
        "fp/1/00/t/up" + "/x" * 1000,
        "$SYS/broker/uptime",
    ],
)
def test_what_is_no_topic_of_ours_is_refused(topic: str) -> None:
    with pytest.raises(EdgeError, match="E-WIR-08"):
        topics.parse(topic)
