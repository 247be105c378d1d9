"""Errors of the local API as RFC 9457 problems: one table, a stable code and a next step each."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from starlette.responses import Response

from edge.core.types import Json
from edge.errors import EdgeError

TYPE_BASE = "https://facepay.invalid/errors/"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2


class Problem(Struct, frozen=True):
    """The body of every answer >= 400."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str


class Fault(Struct, frozen=True):
    status: int
    title: str
    hint: str


FAULTS: dict[str, Fault] = {
    "E-HIS-01": Fault(
        400,
        "Idempotency-Key missing or malformed",
        "send one Idempotency-Key header per bill: 1 to 200 visible ASCII characters",
    ),
    "E-HIS-02": Fault(
        400, "The body is not JSON", "send UTF-8 JSON; the detail says where reading stopped"
    ),
    "E-HIS-04": Fault(
        409,
        "A request with this key is still in progress",
        "wait a moment and send the same request again with the same key",
    ),
    "E-HIS-05": Fault(
        422,
        "The body does not fit the schema",
        "mend the field that the detail names; see /openapi.json",
    ),
    "E-HIS-06": Fault(404, "No such bill", "use the bill_id of the answer to POST /v1/bills"),
    "E-HIS-20": Fault(404, "No such path", "see /openapi.json for the paths of this terminal"),
    "E-HIS-21": Fault(405, "Method not allowed", "see the Allow header and /openapi.json"),
    "E-HIS-22": Fault(
        413, "The body is too large", "a bill may have 200 lines and 256 KB; split the bill"
    ),
    "E-HIS-23": Fault(
        415, "The body is not declared as JSON", "send Content-Type: application/json"
    ),
    "E-HIS-24": Fault(
        421,
        "This terminal does not answer to that Host",
        "call 127.0.0.1 or localhost; from another machine an API token must be configured",
    ),
    "E-HIS-25": Fault(
        403, "Only the terminal's own page may press buttons", "press on the terminal's screen"
    ),
    "E-HIS-26": Fault(
        401, "Bearer token missing or wrong", "send Authorization: Bearer with the configured token"
    ),
    "E-HIS-27": Fault(
        503,
        "Too many requests are waiting",
        "try again in a moment; one long-poll per bill is enough",
    ),
    "E-HIS-34": Fault(
        410,
        "The record was pruned from this terminal",
        "the centre has it and its receipt; so does an export made before",
    ),
    "E-HIS-28": Fault(
        400, "A query parameter is malformed", "wait is 0..60 seconds, since is a version number"
    ),
    "E-HIS-29": Fault(
        404,
        "There is no receipt yet",
        "the centre has not answered; wait for the bill to become settled",
    ),
    "E-PRF-07": Fault(
        409, "There is no signed record of this bill yet", "wait until it is recorded"
    ),
    "E-PRF-08": Fault(
        404, "This record is not on the terminal any more", "the centre still has it"
    ),
    "E-HIS-30": Fault(
        500,
        "Unexpected error in the terminal",
        "send again with the same key; tell support the time",
    ),
    "E-HIS-31": Fault(
        503,
        "The terminal did not decide in time",
        "nothing is lost: send the same request again with the same key",
    ),
    "E-HIS-32": Fault(408, "The body did not arrive in time", "send again with the same key"),
    "E-HIS-33": Fault(
        403,
        "Only this machine may call",
        "run the HIS on the terminal's machine or configure an API token",
    ),
    "E-HIS-35": Fault(
        409, "Another request waits before the terminal", "ask again when the terminal is free"
    ),
    "E-HIS-36": Fault(
        422, "The patient was not recognised, or left", "see the terminal's screen; ask again"
    ),
    "E-HIS-37": Fault(
        404, "Unknown, used or expired authNo", "let the patient authorise once more"
    ),
    "E-HIS-38": Fault(503, "The centre cannot be asked now", "try again with the network"),
    "E-HIS-39": Fault(
        422, "The national message does not fit", "mend what the message names; see NATIONAL.md"
    ),
    "E-EXP-01": Fault(
        503, "The stick cannot be written", "is it mounted, writable and large enough?"
    ),
    "E-EXP-02": Fault(
        422, "That folder is not for exports", "name a folder inside [export] directory"
    ),
    "E-EXP-03": Fault(503, "The stick does not read back what was written", "take another stick"),
    "E-EXP-04": Fault(422, "That is no answer of a centre", "is it the right file?"),
}
FAULTS |= {
    "E-TSK-03": Fault(404, "No such task", "see GET /v1/tasks"),
    "E-TSK-06": Fault(
        404, "No manual claim for this task", "only what the centre did not take can be claimed"
    ),
}
OTHER = Fault(503, "The terminal cannot do this now", "run: facepay explain CODE")


def respond(
    code: str, detail: str, hint: str = "", headers: dict[str, str] | None = None
) -> Response:
    """A problem answer for a code of `FAULTS` (or a code of another part: 503)."""
    fault = FAULTS.get(code, OTHER)
    problem = Problem(TYPE_BASE + code, fault.title, fault.status, detail, code, hint or fault.hint)
    extra = {"Retry-After": str(RETRY_AFTER_S)} if fault.status in (408, 409, 503) else {}
    return Response(msgspec.json.encode(problem), fault.status, extra | (headers or {}), MEDIA_TYPE)


def of_error(error: EdgeError) -> Response:
    """Parts below may name paths or devices in a message: a caller gets only code and hint."""
    if error.code in FAULTS:
        return respond(error.code, error.message, error.hint)
    return respond(error.code, OTHER.title, error.hint)


def of_core(status: int, body: Json) -> Response:
    """The core's own problem, made complete: no caller has to guess at a missing member."""
    code = str(body.get("code", "E-HIS-30"))
    title = str(body.get("title", "")) or "The request was refused"
    problem = Problem(
        type=TYPE_BASE + code,
        title=title,
        status=status,
        detail=str(body.get("detail", "")) or title,
        code=code,
        hint=str(body.get("hint", "")) or f"run: facepay explain {code}",
    )
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status in (409, 503) else {}
    return Response(msgspec.json.encode(problem), status, headers, MEDIA_TYPE)
