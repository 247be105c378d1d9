"""The process of the second door: `python -m sim.centre.national --config centre.toml --port 8090`.

It works beside the MQTT centre on the same database. HTTP/1.1 by the standard library, because a
door that breaks lines on purpose must own its sockets. `/sim/faults` sets the switches of `faults`
and answers to this machine only.
"""

from __future__ import annotations

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from sim.bank import wire
from sim.centre.mobile.door import Pmc
from sim.centre.national.door import Door
from sim.centre.national.envelope import BODY_BYTES_MAX
from sim.centre.national.faults import Fault
from sim.centre.purchases.door import LOCAL, Hub
from sim.switches import Switches

SKEW_MS: Final = 3_600_000
IDLE_S: Final = 30.0
CONNECTIONS_MAX: Final = 64
DRIP_BYTES_MAX: Final = 4_096  # of an answer that drips; the rest comes at once
_PATH: Final = re.compile(r"/fsi/api/([0-9A-Za-z]{1,8})")
_LENGTH: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_REFERENCE: Final = re.compile(rb'("inf_refmsgid":")([0-9]{20})')


class Served:
    """A running door: `port`, the switches, and its end."""

    def __init__(
        self, door: Door, port: int = 0, host: str = "127.0.0.1", *, pmc: Pmc | None = None
    ) -> None:
        self.switches: Switches[Fault] = Switches()
        self._room = threading.BoundedSemaphore(CONNECTIONS_MAX)
        handler = _handler(door, self.switches, self._room)
        handler.pmc = pmc
        handler.hub = Hub(door.centre.store)
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def start(self) -> Served:
        """Serve in a thread of its own."""
        self._thread.start()
        return self

    def run(self) -> None:
        """Serve here, until `stop`."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Take nothing new; what is under way ends with the process."""
        self._server.shutdown()
        self._server.server_close()


def _handler(door: Door, switches: Switches[Fault], room: threading.BoundedSemaphore) -> Any:
    class Handler(_Handler):
        pass

    Handler.door, Handler.switches, Handler.room = door, switches, room
    return Handler


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    door: Door
    switches: Switches[Fault]
    room: threading.BoundedSemaphore
    pmc: Pmc | None = None
    hub: Hub

    def do_POST(self) -> None:
        """A message of a HIS, or a switch."""
        if not self.room.acquire(blocking=False):
            self._bare(503, close=True)
            return
        try:
            self._post()
        finally:
            self.room.release()

    def do_GET(self) -> None:
        """The switches that are set."""
        if not self._mine():
            return
        self._send(200, msgspec.json.encode(self.switches.left()))

    def do_DELETE(self) -> None:
        """All switches off."""
        if not self._mine():
            return
        self.switches.clear()
        self._send(200, b"[]")

    def log_message(self, *_: Any) -> None:
        """Nothing: forms of patients are in no log, and the path says little."""

    # -- messages ----------------------------------------------------------------------------------
    def _post(self) -> None:
        body = self._body()
        if body is None:
            return
        found = _PATH.fullmatch(self.path)
        if found is None:
            self._beside(body)
            return
        infno = found[1]
        fault = self.switches.take(infno.removesuffix("A"))
        try:
            self._spoiled(infno, body, fault)
        except SQLAlchemyError:
            self._bare(503)  # nothing was committed; the same message may come again

    def _beside(self, body: bytes) -> None:
        """The payment centre's messages, the order hub's, and switches."""
        if self.path.startswith("/hub/"):
            self._hub(body)
            return
        if self.pmc is None or not self.path.startswith("/pmc/"):
            self._switch(body)
            return
        signature = self.headers.get(wire.HEADER, "")
        now_ms = time.time_ns() // 1_000_000
        try:
            status, data = self.pmc.answer(self.path, body, signature, now_ms)
        except SQLAlchemyError:
            status, data = 503, b""
        self._send(status, data)

    def _hub(self, body: bytes) -> None:
        if self.path in LOCAL and self.client_address[0] != "127.0.0.1":
            self._bare(404)
            return
        try:
            status, data = self.hub.answer(self.path, body, time.time_ns() // 1_000_000)
        except SQLAlchemyError:
            status, data = 503, b""
        self._send(status, data)

    def _spoiled(self, infno: str, body: bytes, fault: Fault | None) -> None:
        """The answer, as the switch wants it."""
        kind = fault.kind if fault is not None else ""
        if kind == "drop_before":
            self._cut()
            return
        if kind == "refused":
            self._bare(503)
            return
        skew = SKEW_MS if kind == "clock_skew" else 0
        answer = self._answer(infno, body, skew)
        if kind == "duplicate":
            answer = self._answer(infno, body, 0)
        if kind == "drop_after":
            self._cut()
            return
        if kind == "lost_answer":
            self._bare(504)
            return
        if kind == "wrong_reference":
            answer = _REFERENCE.sub(rb"\g<1>99999999999999999999", answer)
        if fault is not None and kind == "delay":
            time.sleep(fault.ms / 1000)
        self._send(200, answer, drip_ms=fault.ms if fault and kind == "slow_drip" else 0)

    def _answer(self, infno: str, body: bytes, skew_ms: int) -> bytes:
        return self.door.answer(infno, body, time.time_ns() // 1_000_000, skew_ms=skew_ms)

    def _body(self) -> bytes | None:
        length = self.headers.get("content-length", "")
        if not _LENGTH.fullmatch(length):
            self._bare(411, close=True)
            return None
        if int(length) > BODY_BYTES_MAX:
            self._bare(413, close=True)
            return None
        try:
            body = self.rfile.read(int(length))
        except (TimeoutError, OSError):
            self.close_connection = True
            return None
        return body if len(body) == int(length) else None

    # -- switches ----------------------------------------------------------------------------------
    def _mine(self) -> bool:
        good = self.path == "/sim/faults" and self.client_address[0] == "127.0.0.1"
        if not good:
            self._bare(404)
        return good

    def _switch(self, body: bytes) -> None:
        if not self._mine():
            return
        try:
            fault = msgspec.json.decode(body, type=Fault)
        except msgspec.DecodeError as error:
            self._send(422, msgspec.json.encode({"detail": str(error)}))
            return
        self.switches.put(fault)
        self._send(200, msgspec.json.encode(self.switches.left()))

    # -- bytes -------------------------------------------------------------------------------------
    def _cut(self) -> None:
        """The line goes, nothing was said."""
        self.close_connection = True

    def _bare(self, status: int, *, close: bool = False) -> None:
        self.close_connection = self.close_connection or close
        self._send(status, b"")

    def _send(self, status: int, data: bytes, *, drip_ms: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        try:
            slow = data[:DRIP_BYTES_MAX] if drip_ms else b""
            for at in range(len(slow)):
                self.wfile.write(slow[at : at + 1])
                time.sleep(drip_ms / 1000)
            self.wfile.write(data[len(slow) :])
        except OSError:
            self.close_connection = True  # the HIS went away; it will ask again
