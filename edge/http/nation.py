"""`POST /nation-ec`: what a HIS vendor's program says to the national terminal library, word for word
(DOMAIN §2.2): `{orgId, transType, data, extra}` in, `{code, message, orgId, data}` out, `data` a text.

Always HTTP 200; `code` 0 is a yes. The person is behind a number (`authNo`) that is exchanged once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core import money
from edge.core.events import AuthExchanged, CodeDecoded, ErrandArrived, ErrandLeft, Event
from edge.core.types import Json
from edge.core.visit import errand
from edge.errors import EdgeError
from edge.http.bodies import decode, need_json, read_body
from edge.http.port import AgentPort

PATH: Final = "/nation-ec"
PATIENT_WAIT_S: Final = 180.0  # ways, a face with its tries, a code: the screens end by themselves before
CALLS_MAX: Final = 8
OK: Final = 0
NO: Final = -1
GOOD: Final = 200
PROBLEM_CHARS: Final = 200

Text = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=2000)]
Id = Annotated[str, Meta(max_length=64)]


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """The outer form."""

    org_id: Annotated[str, Meta(max_length=40)] = msgspec.field(name="orgId")
    trans_type: Annotated[str, Meta(max_length=40)] = msgspec.field(name="transType")
    data: dict[str, Any]
    extra: dict[str, Any] | None = None


class Told(Struct, frozen=True):
    """The answer. `data` is JSON as a text, as the library gives it."""

    code: int
    message: str
    org_id: str = msgspec.field(name="orgId")
    data: str


class Asked(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """cn.nhsa.ec.auth, cn.nhsa.qrcode.get and ec.query."""

    business_type: Annotated[str, Meta(max_length=5)]
    org_id: Text = ""
    out_biz_no: Id = ""
    operator_id: Text = ""
    operator_name: Text = ""
    office_id: Text = ""
    office_name: Text = ""
    device_type: Text = ""
    ec_qr_code: Id = ""
    ext_data: Long | dict[str, Any] | None = None


class Check(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """cn.nhsa.auth.check."""

    auth_no: Id
    out_biz_no: Id = ""
    org_id: Text = ""


class Notify(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """cn.nhsa.settle.notify: the figures that the screen shows; the others are taken and not shown."""

    medical_settle_state: Annotated[str, Meta(max_length=10)]
    out_biz_no: Id = ""
    org_id: Text = ""
    auth_no: Id = ""
    total_fee: Text = "0"
    own_amt: Text = "0"
    hif_amt: Text = "0"
    acct_amt: Text = "0"
    balance: Text = ""
    biz_type: Text = ""
    id_no: Text = ""
    user_name: Text = ""
    setl_time: Text = ""
    hospital_name: Text = ""
    doctor_name: Text = ""
    medical_settle_no: Text = ""
    hifp_amt: Text = ""
    hifmi_amt: Text = ""
    cvlserv_amt: Text = ""
    ma_amt: Text = ""
    hos_pre_amt: Text = ""
    med_over_lmt_amt: Text = ""
    maf_amt: Text = ""
    cvlserv_dedc_amt: Text = ""
    drug_list: Annotated[list[dict[str, Any]], Meta(max_length=200)] | None = None


T = TypeVar("T")
SAYS: Final = {
    "E-HIS-09": "终端正在停止", "E-HIS-10": "终端暂停服务", "E-HIS-35": "终端正忙，或outBizNo重复",
    "E-HIS-36": "未完成", "E-HIS-37": "authNo不存在、已使用或已过期", "E-HIS-38": "网络中断，中心不可用",
    "E-HIS-31": "等待超时",
}  # fmt: skip


class Nation:
    """The room. The core decides; this translates."""

    def __init__(self, port: AgentPort) -> None:
        self._port = port
        self._waiting = 0
        self._table: dict[str, Callable[[Message], Callable[[int], Event]]] = {
            "cn.nhsa.ec.auth": self._auth,
            "cn.nhsa.auth.check": _check,
            "cn.nhsa.qrcode.get": _scan,
            "ec.query": _query,
            "cn.nhsa.settle.notify": _notify,
        }

    def routes(self) -> list[Route]:
        return [Route(PATH, self.trans, methods=["POST"])]

    async def trans(self, request: Request) -> Response:
        """One transaction. What is no JSON at all is a problem as elsewhere; the rest has a code."""
        need_json(request)
        message = decode(await read_body(request), Message)
        try:
            told = await self._done(message, request)
        except EdgeError as error:
            told = Told(NO, f"{error.code} {error.message}"[:PROBLEM_CHARS], message.org_id, "{}")
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def _done(self, message: Message, request: Request) -> Told:
        make = self._table.get(message.trans_type)
        if make is None:
            raise EdgeError("E-HIS-39", f"未知的transType：{message.trans_type}")
        own = self._port.settings.fixmedins_code
        if message.org_id != own or message.data.get("orgId", own) != own:
            raise EdgeError("E-HIS-39", "orgId不是本机构")
        status, body = await self._ask(make(message), request)
        if status != GOOD:
            code = str(body.get("code", ""))
            why = f"{code} {SAYS.get(code, '')} {body.get('title', '')}"
            return Told(NO, why[:PROBLEM_CHARS], message.org_id, "{}")
        return Told(OK, "成功", message.org_id, msgspec.json.encode(body).decode())

    async def _ask(
        self, make: Callable[[int], Event], request: Request
    ) -> tuple[int, Json]:
        """Wait for the core, that is for the patient; a caller that goes away is not waited for."""
        if self._waiting >= CALLS_MAX:
            raise EdgeError("E-HIS-27", f"{CALLS_MAX} requests are waiting already")
        calls: list[int] = []

        def numbered(call: int) -> Event:
            calls.append(call)
            return make(call)

        self._waiting += 1
        told = asyncio.ensure_future(self._port.call(numbered))
        gone = asyncio.ensure_future(request.receive())  # the body is read: what comes is its end
        try:
            await asyncio.wait(
                {told, gone}, timeout=PATIENT_WAIT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not told.done():
                raise EdgeError("E-HIS-31", "等待超时")
            return told.result()
        finally:
            self._waiting -= 1
            gone.cancel()
            if not told.done():
                told.cancel()
                if calls:
                    self._port.post(ErrandLeft(calls[0]))

    def _auth(self, message: Message) -> Callable[[int], Event]:
        asked = _asked(message)
        if not asked.out_biz_no:
            raise EdgeError("E-HIS-39", "缺少outBizNo")
        number, business = asked.out_biz_no, asked.business_type
        return lambda call: ErrandArrived(call, errand.AUTH, number, business)


def _asked(message: Message) -> Asked:
    asked = _read(message, Asked)
    if asked.business_type not in errand.BUSINESS:
        raise EdgeError("E-HIS-39", f"未知的businessType：{asked.business_type}")
    return asked


def _scan(message: Message) -> Callable[[int], Event]:
    asked = _asked(message)
    return lambda call: ErrandArrived(call, errand.SCAN, asked.out_biz_no, asked.business_type)


def _query(message: Message) -> Callable[[int], Event]:
    asked = _asked(message)
    if not asked.ec_qr_code.strip():
        raise EdgeError("E-HIS-39", "缺少ecQrCode")
    return lambda call: CodeDecoded(call, asked.ec_qr_code.strip(), asked.business_type)


def _check(message: Message) -> Callable[[int], Event]:
    check = _read(message, Check)
    return lambda call: AuthExchanged(call, check.auth_no, check.out_biz_no)


def _notify(message: Message) -> Callable[[int], Event]:
    said = _read(message, Notify)
    if said.medical_settle_state not in ("SUCCESS", "FAIL"):
        raise EdgeError("E-HIS-39", "medicalSettleState应为SUCCESS或FAIL")
    pairs = (
        ("slip.medfee_sumamt", said.total_fee), ("slip.fund_pay_sumamt", said.hif_amt),
        ("slip.acct_pay", said.acct_amt), ("slip.psn_cash_pay", said.own_amt),
        ("slip.balc", said.balance),
    )  # fmt: skip
    rows = tuple((key, money.yuan(money.fen(text))) for key, text in pairs if text)
    good = said.medical_settle_state == "SUCCESS"
    name = masked(said.user_name)
    return lambda call: ErrandArrived(call, errand.NOTIFY, said.out_biz_no, "01301", good, name, rows)


def masked(name: str) -> str:
    """张三 -> 张*: a HIS may say the whole name, the screen does not."""
    return name[:1] + "*" * max(1, min(len(name) - 1, 3)) if name else ""


def _read(message: Message, kind: type[T]) -> T:
    try:
        return msgspec.convert(message.data, kind, strict=True)
    except msgspec.ValidationError as error:
        raise EdgeError("E-HIS-05", str(error)[:PROBLEM_CHARS]) from None
