"""`POST /fsi/api/{infno}`: one message in, one transaction, one answer (DOMAIN §1.8).

The order: the outer form, who sends, the signature, the message id, then the form of the transaction
and what it says. The same message again gets the first answer; another one under its id is refused.
Never raises for what a HIS sends: everything that is wrong is infcode -1 with a text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final

import msgspec
import sqlalchemy as sa

from edge.core.types import Json
from edge.errors import EdgeError
from sim.centre import desk
from sim.centre.books import statement
from sim.centre.civil import civil
from sim.centre.deciding.case import No
from sim.centre.deciding.reversals import REVERSIBLE
from sim.centre.mobile import his as mobile
from sim.centre.national import clear, queries, rx, schema, stays, stock, tables, visits
from sim.centre.national import envelope as outer
from sim.centre.national.call import Call
from sim.centre.national.call import Centre as Parts
from sim.centre.national.envelope import Envelope, Told
from sim.centre.national.says import SAYS
from sim.centre.national.schema import Wrong
from sim.centre.national.tables import Client

INFVER: Final = "V1.0"
UNKNOWN_INFNO: Final = "交易编号不存在"
_MSGID: Final = re.compile(r"[A-Za-z0-9]{12}[0-9]{18}", re.ASCII)
_SUFFIX: Final = {"2203A": "2203"}  # numbers that are seen with a letter
Handler = Callable[[Call], Json | No]
HANDLERS: Final[dict[str, Handler]] = {
    "9001": queries.sign_in,
    "9002": queries.sign_out,
    "1101": queries.who,
    "1162": queries.decode,
    "1201": queries.institution,
    "1901": queries.dictionary,
    "2101": visits.price,
    "2102": visits.settle,
    "2103": visits.cancel,
    "2201": visits.register,
    "2202": visits.unregister,
    "2203": visits.diagnosed,
    "2204": visits.fees,
    "2205": visits.take_fees_back,
    "2206": visits.price,
    "2207": visits.settle,
    "2208": visits.cancel,
    "2001": stays.entitled,
    "2301": stays.fees,
    "2302": stays.take_fees_back,
    "2303": stays.price,
    "2304": stays.settle,
    "2305": visits.cancel,
    "2401": stays.admit,
    "2402": stays.leave,
    "2404": stays.unadmit,
    "2405": stays.readmit,
    "5303": stays.in_hospital,
    "2601": visits.reverse,
    "3201": queries.totals,
    "3202": queries.details,
    "5203": queries.settled,
    "5206": queries.accumulated,
    "5368": queries.balance,
    **clear.HANDLERS,
    **mobile.HANDLERS,
    "9101": queries.upload,
    "9102": queries.download,
    "3501": stock.count,
    "D001": rx.check,
    "D002": rx.sign,
    "D003": rx.upload,
    "D004": rx.revoke,
    "D005": rx.query,
    "D006": rx.review,
    "D007": rx.result,
}
assert HANDLERS.keys() == schema.forms().keys(), "every transaction has a form and a handler"


class Door:
    """The second door of a centre. `answer` is safe to call from several threads."""

    def __init__(self, centre: desk.Centre, private: bytes) -> None:
        """`private`: the centre's SM2 key, DER."""
        self.centre = centre
        self._store = centre.store
        self._private = private
        self._admdvs = centre.region.region
        faces = centre.faces
        self._parts = Parts(centre.region, faces, centre.issuer, centre.dice)
        tables.create(self._store)

    def enrol(self, client: Client) -> None:
        """Let an institution's HIS call."""
        with self._store.begin() as conn:
            tables.enrol(conn, client)

    def answer(self, infno: str, body: bytes, now_ms: int, *, skew_ms: int = 0) -> bytes:
        """The answer to one message. `skew_ms`: how wrong the time is that it says."""
        try:
            envelope = outer.read(body)
            told = self._checked(infno, envelope, now_ms, skew_ms)
        except Wrong as wrong:
            told = self._no(str(wrong), now_ms + skew_ms)
        except EdgeError as error:
            told = self._no(f"{error.code} {error.message}", now_ms + skew_ms)
        return told

    def _no(self, why: str, now_ms: int) -> bytes:
        return self._write(Told(-1, why), 0, now_ms)

    def _write(self, told: Told, number: int, now_ms: int) -> bytes:
        return outer.write(told, self._admdvs, number, now_ms, self._private)

    # -- before the form of the transaction is looked at -------------------------------------------
    def _checked(self, infno: str, envelope: Envelope, now_ms: int, skew_ms: int) -> bytes:
        infno = _SUFFIX.get(infno, infno)
        if infno not in HANDLERS:
            raise Wrong(UNKNOWN_INFNO)
        if _SUFFIX.get(envelope["infno"], envelope["infno"]) != infno:
            raise Wrong("交易编号与地址不符")
        if envelope["infver"] != INFVER:
            raise Wrong(f"接口版本号应为{INFVER}")
        code, msgid = envelope["fixmedins_code"], envelope["msgid"]
        with self._store.begin() as conn:
            client = tables.client(conn, code)
            if client is None:
                raise Wrong("医药机构编号不存在")
            if not _signature_holds(envelope, client):
                raise Wrong("签名验证失败")
            if _MSGID.fullmatch(msgid) is None or not msgid.startswith(code):
                raise Wrong("msgid应为医药机构编号+时间+4位流水号")
            given = schema.check(infno, envelope.input)
            digest = _digest(infno, given)
            first = tables.call(conn, code, msgid)
            if first is not None:
                return _again(conn, first, digest, client)
            _must_be_signed_in(conn, client, envelope, infno, now_ms)
            row = {"fixmedins_code": code, "msgid": msgid, "infno": infno}
            number = tables.begin_call(conn, {**row, "digest": digest, "at_ms": now_ms})
            call = Call(
                conn=conn,
                centre=self._parts,
                client=client,
                envelope=envelope,
                infno=infno,
                input=given,
                number=number,
                now_ms=now_ms,
            )
            answer = self._write(_told(call), number, now_ms + skew_ms)
            tables.end_call(conn, number, answer)
        return answer


def _signature_holds(envelope: Envelope, client: Client) -> bool:
    if not client.sign_public:  # enrolled for a HIS under test; its answers say so
        return envelope["signtype"] == outer.MOCK
    return outer.signed(envelope, client.covers, client.sign_public)


def _must_be_signed_in(
    conn: sa.Connection, client: Client, envelope: Envelope, infno: str, now_ms: int
) -> None:
    """A number of 9001 of this day and this institution."""
    sign_no = envelope["sign_no"]
    if infno == "9001" or not (client.must_sign_in or sign_no):
        return
    row = tables.signed_in(conn, sign_no, client.fixmedins_code) if sign_no else None
    if row is None or row["out_ms"] or civil(row["at_ms"]).date() != civil(now_ms).date():
        raise Wrong("未签到或签到已失效，请先签到（9001）")


def _digest(infno: str, given: Json) -> bytes:
    """What a message says, whatever its spelling."""
    return hashlib.sha256(infno.encode() + msgspec.json.encode(given, order="sorted")).digest()


def _again(conn: sa.Connection, first: sa.RowMapping, digest: bytes, client: Client) -> bytes:
    """The first answer, unless what it tells has been taken back since."""
    if bytes(first["digest"]) != digest:
        raise Wrong("msgid已用于另一报文")
    if first["infno"] in REVERSIBLE and statement.buried(
        conn, client.fixmedins_code, first["msgid"]
    ):
        raise Wrong(SAYS["reversed_before"])
    return bytes(first["answer"])


def _told(call: Call) -> Told:
    """Run the handler in a savepoint: a "no" leaves nothing behind."""
    savepoint = call.conn.begin_nested()
    warn = "" if call.client.sign_public else "测试机构，未验签"
    try:
        told = HANDLERS[call.infno](call)
    except EdgeError as error:
        savepoint.rollback()
        return Told(-1, f"{error.code} {error.message}", warn_msg=warn)
    except BaseException:
        savepoint.rollback()
        raise
    if isinstance(told, No):
        savepoint.rollback()
        return Told(-1, SAYS.get(told.code, told.code), warn_msg=warn)
    savepoint.commit()
    warn = told.pop("warn_msg", "") or warn
    return Told(0, "", told, warn)
