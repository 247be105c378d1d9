"""The desk: calls get their reply once, long-polls wake, a slow screen gets the newest."""

from __future__ import annotations

import asyncio

import pytest

from edge.core.effects import Changed, Reply, Show, Speak
from edge.errors import EdgeError
from edge.process.desk import CALLS_MAX, POLLS_MAX, SCREENS_MAX, Desk
from edge.rim import Rim, Topics


def test_a_slow_subscriber_gets_the_newest_screen_and_the_others_get_all() -> None:
    async def main() -> None:
        desk = Desk()
        quick, slow = desk.screens(), desk.screens()
        first_quick, first_slow = (
            asyncio.ensure_future(anext(quick)),
            asyncio.ensure_future(anext(slow)),
        )
        await asyncio.sleep(0)
        seen = []
        for visit in range(1, 6):
            desk.show(Show("ways", visit))
            seen.append(await first_quick)
            first_quick = asyncio.ensure_future(anext(quick))
            await asyncio.sleep(0)
        assert [show.visit for show in seen] == [1, 2, 3, 4, 5]
        await first_slow
        assert (await anext(slow)).visit == 5
        first_quick.cancel()

    asyncio.run(main())


def test_what_is_said_comes_after_its_screen_and_only_the_newest_of_it() -> None:
    async def main() -> None:
        desk = Desk()
        rim = Rim(desk, None, Topics("fp/up", "fp/ask"), None, None)  # type: ignore[arg-type]
        watched = desk.screens()
        first = asyncio.ensure_future(anext(watched))
        await asyncio.sleep(0)
        rim.perform(Show("ways", 1), None)
        rim.perform(Speak("say.ways"), None)
        rim.perform(Show("look", 1), None)
        rim.perform(Speak("say.look"), None)
        assert [await first, await anext(watched)] == [Show("look", 1), Speak("say.look")]
        late = asyncio.ensure_future(anext(desk.screens()))
        await asyncio.sleep(0)
        desk.show(Show("idle", 1))
        assert await late == Show("idle", 1), "nothing is said to who was not there"

    asyncio.run(main())


def test_a_reply_reaches_its_call_and_a_caller_that_left_is_no_error() -> None:
    async def main() -> None:
        desk = Desk()
        one, answer_one = desk.open_call()
        two, _ = desk.open_call()
        desk.forget_call(two)
        desk.reply(Reply(two, 202, {}))
        desk.reply(Reply(one, 202, {"a": 1}))
        desk.reply(Reply(one, 500, {}))
        assert await answer_one == (202, {"a": 1})

    asyncio.run(main())


def test_news_wake_every_long_poll_of_that_bill_and_no_other() -> None:
    async def main() -> None:
        desk = Desk()
        polls = [asyncio.ensure_future(desk.news("b1", 30)) for _ in range(3)]
        other = asyncio.ensure_future(desk.news("b2", 30))
        await asyncio.sleep(0)
        desk.changed(Changed("b1", 2))
        await asyncio.gather(*polls)
        assert not other.done()
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        assert desk._polls == {}
        assert desk._polls_count == 0

    asyncio.run(main())


def test_every_waiting_list_has_a_bound() -> None:
    async def main() -> None:
        desk = Desk()
        for _ in range(CALLS_MAX):
            desk.open_call()
        with pytest.raises(EdgeError, match="E-HIS-27"):
            desk.open_call()
        polls = [asyncio.ensure_future(desk.news("b", 30)) for _ in range(POLLS_MAX)]
        watchers = [desk.screens() for _ in range(SCREENS_MAX)]
        waiting = [asyncio.ensure_future(anext(watcher)) for watcher in watchers]
        await asyncio.sleep(0)
        with pytest.raises(EdgeError, match="E-HIS-27"):
            await desk.news("b", 30)
        with pytest.raises(EdgeError, match="E-HIS-27"):
            await anext(desk.screens())
        for task in (*polls, *waiting):
            task.cancel()
        await asyncio.gather(*polls, *waiting, return_exceptions=True)

    asyncio.run(main())
