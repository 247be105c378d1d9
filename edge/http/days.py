"""The end of the day and the comparison of the chains, for the HIS and the staff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core.events import CloseAsked, DayAsked, Event, ReconcileAsked
from edge.core.types import Json
from edge.errors import EdgeError
from edge.http.bodies import decode, need_json, read_body
from edge.http.his import CALL_WAIT_S, answer
from edge.http.port import AgentPort

DAY_CHARS_MAX = 16  # one too long is no day, and the core says so
ASK_WAIT_S = 45.0  # a question is repeated for forty seconds


class DayClose(Struct, frozen=True, forbid_unknown_fields=True):
    """Which day to compare with the centre: yyyymmdd, today when left out."""

    day: str = ""


class DayShown(Struct, frozen=True):
    """A day: open, closing, differs or reconciled; `final` once it was over when the centre agreed.
    Sums in yuan as the statement has them."""

    day: str
    state: str
    final: bool
    closed_utc_ms: int
    rounds: int
    totals: tuple[Json, ...]
    left: tuple[Json, ...]
    unknown: tuple[str, ...]
    unanswered: int
    provisional: Json
    tasks_open: int
    code: str


class DayList(Struct, frozen=True):
    """The newest days, the oldest first."""

    days: tuple[DayShown, ...]


class Reconciled(Struct, frozen=True):
    """Both ends of the chain: equal, behind or alarm, and the numbers between them."""

    state: str
    why: str
    code: str
    epoch: int
    head_seq: int
    head_hash: str
    answered_seq: int
    centre: Json


class Days:
    """Nothing here is remembered: closing a day twice is closing it once."""

    def __init__(self, port: AgentPort) -> None:
        self._port = port

    def routes(self) -> list[Route]:
        return [
            Route("/v1/day/close", self.close, methods=["POST"]),
            Route("/v1/day/{day}", self.read, methods=["GET"]),
            Route("/v1/days", self.list, methods=["GET"]),
            Route("/v1/reconcile", self.reconcile, methods=["GET"]),
        ]

    async def close(self, request: Request) -> Response:
        body = await read_body(request)
        if body:
            need_json(request)
        day = decode(body, DayClose).day if body else ""
        return await self._told(lambda call: CloseAsked(call, day), CALL_WAIT_S)

    async def read(self, request: Request) -> Response:
        day = str(request.path_params["day"])[:DAY_CHARS_MAX]
        return await self._told(lambda call: DayAsked(call, day), CALL_WAIT_S)

    async def list(self, _request: Request) -> Response:
        return await self._told(DayAsked, CALL_WAIT_S)

    async def reconcile(self, _request: Request) -> Response:
        return await self._told(ReconcileAsked, ASK_WAIT_S)

    async def _told(self, make: Callable[[int], Event], wait_s: float) -> Response:
        try:
            async with asyncio.timeout(wait_s):
                status, body = await self._port.call(make)
        except TimeoutError:
            raise EdgeError("E-HIS-31", f"no answer after {wait_s:.0f} s") from None
        return answer(status, body)
