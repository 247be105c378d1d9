"""The bank as the centre reaches it: over HTTP, by a deadline. Everything but a signed answer is
TimeoutError: nobody knows, ask again.

A bank that is silent must not make the centre silent: after a question without an answer the next
ones fail at once for a while.
"""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

from edge.errors import EdgeError
from edge.suites.es256 import Es256Signer, Es256Verifier
from sim.bank import wire
from sim.bank.port import Loan, Wish, Word
from sim.bank.wire import Back, Good, Refund, Take, Who

log = logging.getLogger("facepay.centre")
TIMEOUT_MS: Final = 2_000
QUIET_MS: Final = 3_000


class HttpBank:
    """`sim.bank.port.Bank` over a line."""

    def __init__(
        self,
        url: str,
        signer: Es256Signer,
        bank: Es256Verifier,
        *,
        timeout_ms: int = TIMEOUT_MS,
        quiet_ms: int = QUIET_MS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """EdgeError E-CFG-21 when the URL is none."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
            raise EdgeError("E-CFG-21", f"no bank's address: {url[:80]}", "http://host:port")
        self._host, self._port = parts.hostname, parts.port or 80
        self._signer, self._bank = signer, bank
        self._timeout_s, self._quiet_s = timeout_ms / 1000, quiet_ms / 1000
        self._clock, self._silent_until = clock, 0.0

    def hold(self, wish: Wish) -> Word:
        """Freeze."""
        return cast(Word, self._ask("hold", wish))

    def capture(self, pay_ordid: str, fen: int) -> bool:
        """Take."""
        return cast(Good, self._ask("capture", Take(pay_ordid, fen))).good

    def give_back(self, pay_ordid: str) -> None:
        """Return."""
        self._ask("give_back", Back(pay_ordid))

    def refund(self, pay_ordid: str, refd_sn: str, fen: int) -> bool:
        """Return a part."""
        return cast(Good, self._ask("refund", Refund(pay_ordid, refd_sn, fen))).good

    def standing(self, psn_no: str, med_type: str) -> Loan:
        """What may be paid later."""
        return cast(Loan, self._ask("standing", Who(psn_no, med_type)))

    def _ask(self, op: str, asked: Any) -> Any:
        if self._clock() < self._silent_until:
            raise TimeoutError("the bank was silent a moment ago")
        path, body = f"/v1/{op}", wire.plain(asked)
        try:
            status, header, data = self._post(path, body)
            if status == 200:
                wire.check(self._bank, header, wire.ANSWER, path.encode(), body, data)
                return wire.decode(data, wire.QUESTIONS[op][1])
            why = f"status {status}"
        except (OSError, http.client.HTTPException, EdgeError, ValueError) as error:
            why = type(error).__name__
            log.warning("the bank did not answer: %s", why)
        self._silent_until = self._clock() + self._quiet_s
        raise TimeoutError(why)

    def _post(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        """One question on a line of its own, cut off at the deadline however slowly it drips."""
        line = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        watch = threading.Timer(self._timeout_s, _cut, [line])
        watch.daemon = True
        try:
            watch.start()
            header = wire.sign(self._signer, wire.ASK, path.encode(), body)
            line.request("POST", path, body, {wire.HEADER: header})
            told = line.getresponse()
            data = told.read(wire.BODY_BYTES_MAX + 1)
            return told.status, told.headers.get(wire.HEADER, ""), data
        finally:
            watch.cancel()
            line.close()


def _cut(line: http.client.HTTPConnection) -> None:
    held = line.sock
    if held is not None:
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
