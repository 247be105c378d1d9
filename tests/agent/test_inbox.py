"""The inbox: sensors give way, money never does."""

from __future__ import annotations

import asyncio
import threading

import pytest

from edge.core.events import BillArrived, CardRead, Freed, LinkUp, LookSeen, Pressed
from edge.core.types import Bill
from edge.drivers.broker import Message
from edge.errors import EdgeError
from edge.process.inbox import GIVE_WAY, INBOX_MAX, TURN_EVENTS_MAX, Inbox


def bill(call: int) -> BillArrived:
    return BillArrived(call, f"k{call}", bytes(32), Bill("settle", f"B{call}", 100))


def look(shot: int) -> LookSeen:
    return LookSeen(shot=shot, at_mono_ms=shot, problem=None)


def run(work) -> None:  # type: ignore[no-untyped-def]
    async def main() -> None:
        await work(Inbox(asyncio.get_running_loop()))

    asyncio.run(main())


def test_the_oldest_look_gives_way_and_order_is_kept() -> None:
    async def work(inbox: Inbox) -> None:
        inbox.put(bill(1))
        for shot in range(100):
            inbox.put(look(shot))
        inbox.put(bill(2))
        taken = await inbox.take(0)
        limit = GIVE_WAY[LookSeen]
        assert taken == [bill(1), *(look(shot) for shot in range(100 - limit, 100)), bill(2)]
        assert inbox.dropped == 100 - limit

    run(work)


@pytest.mark.parametrize("flood", [Pressed("cancel"), CardRead("1"), Message("t", b"x"), look(1)])
def test_a_flood_of_one_kind_never_pushes_out_another(flood: object) -> None:
    async def work(inbox: Inbox) -> None:
        inbox.put(bill(1))
        inbox.put(Freed(1, ok=True))
        for _ in range(5000):
            inbox.put(flood)  # type: ignore[arg-type]
        assert len(inbox) == 2 + GIVE_WAY[type(flood)]
        assert (await inbox.take(0))[:2] == [bill(1), Freed(1, ok=True)]

    run(work)


def test_too_many_money_events_end_the_process_instead_of_being_dropped() -> None:
    async def work(inbox: Inbox) -> None:
        for call in range(INBOX_MAX + 1):
            inbox.put(bill(call))
        with pytest.raises(EdgeError) as raised:
            await inbox.take(0)
        assert raised.value.code == "E-SYS-03"

    run(work)


def test_a_turn_takes_a_bounded_number_in_order() -> None:
    async def work(inbox: Inbox) -> None:
        for call in range(TURN_EVENTS_MAX + 10):
            inbox.put(bill(call))
        first, second = await inbox.take(0), await inbox.take(0)
        assert [event.call for event in first + second] == list(range(TURN_EVENTS_MAX + 10))  # type: ignore[union-attr]
        assert len(first) == TURN_EVENTS_MAX

    run(work)


def test_events_of_any_thread_arrive_and_wake_the_owner() -> None:
    async def work(inbox: Inbox) -> None:
        threads = [threading.Thread(target=inbox.post, args=(bill(n),)) for n in range(20)]
        for thread in threads:
            thread.start()
        got: list[object] = []
        while len(got) < 20:
            got += await inbox.take(10)
        assert {event.call for event in got} == set(range(20))  # type: ignore[attr-defined]

    run(work)


def test_nothing_within_the_time_is_an_empty_turn() -> None:
    async def work(inbox: Inbox) -> None:
        assert await inbox.take(0.01) == []

    run(work)


def test_a_thread_that_posts_after_the_end_is_not_hurt() -> None:
    kept: list[Inbox] = []

    async def work(inbox: Inbox) -> None:
        kept.append(inbox)

    run(work)
    kept[0].post(LinkUp())
