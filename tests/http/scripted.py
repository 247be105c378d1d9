"""An agent for the HTTP rooms alone: a port with a state of its own, served by a real uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

import msgspec
import uvicorn

from edge.core.books import tasks
from edge.core.books.his import Keyed
from edge.core.effects import Show, Speak
from edge.core.events import (
    BillArrived,
    CancelArrived,
    ClearTamperAsked,
    CloseAsked,
    DayAsked,
    Event,
    Inquired,
    ReconcileAsked,
    ReverseArrived,
    ReviewArrived,
    SyncAsked,
    TaskCloseArrived,
)
from edge.core.types import BillState, BillStatus, Json, Settings, Task, TaskStatus
from edge.http.app import server_config
from edge.http.port import AgentPort

SETTINGS = Settings("t-0001", "H51010000001", "示例卫生院", "510100", "op1", "员工")
TYPE = "https://facepay.invalid/errors/"


class ScriptedPort:
    """Takes bills like the core does (keys remembered with status and body); the test moves them on."""

    def __init__(self, api_token: str = "", *, slow: bool = False) -> None:
        self.settings = SETTINGS
        self.api_token = api_token
        self.slow = slow
        self.events: list[Event] = []
        self.bills: dict[str, BillState] = {}
        self.work: dict[str, Task] = {}
        self.said: Json = {}  # what the status says besides
        self.keys: dict[str, tuple[bytes, int, Json]] = {}
        self.receipts: dict[str, Json] = {}
        self.fail: Exception | None = None
        self.release = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.now = Show("idle", 0, {"net": "up", "waiting": 0, "kinds": ["settle"]})
        self._subscribers: list[asyncio.Queue[Show | Speak]] = []
        self._changed: asyncio.Condition | None = None

    # -- the port
    async def call(self, make: Callable[[int], Event]) -> tuple[int, Json]:
        event = make(len(self.events) + 1)
        self.events.append(event)
        if self.fail:
            raise self.fail
        while self.slow and not self.release.is_set():  # noqa: ASYNC110 - seen from the test
            await asyncio.sleep(0.01)
        if isinstance(event, CloseAsked | DayAsked | ReconcileAsked):
            return self._beside(event)
        if isinstance(event, Inquired):
            empty: Json = {"orders": [], "prices": [], "drug": "x", "minutes": 1}
            return 200, {} if event.what == "order.decline" else empty
        if isinstance(event, SyncAsked | ClearTamperAsked):
            return 202, self.status()
        assert isinstance(event, Keyed)
        known = self.keys.get(event.key)
        if known:
            if known[0] != event.body_hash:
                return 422, {
                    "type": TYPE + "E-HIS-03",
                    "title": "other body",
                    "status": 422,
                    "code": "E-HIS-03",
                }
            return known[1], known[2]
        match event:
            case BillArrived():
                status, body = self._bill(event)
            case ReviewArrived():
                status, body = 200, {"bill_id": event.bill_id, "status": "passed"}
            case CancelArrived() | ReverseArrived():
                status, body = self._cancel(event)
            case TaskCloseArrived():
                status, body = self._close(event)
        self.keys[event.key] = (event.body_hash, status, body)
        return status, body

    def _beside(self, event: CloseAsked | DayAsked | ReconcileAsked) -> tuple[int, Json]:
        """What does not change a bill: the day and the chain."""
        if isinstance(event, ReconcileAsked):
            numbers = {"epoch": 1, "head_seq": 3, "head_hash": "ab", "answered_seq": 3}
            return 200, {"state": "equal", "why": "", "code": "", "centre": {}} | numbers
        if isinstance(event, DayAsked) and not event.day:
            return 200, {"days": []}
        if not event.day.isdigit() and event.day:
            code = "E-DAY-04" if isinstance(event, CloseAsked) else "E-DAY-05"
            status = 422 if isinstance(event, CloseAsked) else 404
            return status, {"status": status, "code": code, "title": "no such day", "hint": "x"}
        day: Json = {"day": event.day or "20260101", "state": "open", "final": False, "code": ""}
        day |= {"closed_utc_ms": 0, "rounds": 0, "totals": [], "left": [], "unknown": []}
        day |= {"unanswered": 0, "provisional": {}, "tasks_open": 0}
        return (202 if isinstance(event, CloseAsked) else 200), day

    def _bill(self, event: BillArrived) -> tuple[int, Json]:
        if event.bill.kind not in ("settle", "register", "pharmacy"):
            return 422, {
                "status": 422,
                "code": "E-TX-01",
                "title": "unknown kind",
                "detail": "kind",
                "hint": "use settle",
            }
        bill_id = f"b{len(self.bills):016x}"
        self.bills[bill_id] = BillState(bill_id, event.bill, BillStatus.WAITING, 1, 0, 0)
        return 202, {"bill_id": bill_id, "status": "waiting"}

    def _cancel(self, event: CancelArrived | ReverseArrived) -> tuple[int, Json]:
        if isinstance(event, ReverseArrived):
            return 202, {"bill_id": event.bill_id, "status": "confirming"}
        self._set(event.bill_id, status=BillStatus.CANCELLED)
        return 200, {"bill_id": event.bill_id, "status": "cancelled"}

    def post(self, event: Event) -> None:
        self.events.append(event)

    def bill(self, bill_id: str) -> BillState | None:
        return self.bills.get(bill_id)

    def task(self, task_id: str) -> Task | None:
        return self.work.get(task_id)

    def tasks(self) -> tuple[Task, ...]:
        return tuple(self.work.values())

    def _close(self, event: TaskCloseArrived) -> tuple[int, Json]:
        task = self.work[event.task_id]
        if task.status is not TaskStatus.OPEN or tasks.misfit(task, event.how, event.amount_fen):
            return 422, {"status": 422, "code": "E-TSK-04", "title": "does not fit", "hint": "read it"}
        self.work[task.task_id] = msgspec.structs.replace(task, status=TaskStatus.CLOSING)
        return 202, {"task_id": task.task_id, "status": "closing"}

    async def wait_bill(self, bill_id: str, version: int, timeout_s: float) -> BillState | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.bills[bill_id].version <= version:  # noqa: ASYNC110 - seen from the test
                    await asyncio.sleep(0.005)
        return self.bills.get(bill_id)

    async def export(self, to: str, *, everything: bool) -> Json:
        return {"count": 1, "first": 1, "last": 1, "head": "00", "manifest": "m", "bytes": 9}

    async def take_answer(self, data: bytes) -> Json:
        return {"taken": bool(data), "answered_seq": 1}

    def screen(self) -> Show:
        return self.now

    async def screens(self) -> AsyncIterator[Show | Speak]:
        queue: asyncio.Queue[Show | Speak] = asyncio.Queue()
        self._subscribers.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._subscribers.remove(queue)

    def status(self) -> Json:
        return {"screen": self.now.name, "waiting": 0} | self.said

    def bill_of(self, bill_no: str) -> BillState | None:
        mine = [one for one in self.bills.values() if one.bill.bill_no == bill_no]
        return mine[-1] if mine else None

    async def bundle(self, bill_id: str, *, cancel: bool) -> Json | None:
        if bill_id not in self.bills:
            return None
        return {"bill_id": bill_id, "seq": 2 if cancel else 1, "bundle": "AAAA"}

    def receipt(self, bill_id: str) -> Json | None:
        return self.receipts.get(bill_id)

    # -- the test's side (any thread)
    def show(self, name: str, visit: int = 1, left_ms: int = 0, **fields: Any) -> None:
        self.now = Show(
            name, visit, {"net": "up", "waiting": 0, "kinds": ["settle"]} | fields, left_ms
        )
        self._tell(self.now)

    def speak(self, key: str) -> None:
        self._tell(Speak(key))

    def _tell(self, one: Show | Speak) -> None:
        assert self.loop
        for queue in list(self._subscribers):
            self.loop.call_soon_threadsafe(queue.put_nowait, one)

    def move(self, bill_id: str, **changes: Any) -> None:
        assert self.loop
        self.loop.call_soon_threadsafe(lambda: self._set(bill_id, **changes))

    def _set(self, bill_id: str, **changes: Any) -> None:
        state = self.bills[bill_id]
        self.bills[bill_id] = msgspec.structs.replace(state, version=state.version + 1, **changes)

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)


def work(task_id: str = "t1", kind: str = "receivable", **fields: Any) -> Task:
    """A task as the core makes them."""
    usual = {"due_fen": 60_00, "amount_max_fen": 100_00, "bill_id": "b1", "bill_no": "B-1"}
    usual |= {"record_kind": "settle", "epoch": 1, "seq": 7, "record_hash": "ab" * 32}
    usual |= {"outcome": "rejected", "code": "suspended", "person": "p1"}
    usual |= {"status": TaskStatus.OPEN, "version": 1, "created_utc_ms": 0, "updated_utc_ms": 0}
    return Task(task_id, kind, **(usual | {"due_utc_ms": 2**42} | fields))


class Served(AgentPort, Protocol):
    """A port that wants to know the loop it is served on."""

    loop: asyncio.AbstractEventLoop | None


@contextlib.contextmanager
def serving(port: Served, tcp_port: int = 0) -> Iterator[str]:
    """The real server on a port of the system's choice; yields its base address."""
    sock = socket.create_server(("127.0.0.1", tcp_port))
    server = uvicorn.Server(server_config(port))
    ready = threading.Event()

    async def main() -> None:
        port.loop = asyncio.get_running_loop()
        port.loop.call_soon(ready.set)
        await server.serve([sock])

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
