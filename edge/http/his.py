"""The bills API for the hospital's own system (HIS). The core decides, through the port."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core.events import BillArrived, CancelArrived, Event, ReverseArrived, ReviewArrived
from edge.core.types import FINAL, TEXT_MAX, Bill, BillState, Json
from edge.errors import EdgeError
from edge.http import problem
from edge.http.bodies import (
    VERSION_MAX,
    WAIT_S_MAX,
    decode,
    need_json,
    read_body,
    read_key,
    read_number,
)
from edge.http.port import AgentPort

CALL_WAIT_S = 15.0  # a turn takes milliseconds; this only ends when the disk or the owner hangs
CALLS_MAX = 64
LONG_POLLS_MAX = 64
BILL_ID_CHARS_MAX = 64
BILL_NO_CHARS_MAX = 64
BAD = 400  # from here on an answer is a problem


class CancelBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is needed to cancel; an empty object is allowed."""


class ReviewBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What the pharmacist says of the prescription: `reason` is what the hospital hears after a no."""

    operator: Annotated[str, Meta(min_length=1, max_length=64)]
    passed: bool
    reason: Annotated[str, Meta(max_length=TEXT_MAX)] = ""


class His:
    """The state of the room: which keys are in flight and how many long-polls wait."""

    def __init__(self, port: AgentPort) -> None:
        self._port = port
        self._in_flight: set[str] = set()
        self._polls = 0

    def routes(self) -> list[Route]:
        return [
            Route("/v1/bills", self.bills, methods=["GET", "POST"]),
            Route("/v1/bills/{bill_id}", self.read, methods=["GET"]),
            Route("/v1/bills/{bill_id}/cancel", self.cancel, methods=["POST"]),
            Route("/v1/bills/{bill_id}/reverse", self.reverse, methods=["POST"]),
            Route("/v1/bills/{bill_id}/review", self.review, methods=["POST"]),
            Route("/v1/bills/{bill_id}/receipt", self.receipt, methods=["GET"]),
            Route("/v1/status", self.status, methods=["GET"]),
        ]

    async def bills(self, request: Request) -> Response:
        """One route for both, so that a wrong method is told of both."""
        return await (self.create if request.method == "POST" else self.find)(request)

    async def find(self, request: Request) -> Response:
        """The newest bill with this number. E-HIS-06, E-HIS-28."""
        numbers = request.query_params.getlist("bill_no")
        if len(numbers) != 1 or not 0 < len(numbers[0]) <= BILL_NO_CHARS_MAX:
            raise EdgeError("E-HIS-28", "bill_no is missing, double or too long", "?bill_no=…")
        state = self._port.bill_of(numbers[0])
        if state is None:
            raise EdgeError("E-HIS-06", "this terminal remembers no bill with this number")
        return answer(200, state)

    async def create(self, request: Request) -> Response:
        key = read_key(request)
        need_json(request)
        body = await read_body(request)
        bill = decode(body, Bill)
        digest = hashlib.sha256(body).digest()
        return await self.decided(key, lambda call: BillArrived(call, key, digest, bill))

    async def cancel(self, request: Request) -> Response:
        key, bill_id, digest = await self._about(request, "cancel")
        return await self.decided(key, lambda call: CancelArrived(call, key, digest, bill_id))

    async def reverse(self, request: Request) -> Response:
        key, bill_id, digest = await self._about(request, "reverse")
        return await self.decided(key, lambda call: ReverseArrived(call, key, digest, bill_id))

    async def review(self, request: Request) -> Response:
        key = read_key(request)
        need_json(request)
        body = await read_body(request)
        said = decode(body, ReviewBody)
        bill_id = self._known(request).bill_id
        digest = hashlib.sha256(f"review {bill_id}\n".encode() + body).digest()
        what = (bill_id, said.passed, said.operator, said.reason)
        return await self.decided(key, lambda call: ReviewArrived(call, key, digest, *what))

    async def _about(self, request: Request, what: str) -> tuple[str, str, bytes]:
        """(key, bill, hash) of a request about a bill that says no more than which."""
        key = read_key(request)
        body = await read_body(request)
        if body:
            need_json(request)
            decode(body, CancelBody)
        bill_id = self._known(request).bill_id
        # the path is part of the request: the same key on another bill is no replay
        return key, bill_id, hashlib.sha256(f"{what} {bill_id}\n".encode() + body).digest()

    async def read(self, request: Request) -> Response:
        wait_s = read_number(request, "wait", 0, WAIT_S_MAX) or 0
        since = read_number(request, "since", None, VERSION_MAX)
        state = self._known(request)
        seen = state.version if since is None else since
        if wait_s and state.status not in FINAL and state.version <= seen:
            state = await self._waited(state, seen, wait_s)
        return answer(200, state)

    async def receipt(self, request: Request) -> Response:
        state = self._known(request)
        receipt = self._port.receipt(state.bill_id)
        if receipt is None:
            raise EdgeError("E-HIS-29", f"bill {state.bill_id} is {state.status}")
        return answer(200, receipt)

    async def status(self, _request: Request) -> Response:
        return answer(200, self._port.status())

    def _known(self, request: Request) -> BillState:
        bill_id = str(request.path_params["bill_id"])
        state = self._port.bill(bill_id) if len(bill_id) <= BILL_ID_CHARS_MAX else None
        if state is None:
            raise EdgeError("E-HIS-06", "this terminal has no such bill")
        return state

    async def _waited(self, state: BillState, seen: int, wait_s: int) -> BillState:
        if self._polls >= LONG_POLLS_MAX:
            raise EdgeError("E-HIS-27", f"{LONG_POLLS_MAX} long-polls are waiting already")
        self._polls += 1
        try:
            return await self._port.wait_bill(state.bill_id, seen, wait_s) or state
        finally:
            self._polls -= 1

    async def decided(self, key: str, make: Callable[[int], Event]) -> Response:
        """One request per key at a time; the core remembers keys, this only guards the gap."""
        if key in self._in_flight:
            raise EdgeError("E-HIS-04", "the first request with this key has not been answered yet")
        if len(self._in_flight) >= CALLS_MAX:
            raise EdgeError("E-HIS-27", f"{CALLS_MAX} requests are being decided already")
        self._in_flight.add(key)
        try:
            async with asyncio.timeout(CALL_WAIT_S):
                status, body = await self._port.call(make)
        except TimeoutError:
            raise EdgeError("E-HIS-31", f"no decision after {CALL_WAIT_S:.0f} s") from None
        finally:
            self._in_flight.discard(key)
        return answer(status, body)


def answer(status: int, body: Json | Struct) -> Response:
    """JSON for a success, a complete problem for anything else."""
    if status >= BAD:
        assert isinstance(body, dict)
        return problem.of_core(status, body)
    return Response(msgspec.json.encode(body), status, media_type="application/json")
