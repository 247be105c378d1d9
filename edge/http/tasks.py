"""The staff's work list for the HIS and the desk page: read tasks, close them, print a claim."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from edge.core.books import claim, tasks
from edge.core.events import Event, TaskCloseArrived
from edge.core.types import AMOUNT_FEN_MAX, BillState, Task, TaskStatus
from edge.errors import EdgeError
from edge.http import claim_page
from edge.http.bodies import decode, need_json, read_body, read_key, read_number, read_word
from edge.http.his import answer
from edge.http.port import AgentPort

TASK_ID_CHARS_MAX = 64
TASKS_MAX = 500  # in one answer
TASKS_USUAL = 100
CLOSE_BYTES_MAX = 4096
UNDONE = "undone"  # open and closing
STATUSES = (*(str(status) for status in TaskStatus), UNDONE, "all")

Decide = Callable[[str, Callable[[int], Event]], Awaitable[Response]]


class CloseBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody settled a task. `amount_fen` is what changed hands (or did not), 0 for "checked"."""

    how: Annotated[str, Meta(min_length=1, max_length=32)]
    amount_fen: Annotated[int, Meta(ge=0, le=AMOUNT_FEN_MAX)]
    operator: Annotated[str, Meta(min_length=1, max_length=64)]
    note: Annotated[str, Meta(max_length=200)] = ""


class TaskShown(Struct, frozen=True):
    """A task, the ways in which it may be closed (the usual one first), whether the staff find the amount out, whether its
    person is blocked while it is not done, and whether there is a claim to print."""

    task: Task
    hows: tuple[str, ...]
    free: bool
    blocks: bool
    claim: bool


class TaskList(Struct, frozen=True):
    """`total` of that status in memory; `tasks` are cut at the limit."""

    tasks: tuple[TaskShown, ...]
    total: int


class TaskClosing(Struct, frozen=True):
    task_id: str
    status: TaskStatus


class Tasks:
    def __init__(self, port: AgentPort, decide: Decide) -> None:
        self._port, self._decide = port, decide

    def routes(self) -> list[Route]:
        return [
            Route("/v1/tasks", self.list, methods=["GET"]),
            Route("/v1/tasks/{task_id}", self.read, methods=["GET"]),
            Route("/v1/tasks/{task_id}/close", self.close, methods=["POST"]),
            Route("/v1/tasks/{task_id}/claim", self.claim, methods=["GET"]),
            Route("/v1/tasks/{task_id}/claim.html", self.claim_page, methods=["GET"]),
        ]

    async def list(self, request: Request) -> Response:
        status = read_word(request, "status", "all", STATUSES)
        limit = read_number(request, "limit", TASKS_USUAL, TASKS_MAX) or 0
        found = [task for task in self._port.tasks() if _is(task, status)]
        return answer(200, TaskList(tuple(shown(task) for task in found[:limit]), len(found)))

    async def read(self, request: Request) -> Response:
        return answer(200, shown(self._known(request)))

    async def close(self, request: Request) -> Response:
        key = read_key(request)
        need_json(request)
        raw = await read_body(request, CLOSE_BYTES_MAX)
        body = decode(raw, CloseBody)
        task_id = self._known(request).task_id
        # the path is part of the request: the same key on another task is no replay
        digest = hashlib.sha256(f"close {task_id}\n".encode() + raw).digest()

        def arrived(call: int) -> Event:
            said = (body.how, body.amount_fen, body.operator, body.note)
            return TaskCloseArrived(call, key, digest, task_id, *said)

        return await self._decide(key, arrived)

    async def claim(self, request: Request) -> Response:
        task, state = self._claimed(request)
        return answer(200, claim.form(self._port.settings, task, state))

    async def claim_page(self, request: Request) -> Response:
        lang = read_word(request, "lang", self._port.settings.lang, claim_page.LANGS)
        task, state = self._claimed(request)
        form = claim.form(self._port.settings, task, state)
        return HTMLResponse(claim_page.page(form, lang))

    def _known(self, request: Request) -> Task:
        task_id = str(request.path_params["task_id"])
        task = self._port.task(task_id) if len(task_id) <= TASK_ID_CHARS_MAX else None
        if task is None:
            raise EdgeError("E-TSK-03", "this terminal has no such task")
        return task

    def _claimed(self, request: Request) -> tuple[Task, BillState]:
        task = self._known(request)
        state = self._port.bill(task.bill_id) if claim.claimable(task) else None
        if state is None:
            raise EdgeError("E-TSK-06", f"task {task.task_id} is a {task.kind} task")
        return task, state


def shown(task: Task) -> TaskShown:
    """A task as callers see it."""
    rule = tasks.KINDS[task.kind]
    ways = tasks.hows(task) if task.status is TaskStatus.OPEN else ()
    return TaskShown(task, ways, rule.free, rule.blocks, claim.claimable(task))


def _is(task: Task, status: str) -> bool:
    return status in ("all", task.status) or (status == UNDONE and task.status in tasks.UNDONE)
