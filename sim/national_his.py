"""An ordinary HIS of the national way: `POST /fsi/api/{infno}`, signed with SM2, one message id for
each message, a timeout is UNKNOWN and never a failure.

Its counter is in a file that is synced before a number is used, because a number that is used twice
makes two messages one (DOMAIN §1.1).
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
from msgspec import Struct

from edge.core.types import Json
from sim.centre.national import envelope
from sim.centre.national.tables import Client

CIVIL: Final = timedelta(hours=8)
COUNTER_MAX: Final = 9_999
MSG_TIME: Final = "%Y%m%d%H%M%S"


class Reply(Struct, frozen=True):
    """What came back. `infcode` None: nothing that can be believed came, the fate is unknown."""

    infcode: int | None
    msgid: str
    err_msg: str = ""
    warn_msg: str = ""
    output: Json = {}

    @property
    def good(self) -> bool:
        """An explicit yes."""
        return self.infcode == 0

    @property
    def unknown(self) -> bool:
        """Neither a yes nor a no."""
        return self.infcode is None


class NationalHis:
    """One institution's HIS."""

    def __init__(
        self,
        url: str,
        client: Client,
        private: bytes,
        folder: Path,
        *,
        centre: bytes = b"",
        timeout_s: float = 8.0,
    ) -> None:
        self.client = client
        self._centre = centre  # its public key; b"" = a HIS under test that believes anybody
        self.sign_no = ""
        self._private = private
        self._counter = folder / "msgid.counter"
        self._http = httpx.Client(base_url=url, timeout=timeout_s, trust_env=False)

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def next_msgid(self) -> str:
        """A fresh id: institution, time, a number that outlives the process."""
        before = int(self._counter.read_text()) if self._counter.exists() else 0
        number = before % COUNTER_MAX + 1
        with self._counter.open("w") as file:
            file.write(str(number))
            file.flush()
            os.fsync(file.fileno())
        now = (datetime.now(UTC) + CIVIL).strftime(MSG_TIME)
        return f"{self.client.fixmedins_code}{now}{number:04d}"

    def head(self, infno: str, msgid: str, insuplc: str = "") -> dict[str, str]:
        """The outer fields of a message."""
        code = self.client.fixmedins_code
        now = (datetime.now(UTC) + CIVIL).strftime("%Y-%m-%d %H:%M:%S")
        found = {
            "infno": infno,
            "msgid": msgid,
            "mdtrtarea_admvs": self.client.admdvs,
            "insuplc_admdvs": insuplc,
            "recer_sys_code": "YBXT",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "op01",
            "opter_name": "收费员",
            "inf_time": now,
            "fixmedins_code": code,
            "fixmedins_name": self.client.fixmedins_name,
            "sign_no": self.sign_no,
        }
        return {name: value for name, value in found.items() if value}

    def call(self, infno: str, given: Json, *, msgid: str = "", insuplc: str = "510100") -> Reply:
        """Send one message and read the answer. A msgid that is given is a repetition."""
        msgid = msgid or self.next_msgid()
        head = self.head(infno, msgid, insuplc)
        if self._private:
            body = envelope.seal(head, given, self._private, self.client.covers)
        else:
            body = msgspec.json.encode(head | {"signtype": envelope.MOCK, "input": given})
        return self.post(infno, body, msgid)

    def post(self, infno: str, body: bytes, msgid: str = "") -> Reply:
        """Send these very bytes."""
        try:
            answer = self._http.post(f"/fsi/api/{infno}", content=body)
            found: Any = answer.json() if answer.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, ValueError) as error:
            return Reply(None, msgid, str(error))
        if found is not None and not self._believes(answer.content):
            return Reply(None, msgid, "the answer is not signed by the centre")
        if not isinstance(found, dict) or found.get("infcode") not in (0, -1):
            return Reply(None, msgid, f"HTTP {answer.status_code}")
        return Reply(
            found["infcode"], msgid, found["err_msg"], found["warn_msg"], found["output"]
        )

    def _believes(self, answer: bytes) -> bool:
        return not self._centre or envelope.answer_signed(answer, self._centre)

    def sign_in(self) -> Reply:
        """9001."""
        reply = self.call("9001", {"signIn": {"opter_no": "op01", "mac": "", "ip": ""}})
        if reply.good:
            self.sign_no = reply.output["signinoutb"]["sign_no"]
        return reply

    def sign_out(self) -> Reply:
        """9002."""
        reply = self.call("9002", {"signOut": {"sign_no": self.sign_no, "opter_no": "op01"}})
        if reply.good:
            self.sign_no = ""
        return reply

    def switch(self, kind: str, infno: str, *, times: int = 1, ms: int = 0) -> None:
        """Set a fault at the door (the simulator's own address)."""
        fault = {"kind": kind, "infno": infno, "times": times, "ms": ms}
        self._http.post("/sim/faults", json=fault).raise_for_status()


def stamp(at_s: float | None = None) -> str:
    """A moment as the interface writes it."""
    now = datetime.fromtimestamp(time.time() if at_s is None else at_s, UTC) + CIVIL
    return now.strftime("%Y-%m-%d %H:%M:%S")
