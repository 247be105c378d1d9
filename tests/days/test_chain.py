"""GET /v1/reconcile: numbers and hashes of both chains, not sums."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.core import events as e
from edge.core.sync.asking import TRIES_MAX
from tests.centre.kit import Device
from tests.days.pair import Pair


@pytest.fixture
def device() -> Iterator[Device]:
    """A terminal with three records at a real centre."""
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        for person in range(3):
            pair.settle(person)
        yield pair.device
        pair.centre.store.close()


def ask(device: Device, seq: int, digest: bytes, epoch: int = 1) -> dict[str, Any]:
    code, told = device.ask("chain", {"streams": [{"epoch": epoch, "seq": seq, "hash": digest}]})
    assert code == 0
    (one,) = told["streams"]
    return one


def test_the_centre_names_what_it_lacks_and_what_we_do_not_name(device: Device) -> None:
    end = ask(device, 3, device.hash_of(3))
    assert (end["upto"], end["same"], end["lacks"], end["extra"]) == (3, True, [], [])
    assert end["chain"] == device.hash_of(3)
    ahead = ask(device, 9, b"\x01" * 32)
    assert (ahead["lacks"], ahead["extra"], ahead["same"]) == ([[4, 9]], [], True)
    old_copy = ask(device, 1, device.hash_of(1))
    assert (old_copy["lacks"], old_copy["extra"], old_copy["same"]) == ([], [[2, 3]], True)
    fork = ask(device, 2, b"\x02" * 32)
    assert fork["same"] is False
    nothing = ask(device, 0, b"", epoch=7)
    assert (nothing["upto"], nothing["extra"]) == (0, [])


def test_epochs_that_are_not_named_are_told(device: Device) -> None:
    code, told = device.ask("chain", {"streams": [{"epoch": 9, "seq": 0, "hash": b""}]})
    assert code == 0 and told["unnamed"] == [{"epoch": 1, "upto": 3}]


@pytest.mark.parametrize(
    "streams",
    [None, [], [1], [{"epoch": -1, "seq": 0, "hash": b""}], [{"epoch": 1, "seq": 1}],
     [{"epoch": 1, "seq": 2**63, "hash": b""}], [{"epoch": 1, "seq": 1, "hash": bytes(33)}],
     [{"epoch": 1, "seq": 0, "hash": b""}] * 17],
)  # fmt: skip
def test_a_malformed_question_is_answered_with_a_no(device: Device, streams: Any) -> None:
    assert device.ask("chain", {"streams": streams}) == (-1, {"code": "malformed"})


# -- the terminal's judgement ----------------------------------------------------------------------
@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    made.settle(0)
    yield made
    made.centre.store.close()


def reconcile(pair: Pair, **told: Any) -> dict[str, Any]:
    """The reply, to what the centre tells when asked; the hashes of the desk's store are its own."""
    desk = pair.desk
    desk.calls += 1
    desk.post(e.ReconcileAsked(desk.calls))
    question = desk.ask("chain")
    desk.asks.remove(question)
    (named,) = question.body["streams"]
    one = {"epoch": named["epoch"], "upto": named["seq"], "chain": named["hash"]}
    one |= {"same": True, "lacks": [], "extra": []} | told
    desk.post(e.Told(question.ask, 0, {"streams": [one], "unnamed": []}))
    return desk.replies[desk.calls].body


def test_equal_behind_and_alarm(pair: Pair) -> None:
    assert reconcile(pair)["state"] == "equal"
    pair.pay(1)  # recorded, not sent
    body = reconcile(pair, upto=1, chain=pair.desk.hash_of(1), lacks=[[2, 2]])
    assert (body["state"], body["centre"]["lacks"], body["head_seq"]) == ("behind", [[2, 2]], 2)


@pytest.mark.parametrize(
    "told",
    [
        {"upto": 5, "extra": [[2, 5]]},  # an old copy of the ledger is at work
        {"same": False},
        {"chain": b"\x09" * 32},  # another record under our last number
        {"upto": 0, "chain": bytes(32)},  # the centre lost what it had signed
        {"upto": "x"},
    ],
)
def test_what_must_not_be_is_an_alarm(pair: Pair, told: dict[str, Any]) -> None:
    body = reconcile(pair, **told)
    assert (body["state"], body["code"]) == ("alarm", "E-DAY-10") and body["why"]
    assert pair.desk.terminal.status(pair.desk.now)["reconcile"] == "E-DAY-10"
    assert reconcile(pair)["state"] == "equal"  # it says what it finds each time
    assert pair.desk.terminal.status(pair.desk.now)["reconcile"] == ""


def test_without_a_word_every_caller_gets_an_answer_in_the_end(pair: Pair) -> None:
    desk = pair.desk
    for _ in range(20):
        desk.calls += 1
        desk.post(e.ReconcileAsked(desk.calls))
    last = range(desk.calls - 19, desk.calls + 1)
    assert sum(call in desk.replies for call in last) == 4  # too many wait
    desk.wait(60_000)
    assert {desk.replies[call].status for call in last} == {503}
    asked = [one for one in desk.effects if getattr(one, "infno", "") == "chain"]
    assert len(asked) == TRIES_MAX
    desk.post(e.LinkLost("E-NET-01"))
    desk.calls += 1
    desk.post(e.ReconcileAsked(desk.calls))
    assert desk.replies[desk.calls].body["code"] == "E-DAY-11"
