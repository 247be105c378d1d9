"""For whoever brings the records to the centre: send now, take them away by hand, bring the answers
back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core.events import ClearTamperAsked, Event, SyncAsked
from edge.errors import EdgeError
from edge.http.bodies import decode, need_json, read_body
from edge.http.port import AgentPort
from edge.wire.answer import ANSWER_BYTES_MAX

ANSWER_BODY_MAX = ANSWER_BYTES_MAX * 4 // 3 + 1024  # in base64
CALL_WAIT_S = 15.0
PATH_CHARS_MAX = 500


class SyncBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is needed; an empty object is allowed."""


class ExportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`to`: a folder inside [export] directory, "" = that itself. `all`: also what has a receipt."""

    to: Annotated[str, Meta(max_length=PATH_CHARS_MAX)] = ""
    all: bool = False


class Exported(Struct, frozen=True):
    """What is on the stick now, read back and right; count 0: nothing waited."""

    count: int
    first: int
    last: int
    head: str
    manifest: str
    bytes: int


class AnswerBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`answer`: the exact bytes that the centre signed, base64."""

    answer: Annotated[bytes, Meta(max_length=ANSWER_BYTES_MAX)]


class AnswerTaken(Struct, frozen=True):
    """`taken` false: an old one, or one that is not believed (the log says why)."""

    taken: bool
    answered_seq: int


class Upkeep:
    """POST /v1/sync, /v1/board/tamper/clear, /v1/export, /v1/answers."""

    def __init__(self, port: AgentPort) -> None:
        self._port = port
        self._one_at_a_time = asyncio.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/v1/sync", self.sync, methods=["POST"]),
            Route("/v1/board/tamper/clear", self.clear_tamper, methods=["POST"]),
            Route("/v1/export", self.export, methods=["POST"]),
            Route("/v1/answers", self.answers, methods=["POST"]),
        ]

    async def sync(self, request: Request) -> Response:
        if body := await read_body(request):
            need_json(request)
            decode(body, SyncBody)
        return await self._asked(SyncAsked)

    async def clear_tamper(self, request: Request) -> Response:
        if body := await read_body(request):
            need_json(request)
            decode(body, SyncBody)
        return await self._asked(ClearTamperAsked)

    async def _asked(self, make: Callable[[int], Event]) -> Response:
        try:
            async with asyncio.timeout(CALL_WAIT_S):
                status, said = await self._port.call(make)
        except TimeoutError:
            raise EdgeError("E-HIS-31", f"no word after {CALL_WAIT_S:.0f} s") from None
        return Response(msgspec.json.encode(said), status, media_type="application/json")

    async def export(self, request: Request) -> Response:
        need_json(request)
        wanted = decode(await read_body(request), ExportBody)
        async with self._one_at_a_time:
            done = await self._port.export(wanted.to, everything=wanted.all)
        return Response(msgspec.json.encode(done), media_type="application/json")

    async def answers(self, request: Request) -> Response:
        need_json(request)
        brought = decode(await read_body(request, ANSWER_BODY_MAX), AnswerBody)
        async with self._one_at_a_time:
            done = await self._port.take_answer(brought.answer)
        return Response(msgspec.json.encode(done), media_type="application/json")
