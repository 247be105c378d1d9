"""The port over the real Terminal: `tests.flows.kit.Desk` is its store, clock and centre."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from edge.core.effects import Show
from edge.core.events import Event
from edge.core.types import BillState, Json, Settings, Task
from edge.errors import EdgeError
from tests.flows.kit import Desk

T = TypeVar("T")


class RealPort:
    """Everything happens on the server's loop; `do` takes the test's hands there."""

    def __init__(self, desk: Desk, api_token: str = "") -> None:
        self.desk = desk
        self.api_token = api_token
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def settings(self) -> Settings:
        return self.desk.settings

    async def call(self, make: Callable[[int], Event]) -> tuple[int, Json]:
        self.desk.calls += 1
        mine = self.desk.calls
        self.desk.post(make(mine))
        while mine not in self.desk.replies:  # noqa: ASYNC110 - the patient takes their time
            await asyncio.sleep(0.005)
        reply = self.desk.replies[mine]
        return reply.status, reply.body

    def post(self, event: Event) -> None:
        self.desk.post(event)

    def bill(self, bill_id: str) -> BillState | None:
        return self.desk.terminal.bill(bill_id) or self.desk.bills().get(bill_id)

    def task(self, task_id: str) -> Task | None:
        return self.desk.terminal.task(task_id)

    def tasks(self) -> tuple[Task, ...]:
        return self.desk.terminal.tasks()

    async def wait_bill(self, bill_id: str, version: int, timeout_s: float) -> BillState | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.version(bill_id) <= version:  # noqa: ASYNC110 - the test moves it
                    await asyncio.sleep(0.005)
        return self.bill(bill_id)

    def version(self, bill_id: str) -> int:
        state = self.bill(bill_id)
        return state.version if state else 0

    def screen(self) -> Show:
        return self.desk.terminal.screen

    async def screens(self) -> AsyncIterator[Show]:
        told = len(self.desk.shows)
        while True:
            while len(self.desk.shows) == told:  # noqa: ASYNC110 - seen from the test
                await asyncio.sleep(0.005)
            told = len(self.desk.shows)
            yield self.desk.shows[-1]

    def status(self) -> Json:
        return self.desk.terminal.status(self.desk.now)

    def bill_of(self, bill_no: str) -> BillState | None:
        bill_id = self.desk.terminal.numbered(bill_no)
        return self.bill(bill_id) if bill_id else None

    async def bundle(self, bill_id: str, *, cancel: bool) -> Json | None:
        state = self.bill(bill_id)
        return None if state is None else {"bill_id": bill_id, "seq": 1, "bundle": "AAAA"}

    async def export(self, to: str, *, everything: bool) -> Json:
        raise EdgeError("E-EXP-02", "no folder is configured")

    async def take_answer(self, data: bytes) -> Json:
        raise EdgeError("E-EXP-04", "not an answer")

    def receipt(self, bill_id: str) -> Json | None:
        return None

    def do(self, work: Callable[[Desk], T]) -> T:
        """Run `work` on the server's loop and give its result."""

        async def there() -> T:
            return work(self.desk)

        assert self.loop
        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(20)
