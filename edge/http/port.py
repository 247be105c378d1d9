"""What the HTTP rooms need from the agent: one narrow door, implemented by `edge.agent`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from edge.core.effects import Show, Speak
from edge.core.events import Event
from edge.core.types import BillState, Json, Settings, Task


class AgentPort(Protocol):
    """Everything runs on the agent's event loop; nothing here blocks it."""

    @property
    def settings(self) -> Settings: ...

    @property
    def api_token(self) -> str:
        """Bearer token of `/v1/*`; "" means: no token, and only this machine may call."""
        ...

    async def call(self, make: Callable[[int], Event]) -> tuple[int, Json]:
        """Post `make(fresh call id)` and wait for its `Reply`. Cancelling forgets only the wait."""
        ...

    def post(self, event: Event) -> None:
        """Post an event nobody waits for."""
        ...

    def bill(self, bill_id: str) -> BillState | None: ...

    async def wait_bill(self, bill_id: str, version: int, timeout_s: float) -> BillState | None:
        """The bill once its version is above `version`, or as it is after `timeout_s`."""
        ...

    def task(self, task_id: str) -> Task | None:
        """The task, also an old one."""
        ...

    def tasks(self) -> tuple[Task, ...]:
        """Every undone task and the newest others, oldest first."""
        ...

    def screen(self) -> Show: ...

    def screens(self) -> AsyncIterator[Show | Speak]:
        """Each screen from now on, and what is said to it; a slow reader gets the newest."""
        ...

    def status(self) -> Json: ...

    def bill_of(self, bill_no: str) -> BillState | None:
        """The newest bill with this number of the HIS."""
        ...

    async def bundle(self, bill_id: str, *, cancel: bool) -> Json | None:
        """{"bill_id", "seq", "bundle": base64}: all that a judge needs. None: no such bill. E-PRF-07
        no record yet, E-PRF-08 not here any more."""
        ...

    def receipt(self, bill_id: str) -> Json | None:
        """{"receipt", "record": base64, "checkpoint": ...} once the centre has answered."""
        ...

    async def export(self, to: str, *, everything: bool) -> Json:
        """Take records away by hand to a folder inside [export] directory."""
        ...

    async def take_answer(self, data: bytes) -> Json:
        """An answer that was carried here by hand."""
        ...
