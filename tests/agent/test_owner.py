"""The owner with the real core, the real store and the real scribe: nothing leaves before the fsync
returned."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.agent import Agent, Parts
from edge.core.effects import Changed, Publish, Reply, Show
from edge.core.events import BillArrived, LinkUp, Pressed, StopAsked
from edge.core.terminal import Terminal
from edge.core.types import Bill, FeeLine, Settings
from edge.drivers.broker import Message
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from edge.process.clock import Clock, Secrets, boot_id
from edge.process.desk import Desk
from edge.process.inbox import INBOX_MAX, Inbox
from edge.process.watchdog import Watchdog
from edge.rim import Rim, Topics
from edge.scribe import CentreKeys, Scribe
from edge.suites import es256
from edge.wire.log.trusted import TrustedCentre

SETTINGS = Settings("yd-0001", "H51010000001", "clinic", "510100", "o", "on")


@dataclass
class Air:
    """What left the terminal, in order: the broker's side of the rim."""

    said: list[str] = field(default_factory=list)

    def connect(self) -> None:
        self.said.append("connect")

    def publish(self, topic: str, payload: bytes, token: int | None) -> None:
        self.said.append(f"publish {topic.rsplit('/', 1)[1]} {len(payload)}")

    def disconnect(self) -> None:
        self.said.append("disconnect")

    def close(self, timeout_s: float) -> None:
        self.said.append("close")


@dataclass
class Bench:
    """One owner on the bench."""

    store: Store
    air: Air
    inbox: Inbox
    desk: Desk
    agent: Agent

    async def until(self, holds) -> None:  # type: ignore[no-untyped-def]
        for _ in range(2000):
            if holds():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("it never happened")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    keys = FileKeys.create(tmp_path / "keys")
    made = Store(tmp_path / "ledger.db", keys.locker, new_epoch=1)
    yield made
    made.close()


def bench(tmp_path: Path, store: Store) -> Bench:
    keys = FileKeys(tmp_path / "keys")
    verifier = es256.Es256Verifier.of(es256.generate_sign_key().public_key())
    sealer = es256.HpkeSealer(es256.generate_seal_key().public_key())
    trusted = TrustedCentre("yd-0001", 1, verifier, keys.opener)
    scribe = Scribe(SETTINGS, 1, boot_id(), keys, CentreKeys(verifier, sealer), trusted)
    inbox, desk, air = Inbox(asyncio.get_running_loop()), Desk(), Air()
    rim = Rim(desk, air, Topics("fp/1/00/yd-0001/up", "fp/1/00/yd-0001/ask"), None, None)
    core = Terminal(SETTINGS, store.restore(), Secrets())
    parts = Parts(core, scribe, store, inbox, rim, desk, Clock().now, Watchdog({}))
    return Bench(store, air, inbox, desk, Agent(SETTINGS, parts))


def arrived(call: int, number: str = "B-1") -> BillArrived:
    line = FeeLine("1", "XA01AA001", "x", 100)
    return BillArrived(call, f"key-{number}", bytes(32), Bill("register", number, 100, (line,)))


def test_a_bill_is_answered_only_after_its_commit_and_a_stop_is_clean(
    tmp_path: Path, store: Store
) -> None:
    async def main() -> None:
        b = bench(tmp_path, store)
        order: list[str] = []
        commit, reply = store.commit, b.desk.reply

        def watched_commit(batch):  # type: ignore[no-untyped-def]
            room = commit(batch)
            order.append("committed")
            return room

        def watched_reply(effect: Reply) -> None:
            order.append("answered")
            reply(effect)

        store.commit = watched_commit  # type: ignore[method-assign]
        b.desk.reply = watched_reply  # type: ignore[method-assign]
        running = asyncio.create_task(b.agent.run(lambda: order.append("started")))
        status, body = await b.agent.call(arrived)
        assert status == 202
        assert order[0] == "started"
        assert order.index("committed") < order.index("answered")
        assert b.agent.bill(body["bill_id"]) is not None
        b.agent.stop()
        assert await running == 0
        assert b.air.said[-1] == "disconnect"

    asyncio.run(main())


def test_a_commit_that_fails_lets_nothing_out_and_ends_the_owner(
    tmp_path: Path, store: Store
) -> None:
    async def main() -> None:
        b = bench(tmp_path, store)

        def broken(_batch: object) -> int:
            raise EdgeError("E-STO-02", "the disk failed")

        running = asyncio.create_task(b.agent.run(lambda: None))
        await b.until(lambda: b.air.said == ["connect"])
        shown = b.desk.screen
        store.commit = broken  # type: ignore[method-assign,assignment]
        call = asyncio.create_task(b.agent.call(arrived))
        with pytest.raises(EdgeError, match="E-STO-02"):
            await running
        await asyncio.sleep(0)
        assert not call.done()
        assert b.desk.screen is shown
        assert b.air.said == ["connect"]
        call.cancel()

    asyncio.run(main())


def test_too_much_money_at_once_ends_the_owner_instead_of_dropping_it(
    tmp_path: Path, store: Store
) -> None:
    async def main() -> None:
        b = bench(tmp_path, store)
        for call in range(INBOX_MAX + 1):
            b.inbox.put(arrived(call, f"B-{call}"))
        with pytest.raises(EdgeError, match="E-SYS-03"):
            await b.agent.run(lambda: None)

    asyncio.run(main())


@pytest.mark.parametrize(
    "payload", [b"", b"\xff" * 100, bytes(200_000), b"\xd2\x84\x40\xa0\x40\x40"]
)
@pytest.mark.parametrize("what", ["down", "tell", "state", "up"])
def test_whatever_the_broker_brings_the_owner_lives(
    tmp_path: Path, store: Store, what: str, payload: bytes
) -> None:
    async def main() -> None:
        b = bench(tmp_path, store)
        running = asyncio.create_task(b.agent.run(lambda: None))
        b.inbox.put(Message(f"fp/1/00/yd-0001/{what}", payload))
        b.inbox.put(Message(f"fp/1/00/yd-0002/{what}", payload))
        b.inbox.put(Message("nonsense", payload))
        b.inbox.put(Pressed("nonsense"))
        status, _ = await b.agent.call(arrived)
        assert status == 202
        b.inbox.put(StopAsked())
        assert await running == 0

    asyncio.run(main())


def test_a_hello_goes_out_when_the_link_is_up_and_names_where_we_stand(
    tmp_path: Path, store: Store
) -> None:
    async def main() -> None:
        b = bench(tmp_path, store)
        running = asyncio.create_task(b.agent.run(lambda: None))
        b.inbox.put(LinkUp())
        await b.until(lambda: any(said.startswith("publish up") for said in b.air.said))
        assert any(said.startswith("publish ask") for said in b.air.said)  # the policy
        b.agent.stop()
        assert await running == 0

    asyncio.run(main())


def test_long_polls_wake_when_the_bill_changes_and_end_when_it_does_not(
    tmp_path: Path, store: Store
) -> None:
    async def main() -> None:
        b = bench(tmp_path, store)
        running = asyncio.create_task(b.agent.run(lambda: None))
        _, body = await b.agent.call(arrived)
        bill_id = body["bill_id"]
        now = b.agent.bill(bill_id)
        assert now is not None
        poll = asyncio.create_task(b.agent.wait_bill(bill_id, now.version, 300))
        await asyncio.sleep(0.02)
        if not poll.done():
            b.inbox.put(Pressed("cancel"))
        async with asyncio.timeout(20):  # and not the 300 s of the poll
            newer = await poll
        assert newer is not None and newer.version > now.version
        same = await b.agent.wait_bill(bill_id, newer.version + 10, 0.01)
        assert same is not None
        assert await b.agent.wait_bill("b-unknown", 0, 5) is None
        b.agent.stop()
        assert await running == 0

    asyncio.run(main())


def test_the_rim_knows_every_outward_effect_and_refuses_a_durable_one() -> None:
    from typing import get_args

    from edge.core import effects

    desk, air = Desk(), Air()
    rim = Rim(desk, air, Topics("fp/up", "fp/ask"), None, None)
    outward = set(get_args(effects.Effect)) - {*get_args(effects.Durable), effects.Halt}
    made = {
        effects.Show: Show("idle", 0),
        effects.Reply: Reply(1, 200, {}),
        effects.Changed: Changed("b", 1),
        effects.Publish: Publish(1, 1, 1),
        effects.Ask: effects.Ask(bytes(16), "policy", {}),
        effects.Speak: effects.Speak("k"),
        effects.Light: effects.Light("off"),
        effects.Buzz: effects.Buzz("ok"),
        effects.Shoot: effects.Shoot("off"),
        effects.TakeTemplate: effects.TakeTemplate(),
        effects.MeasurePhoto: effects.MeasurePhoto(b"photo"),
        effects.Connect: effects.Connect(),
        effects.Disconnect: effects.Disconnect(),
        effects.Witness: effects.Witness(None),
        effects.Count: effects.Count("rise", 1),
        effects.ClearTamper: effects.ClearTamper(("case",)),
        effects.Flash: effects.Flash(1, 200, ("left red",)),
    }
    assert set(made) == outward
    for effect in made.values():
        rim.perform(effect, b"bytes")
    with pytest.raises(AssertionError, match="no driver"):
        rim.perform(effects.Save("bill", "b", b""), None)
