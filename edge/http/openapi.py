"""The API described once, as data; OpenAPI 3.1 with the schemas that msgspec itself checks by."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from edge.core.types import Bill, BillState, BillStatus, Json, Outcome
from edge.http.bodies import KEY_CHARS_MAX, VERSION_MAX, WAIT_S_MAX
from edge.http.days import DayClose, DayList, DayShown, Reconciled
from edge.http.his import BILL_NO_CHARS_MAX, CancelBody, ReviewBody
from edge.http.kiosk import Press
from edge.http.nation import PATH as NATION_PATH
from edge.http.nation import Message as NationMessage
from edge.http.nation import Told as NationTold
from edge.http.pharmacy import COUNT_MAX, MINUTES_MAX, Nothing, OrderList, PriceList
from edge.http.problem import FAULTS, MEDIA_TYPE, Problem
from edge.http.tasks import STATUSES, TASKS_MAX, CloseBody, TaskClosing, TaskList, TaskShown
from edge.http.upkeep import AnswerBody, AnswerTaken, ExportBody, Exported, SyncBody

EXAMPLE_BILL_ID = "b" + 16 * "0"
EXAMPLE_TASK_ID = "t" + 16 * "0"
EXAMPLES = {"order_no": "PH0000000001", "bill_id": EXAMPLE_BILL_ID, "task_id": EXAMPLE_TASK_ID, "day": "20260101"}
REF = "#/components/schemas/{name}"
EVERYWHERE = (400, 403, 404, 405, 421, 500, 503)


class Accepted(Struct, frozen=True):
    """The bill is the terminal's now."""

    bill_id: str
    status: BillStatus


class Cancelled(Struct, frozen=True):
    """cancelled: done. working: undoing a settled bill; wait for the bill to become cancelled."""

    bill_id: str
    status: BillStatus


class Reviewed(Struct, frozen=True):
    """status: passed or rejected."""

    bill_id: str
    status: str


class Receipt(Struct, frozen=True):
    """The record, the leaf that stands for it in the centre's log, and the centre's COSE receipt (RFC 9942) that proves
    the leaf, all base64; `checkpoint` is the newest one the terminal has verified."""

    bill_id: str
    seq: int
    outcome: Outcome
    receipt: str
    leaf: str
    record: str
    checkpoint: Json


class BundleFile(Struct, frozen=True):
    """Record, shown body, policy, decision, receipt and certificates in one file, base64."""

    bill_id: str
    seq: int
    bundle: str


class Health(Struct, frozen=True):
    status: str
    terminal: str
    screen: str


class Language(Struct, frozen=True):
    lang: str
    langs: tuple[str, ...]
    place: str
    terminal: str


class Operation(Struct, frozen=True):
    path: str
    method: str
    name: str
    summary: str
    good: dict[int, tuple[str, Any]]
    bad: tuple[int, ...] = ()
    body: Any = None
    body_required: bool = True
    keyed: bool = False
    query: tuple[tuple[str, int], ...] = ()
    texts: tuple[str, ...] = ()  # query parameters that must be there
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()


OPERATIONS = (
    Operation(
        NATION_PATH,
        "post",
        "nationEcTrans",
        "What a HIS says to the national terminal library; code 0 is a yes",
        {200: ("the answer, data as a JSON text", NationTold)},
        (408, 413, 415, 422),
        NationMessage,
    ),
    Operation(
        "/v1/bills",
        "post",
        "createBill",
        "Hand a bill to the terminal",
        {202: ("accepted; follow it with GET /v1/bills/{bill_id}?wait=30", Accepted)},
        (408, 409, 413, 415, 422),
        Bill,
        keyed=True,
    ),
    Operation(
        "/v1/bills/{bill_id}",
        "get",
        "readBill",
        "Read a bill; wait=30 answers when its version changes",
        {200: ("the bill as it is now", BillState)},
        query=(("wait", WAIT_S_MAX), ("since", VERSION_MAX)),
    ),
    Operation(
        "/v1/bills/{bill_id}/cancel",
        "post",
        "cancelBill",
        "Withdraw a bill, or undo a settled one",
        {
            200: ("withdrawn, or cancelled already", Cancelled),
            202: ("being undone at the centre", Cancelled),
        },
        (408, 409, 413, 415, 422),
        CancelBody,
        body_required=False,
        keyed=True,
    ),
    Operation(
        "/v1/bills/{bill_id}/reverse",
        "post",
        "reverseBill",
        "Take back what is unknown about a bill (2601)",
        {202: ("recorded; the bill stays undecided until the reversal has its receipt", Cancelled)},
        (408, 409, 413, 415, 422),
        CancelBody,
        body_required=False,
        keyed=True,
    ),
    Operation(
        "/v1/bills/{bill_id}/review",
        "post",
        "reviewPrescription",
        "The pharmacist's word on the prescription that is on the screen",
        {200: ("the visit goes on, or ends with the pharmacist's no", Reviewed)},
        (408, 409, 413, 415, 422),
        ReviewBody,
        keyed=True,
    ),
    Operation(
        "/v1/bills/{bill_id}/receipt",
        "get",
        "readReceipt",
        "The centre's signed receipt of a bill",
        {200: ("the proof", Receipt)},
        (410,),
    ),
    Operation(
        "/v1/bills",
        "get",
        "findBill",
        "The newest bill with a number of the HIS",
        {200: ("the bill as it is now", BillState)},
        texts=("bill_no",),
    ),
    Operation(
        "/v1/bills/{bill_id}/bundle",
        "get",
        "readBundle",
        "One file that proves the bill: `facepay verify` judges it offline",
        {200: ("the file, base64", BundleFile)},
        (409,),
        query=(("cancel", 1),),
    ),
    Operation(
        "/v1/tasks",
        "get",
        "listTasks",
        "What the centre's decisions ask of the staff, oldest first",
        {200: ("the tasks in memory: all that are not done, and the newest others", TaskList)},
        query=(("limit", TASKS_MAX),),
        words=(("status", STATUSES),),
    ),
    Operation(
        "/v1/tasks/{task_id}",
        "get",
        "readTask",
        "Read a task and how it may be closed",
        {200: ("the task as it is now", TaskShown)},
    ),
    Operation(
        "/v1/tasks/{task_id}/close",
        "post",
        "closeTask",
        "Say, in a signed record, how a task was settled",
        {202: ("recorded; closed once the centre has taken it", TaskClosing)},
        (408, 409, 413, 415, 422),
        CloseBody,
        keyed=True,
    ),
    Operation(
        "/v1/tasks/{task_id}/claim",
        "get",
        "readClaim",
        "The manual claim form, filled in as far as this terminal knows",
        {200: ("national names; claim.html beside it is the page to print", Json)},
    ),
    Operation(
        "/v1/day/close",
        "post",
        "closeDay",
        "Compare a day with the centre, today when none is named",
        {200: ("it is final already", DayShown), 202: ("being compared; read it again", DayShown)},
        (408, 413, 415, 422),
        DayClose,
        body_required=False,
    ),
    Operation(
        "/v1/day/{day}",
        "get",
        "readDay",
        "A day's totals, what the centre said of them, and what is left to do",
        {200: ("the day", DayShown)},
    ),
    Operation(
        "/v1/days",
        "get",
        "listDays",
        "The newest days",
        {200: ("the days", DayList)},
    ),
    Operation(
        "/v1/reconcile",
        "get",
        "reconcile",
        "Compare the chain with the centre's log, record by record",
        {200: ("both ends", Reconciled)},
    ),
    Operation(
        "/v1/orders",
        "get",
        "listOrders",
        "Orders of the hub that wait for this pharmacy",
        {200: ("what is not over", OrderList)},
        (409, 422),
    ),
    Operation(
        "/v1/orders/{order_no}/decline",
        "post",
        "declineOrder",
        "The pharmacy has it not",
        {200: ("declined", Nothing)},
        (408, 409, 413, 415, 422),
    ),
    Operation(
        "/v1/prices",
        "get",
        "findPrices",
        "What a drug costs nearby, the cheapest first",
        {200: ("prices with their age", PriceList)},
        (409, 422),
        query=(("minutes", MINUTES_MAX), ("count", COUNT_MAX), ("show", 1)),
        texts=("drug",),
    ),
    Operation(
        "/v1/status",
        "get",
        "readStatus",
        "What the terminal does, waits for and may still accept",
        {200: ("the status", Json)},
    ),
    Operation(
        "/v1/sync",
        "post",
        "syncNow",
        "Send what waits now; the answer is GET /v1/status as it was at this moment",
        {202: ("asked for", Json)},
        (408, 413, 415, 422),
        SyncBody,
        body_required=False,
    ),
    Operation(
        "/v1/board/tamper/clear",
        "post",
        "clearTamper",
        "The case was looked at and is whole: the controller may forget that it was open",
        {202: ("asked for", Json)},
        (408, 413, 415, 422),
        SyncBody,
        body_required=False,
    ),
    Operation(
        "/v1/export",
        "post",
        "exportRecords",
        "Take what has no receipt away by hand, to a folder in [export] directory",
        {200: ("on the medium, read back and right", Exported)},
        (408, 413, 415, 422),
        ExportBody,
    ),
    Operation(
        "/v1/answers",
        "post",
        "bringAnswer",
        "An answer of the centre that was carried by hand",
        {200: ("given to the terminal", AnswerTaken)},
        (408, 413, 415, 422),
        AnswerBody,
    ),
    Operation(
        "/kiosk/press",
        "post",
        "pressButton",
        "A button of the terminal's own page",
        {202: ("posted", Json)},
        (408, 413, 415, 422),
        Press,
    ),
    Operation(
        "/kiosk/lang",
        "get",
        "readLanguage",
        "The page's language and place",
        {200: ("the language", Language)},
    ),
    Operation("/healthz", "get", "readHealth", "Is the process alive", {200: ("alive", Health)}),
)


def document(*, token: bool) -> Json:
    """The OpenAPI 3.1 document. `token`: the API needs a bearer token here."""
    kinds = [Problem] + [t for op in OPERATIONS for t in types_of(op) if t is not Json]
    unique = list(dict.fromkeys(kinds))
    refs, schemas = msgspec.json.schema_components(unique, ref_template=REF)
    by_kind: dict[Any, Json] = dict(zip(unique, refs, strict=True))
    by_kind[Json] = {"type": "object"}
    paths: dict[str, Json] = {}
    for op in OPERATIONS:
        paths.setdefault(op.path, {})[op.method] = describe(op, by_kind, token)
    components: Json = {"schemas": schemas}
    if token:
        components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "facepay terminal",
            "version": "1",
            "summary": "Bills in, signed receipts out",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }


def types_of(op: Operation) -> list[Any]:
    return [kind for _, kind in op.good.values()] + ([op.body] if op.body is not None else [])


def describe(op: Operation, by_kind: dict[Any, Json], token: bool) -> Json:
    guarded = token and op.path.startswith("/v1/")
    bad = sorted({*EVERYWHERE, *op.bad, *((401,) if guarded else ())})
    responses = {
        str(status): {
            "description": text,
            "content": {"application/json": {"schema": by_kind[kind]}},
        }
        for status, (text, kind) in op.good.items()
    }
    problems = {
        str(status): {
            "description": why(status),
            "content": {MEDIA_TYPE: {"schema": by_kind[Problem]}},
        }
        for status in bad
    }
    out: Json = {
        "operationId": op.name,
        "summary": op.summary,
        "parameters": parameters(op),
        "responses": responses | problems,
    }
    if op.body is not None:
        out["requestBody"] = {
            "required": op.body_required,
            "content": {"application/json": {"schema": by_kind[op.body]}},
        }
    if guarded:
        out["security"] = [{"bearer": []}]
    return out


def parameters(op: Operation) -> list[Json]:
    found: list[Json] = []
    for name, example in EXAMPLES.items():
        if f"{{{name}}}" in op.path:
            found.append(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1},
                    "example": example,
                }
            )
    if op.keyed:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "schema": {"type": "string", "pattern": f"^[!-~]{{1,{KEY_CHARS_MAX}}}$"},
            }
        )
    found += [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "maximum": highest},
        }
        for name, highest in op.query
    ]
    found += [
        {
            "name": name,
            "in": "query",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": BILL_NO_CHARS_MAX},
        }
        for name in op.texts
    ]
    found += [
        {"name": name, "in": "query", "schema": {"type": "string", "enum": list(words)}}
        for name, words in op.words
    ]
    return found


def why(status: int) -> str:
    """All codes of the table with this status; the core adds its own (E-TX-*)."""
    codes = [f"{code} {fault.title}" for code, fault in FAULTS.items() if fault.status == status]
    return "; ".join(codes) or "see code and hint"
