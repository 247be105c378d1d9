"""An answer that the centre signed but that makes no sense must not end the process, or it would
come again after every restart: bodies of any shape are stored and survived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.core.types import Outcome, Result
from edge.drivers.store import Batch
from edge.drivers.store.sqlite import Driver
from edge.wire import cbor
from sim.world.chain import Chain
from tests.flows.kit import (
    FACE,
    Desk,
    bill,
    estimated,
    known_as,
    link_up,
    on,
    policy,
    press,
    send,
    tell_story,
)

WEIRD: list[dict[str, Any]] = [
    {},
    {"setlinfo": None},
    {"setlinfo": []},
    {"setlinfo": {"medfee_sumamt": None}},
    {"setlinfo": {"medfee_sumamt": "1e9", "setl_id": 7}},
    {"setlinfo": {"medfee_sumamt": "-1.00"}},
    {"setlinfo": {"setl_time": 12, "setl_id": "x" * 5000, "medfee_sumamt": "100.00"}},
    {"setlinfo": {"setl_id": "s", "clr_type": {}, "insutype": [1], "refd_setl_flag": b"\x00"}},
    {"setldetail": [None, 1, {"fund_pay_type": []}], "setlinfo": {"setl_id": "s"}},
    {"mdtrt_id": [], "code": {"a": 1}, "err_msg": 5, "difference_fen": "many"},
    {"mdtrt_id": "m" * 9000, "code": "c" * 9000, "err_msg": "\x00" * 300, "difference_fen": -(2**63)},
    {"code": "duplicate", "infcode": 2**64 - 1, "low": -(2**64)},
    {"setlinfo": {1: 2, 3: {4: [5]}}, "x": [[[[1.5]]]]},
    {"settled": {"setl_id": None}, "task": 9, "stmt": "0"},
]


def settled_desk() -> Desk:
    d = tell_story(Desk(policy()), link_up, send(), *FACE, known_as(), estimated)
    return tell_story(d, on("confirm", press("confirm")))


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("number", range(len(WEIRD)))
def test_whatever_a_result_says_the_terminal_lives_and_serves_the_next(
    number: int, outcome: Outcome
) -> None:
    d = settled_desk()
    d.answer((d.ledger[-1].seq, outcome, WEIRD[number]))
    d.wait(120_000)
    assert d.terminal.status(d.now)["waiting"] == 0
    assert len(msgspec.json.encode(d.terminal.status(d.now))) > 0
    d.boot()  # and it starts again with what it has stored
    tell_story(d, link_up)
    assert d.send(bill(number="HIS-next")).status == 202


@pytest.mark.parametrize("number", range(len(WEIRD)))
def test_whatever_a_result_says_the_store_keeps_it_as_it_was_hashed(
    number: int, tmp_path: Path
) -> None:
    chain = Chain(epoch=1)
    store = Driver(tmp_path / "l.db", chain.locker, reserve_bytes=0, new_epoch=1)
    store.commit(Batch(rows=(chain.row(),)))
    body = cbor.loads(cbor.dumps(WEIRD[number]), max_bytes=50_000)
    answer = chain.answer(1, 1)
    odd = msgspec.structs.replace(answer, results=(Result(1, Outcome.SUSPECT, body, b"r"),))
    store.commit(Batch(answers=(odd,)))
    found = store.result(1)
    assert found is not None
    assert cbor.dumps(found.body) == cbor.dumps(WEIRD[number])  # what the log's leaf is over
    store.close()
