"""The bank's door: POST /v1/{hold,capture,give_back,standing} of the centre, signed both ways;
POST /phone/{pay,repay,debts} of a customer's phone and POST /sim/faults, from this machine only.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import msgspec
from msgspec import Struct

from edge.errors import EdgeError
from edge.suites import es256
from sim.bank import wire
from sim.bank.bank import SimBank
from sim.bank.faults import Fault
from sim.bank.port import Fen, Short, Wish
from sim.bank.wire import Back, Good, Refund, Take, Who
from sim.switches import Switches

IDLE_S: Final = 30.0
POLL_S: Final = 0.05
CONNECTIONS_MAX: Final = 64
DEATH: Final = 70  # the exit status of a bank that dies on purpose
HERE: Final = "127.0.0.1"


class Repay(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone pays back."""

    repay_id: Short
    holder: Short
    payer: Short
    fen: Fen


class Mine(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone asks what is owed."""

    psn_no: Short


class Keys(Struct, frozen=True):
    """The bank's signature, and who may ask."""

    signer: es256.Es256Signer
    centre: es256.Es256Verifier


class Served:
    """A running door: `port`, the switches, and its end."""

    def __init__(self, bank: SimBank, keys: Keys, port: int = 0) -> None:
        self.switches: Switches[Fault] = Switches()
        handler = _handler(bank, keys, self.switches)
        self._server = ThreadingHTTPServer((HERE, port), handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def start(self) -> Served:
        """Serve in a thread of its own."""
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def run(self) -> None:
        """Serve here, until `stop`."""
        self._server.serve_forever(poll_interval=POLL_S)

    def stop(self) -> None:
        """Take nothing new; what is under way ends with the process."""
        self._server.shutdown()
        self._server.server_close()


def _handler(bank: SimBank, keys: Keys, switches: Switches[Fault]) -> Any:
    class Handler(_Handler):
        pass

    Handler.bank, Handler.keys, Handler.switches = bank, keys, switches
    Handler.room = threading.BoundedSemaphore(CONNECTIONS_MAX)
    return Handler


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    bank: SimBank
    keys: Keys
    switches: Switches[Fault]
    room: threading.BoundedSemaphore

    def do_POST(self) -> None:
        """A question, a phone, a switch."""
        if not self.room.acquire(blocking=False):
            self._send(503)
            return
        try:
            body = self._body()
            if body is not None:
                self._post(body)
        except EdgeError as error:
            status = 401 if error.code == "E-WIR-05" else 422
            self._send(status, wire.plain({"code": error.code, "detail": error.message}))
        finally:
            self.room.release()

    def log_message(self, *_: Any) -> None:
        """Nothing: who pays what is in no log."""

    def _post(self, body: bytes) -> None:
        op = self.path.removeprefix("/v1/")
        if op != self.path and op in wire.QUESTIONS:
            form = wire.QUESTIONS[op][0]
            header = self.headers.get(wire.HEADER, "")
            wire.check(self.keys.centre, header, wire.ASK, self.path.encode(), body)
            asked: Any = wire.decode(body, form)
            self._spoiled(op, body, lambda: wire.plain(answer(self.bank, asked)))
        elif self.client_address[0] != HERE:
            self._send(404)
        elif self.path == "/phone/repay":
            paid = wire.decode(body, Repay)
            done = self.bank.repay(paid.repay_id, paid.holder, paid.payer, paid.fen)
            self._send(200, wire.plain({"repaid": done} if isinstance(done, int) else {"why": done}))
        elif self.path == "/phone/pay":
            self._send(200, wire.plain(self.bank.pay(wire.decode(body, Wish))))
        elif self.path == "/phone/debts":
            who = wire.decode(body, Mine)
            self._send(200, wire.plain(self.bank.debts(who.psn_no)))
        elif self.path == "/sim/faults":
            self.switches.put(wire.decode(body, Fault))
            self._send(200, b"{}")
        else:
            self._send(404)

    def _spoiled(self, op: str, asked: bytes, do: Callable[[], bytes]) -> None:
        """The answer, as the switch wants it."""
        fault = self.switches.take(op)
        kind = fault.kind if fault is not None else ""
        if kind == "die_before":
            os._exit(DEATH)
        if kind == "drop_before":
            self.close_connection = True
            return
        if kind == "refused":
            self._send(503)
            return
        answer_ = do()
        if kind == "duplicate":
            answer_ = do()
        if kind == "die_after":
            os._exit(DEATH)
        if kind == "drop_after":
            self.close_connection = True
            return
        if kind == "lost_answer":
            self._send(504)
            return
        if fault is not None and kind == "delay":
            time.sleep(fault.ms / 1000)
        signer = self.keys.signer
        if kind == "forged":
            signer = es256.Es256Signer(es256.generate_sign_key())
        path = self.path.encode()
        self._send(200, answer_, wire.sign(signer, wire.ANSWER, path, asked, answer_))

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "")
        good = length.isascii() and length.isdigit() and len(length) < 9
        if not good or int(length) > wire.BODY_BYTES_MAX:
            self.close_connection = True
            self._send(413 if good else 411)
            return None
        try:
            body = self.rfile.read(int(length))
        except OSError:
            self.close_connection = True
            return None
        return body if len(body) == int(length) else None

    def _send(self, status: int, data: bytes = b"", signature: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        if signature:
            self.send_header(wire.HEADER, signature)
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True


def answer(bank: SimBank, asked: Any) -> msgspec.Struct:
    """One question of the centre."""
    if isinstance(asked, Take):
        return Good(bank.capture(asked.pay_ordid, asked.fen))
    if isinstance(asked, Back):
        bank.give_back(asked.pay_ordid)
        return Good(True)
    if isinstance(asked, Refund):
        return Good(bank.refund(asked.pay_ordid, asked.refd_sn, asked.fen))
    if isinstance(asked, Who):
        return bank.standing(asked.psn_no, asked.med_type)
    return bank.hold(asked)
