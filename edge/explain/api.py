"""Codes of the local API."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-HIS-01": (
        "The Idempotency-Key is missing or malformed.",
        "Send one key per bill; a UUID will do.",
    ),
    "E-HIS-02": ("The body is not JSON.", "Send UTF-8 JSON."),
    "E-HIS-03": (
        "This Idempotency-Key was used with another body.",
        "Use a new key for a new bill.",
    ),
    "E-HIS-04": (
        "A request with this key is still in progress.",
        "Wait a moment and send the same again.",
    ),
    "E-HIS-05": (
        "The body does not fit the schema.",
        "Mend the field that the detail names; see /openapi.json.",
    ),
    "E-HIS-06": ("There is no such bill.", "Use the bill_id of the answer to POST /v1/bills."),
    "E-HIS-07": (
        "The queue of bills is full.",
        "Finish or cancel a waiting bill, then send again.",
    ),
    "E-HIS-08": (
        "This bill_no was sent before with another key.",
        "Look at the first bill; use a new number for a new bill.",
    ),
    "E-HIS-09": ("The terminal is stopping.", "Send again with the same key when it is back."),
    "E-HIS-10": (
        "The terminal is out of service.",
        "See GET /v1/status; send again with the same key.",
    ),
    "E-HIS-20": ("There is no such path.", "See /openapi.json."),
    "E-HIS-21": ("The method is not allowed here.", "See the Allow header and /openapi.json."),
    "E-HIS-22": ("The body is too large.", "Split the bill."),
    "E-HIS-23": ("The body is not declared as JSON.", "Send Content-Type: application/json."),
    "E-HIS-24": (
        "The Host header does not name this machine.",
        "Call 127.0.0.1 or localhost, or configure a token.",
    ),
    "E-HIS-25": ("Only the terminal's own page may press buttons.", "Press on the screen."),
    "E-HIS-26": ("The bearer token is missing or wrong.", "Send the token of [http] token_file."),
    "E-HIS-27": (
        "Too many requests are waiting.",
        "Try again in a moment; one long-poll per bill is enough.",
    ),
    "E-HIS-28": (
        "A query parameter is malformed.",
        "wait is 0..60 seconds, since is a version number.",
    ),
    "E-HIS-29": ("There is no receipt yet.", "Wait for the bill to become settled."),
    "E-HIS-30": (
        "An error of the terminal's own.",
        "Send again with the same key; tell support the time.",
    ),
    "E-HIS-31": (
        "The terminal did not decide in time.",
        "Nothing is lost: send the same again with the same key.",
    ),
    "E-HIS-32": ("The body did not arrive in time.", "Send again with the same key."),
    "E-HIS-33": ("Only this machine may call.", "Run the HIS here, or configure a token."),
    "E-HIS-34": (
        "The record was pruned here after its receipt and a reconciled day.",
        "Ask the centre for it; an export made before has it too.",
    ),
    "E-HIS-35": (
        "Another request of the national way waits before the terminal, or its outBizNo was used.",
        "Ask again when the terminal is free, with a new outBizNo.",
    ),
    "E-HIS-36": (
        "The patient was not recognised, cancelled or walked away.",
        "The message has the reason; ask again, or take the card at the counter.",
    ),
    "E-HIS-37": (
        "This authNo is unknown, used already, or older than five minutes.",
        "Let the patient authorise once more (cn.nhsa.ec.auth).",
    ),
    "E-HIS-38": (
        "The centre cannot be asked who it is: the network is down or it does not answer.",
        "Try again when the network is back; a code cannot be checked without it.",
    ),
    "E-HIS-62": (
        "The centre answered this question with a no; the message has its code.",
        "Look the code up in edge/docs/PROTOCOL.md, under the question.",
    ),
    "E-HIS-61": (
        "No prescription of this bill waits for a pharmacist's review.",
        "Review it while it is on the screen; a bill that went on or ended needs none.",
    ),
    "E-HIS-39": (
        "A national message has an unknown transType, businessType or institution.",
        "Mend what the message names; edge/docs/NATIONAL.md lists what is known.",
    ),
}
