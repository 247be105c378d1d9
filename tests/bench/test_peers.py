"""The comparison sees what it claims to see: a queue that does not sync loses, one that lives in
memory loses all, and ours is struck by the very same trials."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sim.net.brokers import mosquitto_path
from tests.bench.peers.__main__ import COLUMNS, KINDS, cells, compare, markdown
from tests.bench.peers.trial import Size

SMALL = Size(kills=3, images=3, appends=(40, 40, 200), backlog=60, refill=20)
MET = ("facepay", "litequeue", "paho")


@pytest.mark.skipif(not mosquitto_path(), reason="mosquitto is not installed (apt: mosquitto)")
def test_the_trials_see_losses_where_nothing_is_synced_and_none_of_ours(tmp_path: Path) -> None:
    ours, litequeue, paho = compare(tmp_path / "run", MET, SMALL, 7, Console(file=io.StringIO()))
    assert [one.error for one in (ours, litequeue, paho)] == ["", "", ""]
    assert (ours.killed_appending[0], ours.killed_draining[0], ours.power_cut[0]) == (0, 0, 0)
    assert min(ours.killed_appending[1], ours.killed_draining[1], ours.power_cut[1]) > 0
    assert ours.doubled == 0
    assert ours.syncs >= 1
    assert litequeue.killed_appending[0] == 0
    assert litequeue.syncs < 1
    assert litequeue.power_cut[0] > 0, "a queue that says yes before the sync loses to a power cut"
    lost, said = paho.killed_appending
    assert lost == said > 0
    for one in (ours, litequeue, paho):
        assert all(rate > 0 for rate in one.per_s)
        assert one.wire_bytes > 0
        assert len(cells(one)) == len(COLUMNS)
    assert markdown([ours]).count("\n") == 2


def test_whoever_cannot_be_tried_is_named_not_dropped() -> None:
    from tests.bench.peers.trial import Score

    row = cells(Score(kind="thingsboard:file", error="it could not be installed"))
    assert row[1] == "not tried: it could not be installed"
    assert len(row) == len(COLUMNS)
    assert "thingsboard:file" in KINDS
