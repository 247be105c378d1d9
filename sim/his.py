"""A small hospital system: posts bills to the terminal, waits for what becomes of them, and keeps
its own list.

The list is a JSON-lines file, one line per fact, fsynced before the next step, so that at the end
of the day the terminal's ledger and the centre's log can be held against a third, independent
book. It survives its own death: `resume()` sends everything again that was written down but never
accepted, with the same key and the same bytes.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from edge.core.types import FINAL, Json
from edge.errors import EdgeError

WAIT_S: Final = 25  # one long-poll
PAUSE_S: Final = 0.3  # between tries while the terminal is away
TRY_S: Final = 20.0  # one request
AGAIN: Final = frozenset({409, 429, 500, 502, 503, 504})
NOT_AGAIN: Final = frozenset({"E-HIS-08", "E-HIS-03"})  # conflicts that waiting does not heal
LINES_MAX: Final = 100_000
FINAL_NAMES: Final = frozenset(str(status) for status in FINAL)


class Line(Struct):
    """What the HIS knows of one bill of its own."""

    bill_no: str
    kind: str
    key: str
    body: str
    amount_fen: int
    bill_id: str = ""
    status: str = ""  # the last it was told, "" before the bill was accepted
    version: int = 0
    seq: int = 0
    setl_id: str = ""
    fund_fen: int = 0
    cash_fen: int = 0
    problem: str = ""  # code of a refusal by the API itself
    undoing: bool = False  # it asked for 2208 / 2103

    @property
    def cancelled(self) -> bool:
        """It asked to undo a settlement and was told that it is done."""
        return self.undoing and self.status == "cancelled"


class His:
    """One HIS at one terminal. Methods block; may be used from several threads."""

    def __init__(self, url: str, path: Path, *, token: str = "") -> None:
        self._path = path
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, timeout=TRY_S, headers=headers, trust_env=False)
        self._lock = threading.Lock()
        self._lines: dict[str, Line] = {}  # by bill_no
        self._read()

    # -- bills -------------------------------------------------------------------------------------
    def post(self, bill: Json, *, timeout_s: float = 60.0) -> str:
        """Send a bill (fields of edge.core.types.Bill), written down first; the terminal's bill_id.

        EdgeError with the API's code when it is not taken; TimeoutError when the terminal stays
        away (see `resume`).
        """
        body = json.dumps(bill, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        key = f"his-{uuid.uuid4().hex}"
        line = Line(bill["bill_no"], bill["kind"], key, body, bill["amount_fen"])
        sent = {"kind": line.kind, "key": key, "body": body, "amount_fen": line.amount_fen}
        self._write("sent", line.bill_no, **sent)
        with self._lock:
            assert line.bill_no not in self._lines, "a HIS numbers its bills once"
            self._lines[line.bill_no] = line
        self._post(line, timeout_s)
        return line.bill_id

    def resume(self, *, timeout_s: float = 60.0) -> list[Line]:
        """Send again what was never accepted: after a crash of the HIS, or a terminal that was
        away too long."""
        left = [line for line in self.lines() if not line.bill_id and not line.problem]
        for line in left:
            self._post(line, timeout_s)
        return left

    def status(self, bill_id: str, *, wait_s: int = 0) -> str:
        """The bill's status now, or when it changes within `wait_s` (long-poll); the last known
        while the terminal is away."""
        line = self.line(bill_id)
        query = {"wait": wait_s, "since": line.version} if wait_s else {}
        try:
            answer = self._http.get(f"/v1/bills/{bill_id}", params=query, timeout=wait_s + TRY_S)
        except httpx.TransportError:
            time.sleep(PAUSE_S if wait_s else 0)
            return line.status
        if answer.status_code == httpx.codes.OK:
            self._take(line, answer.json())
        return line.status

    def wait(
        self, bill_id: str, *, until: frozenset[str] = FINAL_NAMES, timeout_s: float = 60.0
    ) -> str:
        """Long-poll until the bill is in one of these states. The terminal may die and come back
        meanwhile."""
        end = time.monotonic() + timeout_s
        while (left := end - time.monotonic()) > 0:
            status = self.status(bill_id, wait_s=max(1, min(WAIT_S, int(left))))
            if status in until:
                return status
        raise TimeoutError(f"{bill_id} is still {self.line(bill_id).status or 'unknown'}")

    def cancel(self, bill_id: str, *, timeout_s: float = 60.0) -> int:
        """Ask to undo a bill; the HTTP status (200 withdrawn before a record, 202 a cancel record
        is on its way)."""
        line = self.line(bill_id)
        key = f"his-{uuid.uuid4().hex}"
        self._write("cancel", line.bill_no, key=key)
        answer = self._request(f"/v1/bills/{bill_id}/cancel", key, "{}", timeout_s)
        if answer.status_code == httpx.codes.ACCEPTED:
            self._write("undoing", line.bill_no, undoing=True)
            line.undoing = True
        return answer.status_code

    # -- the list ----------------------------------------------------------------------------------
    def lines(self) -> list[Line]:
        """Everything this HIS ever sent, in order."""
        with self._lock:
            return list(self._lines.values())

    def line(self, bill_id: str) -> Line:
        """The line of one accepted bill. KeyError when it is not ours."""
        for line in self.lines():
            if line.bill_id == bill_id:
                return line
        raise KeyError(bill_id)

    def counts(self) -> dict[str, int]:
        """How many bills are in which state."""
        return dict(Counter(line.status or line.problem or "unknown" for line in self.lines()))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _post(self, line: Line, timeout_s: float) -> None:
        answer = self._request("/v1/bills", line.key, line.body, timeout_s)
        data = answer.json()
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            line.problem = str(data.get("code", answer.status_code))
            self._write("problem", line.bill_no, problem=line.problem)
            raise EdgeError(
                line.problem, str(data.get("detail", ""))[:200], str(data.get("hint", ""))
            )
        line.bill_id = str(data["bill_id"])
        self._write("accepted", line.bill_no, bill_id=line.bill_id)

    def _request(self, path: str, key: str, body: str, timeout_s: float) -> httpx.Response:
        """The same request until somebody answers it: a lost answer is UNKNOWN, and the key makes
        asking again safe."""
        end = time.monotonic() + timeout_s
        headers = {"idempotency-key": key, "content-type": "application/json"}
        last = "no answer"
        while time.monotonic() < end:
            try:
                answer = self._http.post(path, content=body.encode(), headers=headers)
                if answer.status_code not in AGAIN or _code(answer) in NOT_AGAIN:
                    return answer
                last = f"{answer.status_code} {_code(answer)}"
            except httpx.TransportError as error:
                last = type(error).__name__
            time.sleep(PAUSE_S)
        raise TimeoutError(f"the terminal did not take it: {last}")

    def _take(self, line: Line, state: Json) -> None:
        if int(state["version"]) <= line.version:
            return
        facts = _facts(state)
        self._write("state", line.bill_no, **facts)
        _apply(line, facts)

    def _write(self, event: str, bill_no: str, **fields: Any) -> None:
        fact = {"event": event, "at_ms": time.time_ns() // 1_000_000, "bill_no": bill_no, **fields}
        text = json.dumps(fact, ensure_ascii=False)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        """The list as it was left; a last line that was cut off by a crash never happened."""
        if not self._path.exists():
            return
        lines = self._path.read_text(encoding="utf-8").split("\n")
        if len(lines) > LINES_MAX:
            raise EdgeError("E-CFG-22", "the list of the HIS is too long", "start a new file")
        for line in lines[:-1]:
            self._replay(json.loads(line))
        if lines[-1]:
            self._path.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")

    def _replay(self, fact: Json) -> None:
        bill_no = fact["bill_no"]
        if fact["event"] == "sent":
            first = ("bill_no", "kind", "key", "body", "amount_fen")
            self._lines[bill_no] = Line(*(fact[name] for name in first))
        elif fact["event"] != "cancel":
            _apply(self._lines[bill_no], fact)


def _facts(state: Json) -> Json:
    split = state.get("split") or {}
    return {
        "status": state["status"],
        "version": state["version"],
        "seq": state.get("seq", 0),
        "setl_id": state.get("setl_id", ""),
        "fund_fen": split.get("fund_pay_sumamt_fen", 0),
        "cash_fen": split.get("psn_cash_pay_fen", 0),
    }


def _apply(line: Line, fact: Json) -> None:
    for name in Line.__struct_fields__:
        if name in fact:
            setattr(line, name, fact[name])


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return ""
