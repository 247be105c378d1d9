"""What a HIS says and asks of mobile payment at the national door: 6201 fees, 6202 order, 6203 refund,
6204 the orders of a day, 6301 one order, 6302 what happened since, 6401 never mind.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from edge.core import money
from edge.core.types import Json
from sim.centre.civil import utc_ms
from sim.centre.deciding.case import No, stamp
from sim.centre.mobile import booking, books
from sim.centre.mobile.books import Order
from sim.centre.mobile.stas import BEGIN, On, Stas
from sim.centre.national import visits
from sim.centre.national.call import Call, of_visit

DAY_MS: Final = 86_400_000
HEAD: Final = (
    "mdtrtarea_admvs", "insuplc_admdvs", "opter_type", "opter", "opter_name", "inf_time", "infver",
    "recer_sys_code",
)  # fmt: skip
LINE: Final = {
    "feedetlSn": "feedetl_sn",
    "feeOcurTime": "fee_ocur_time",
    "medListCodg": "med_list_codg",
    "medinsListCodg": "medins_list_codg",
    "medinsListName": "medins_list_name",
    "detItemFeeSumamt": "det_item_fee_sumamt",
    "cnt": "cnt",
    "pric": "pric",
}


def upload(call: Call) -> Json | No:
    """6201: the fees of one batch of a visit, and an order for them."""
    data = call.data
    if books.by_his(call.conn, call.client.fixmedins_code, data["medOrgOrd"]) is not None:
        return No("order_used")
    where = {"mdtrt_id": data["mdtrtId"], "psn_no": data["psnNo"], "chrg_bchno": data["chrgBchno"]}
    person = of_visit(call, data["mdtrtId"], data["psnNo"])
    if isinstance(person, No):
        return person
    rows = [where | {LINE[name]: row[name] for name in row} for row in call.input["feedetailList"]]
    added = visits.fees(replace(call, infno="2204", input={"feedetail": rows}))
    if isinstance(added, No):
        return added
    fen = money.fen(data["medfeeSumamt"])
    if fen != sum(money.fen(row["det_item_fee_sumamt"]) for row in rows):
        return No("amount_differs")
    head: Json = {name: call.envelope[name] for name in HEAD}
    head["fixmedins_name"] = call.client.fixmedins_name
    dice = call.centre.dice
    order = Order(
        pay_ordid=f"ORD{call.client.admdvs}{call.number:017d}",
        pay_token=f"PT{dice.bytes(16).hex()}",
        med_org_ord=data["medOrgOrd"],
        fixmedins_code=call.client.fixmedins_code,
        mdtrt_id=data["mdtrtId"],
        chrg_bchno=data["chrgBchno"],
        psn_no=person.psn_no,
        med_type=data["medType"],
        insutype=data["insutype"],
        acct_used_flag=data["acctUsedFlag"],
        msgid=call.envelope["msgid"],
        head=msgspec.json.encode(head),
        medfee_fen=fen,
        fund_fen=0,
        acct_fen=0,
        mulaid_fen=0,
        own_fen=0,
        hosp_fen=0,
        refd_fen=0,
        stas=str(BEGIN),
        why="",
        pay_auth_no=f"AUTH{dice.bytes(12).hex()}",
        setl_id="",
        number=call.number,
        at_ms=call.now_ms,
        expires_ms=0,
        collected_ms=0,
    )
    books.add(call.conn, order)
    return _told(order)


def price(call: Call) -> Json | No:
    """6202: the order is worked out; the phone opens it by payToken."""
    order = _mine(call)
    if isinstance(order, No):
        return order
    done = booking.price(call.conn, call.centre.region, call.client, order, call.now_ms)
    return done if isinstance(done, No) else _told(done, token=True)


def query(call: Call) -> Json | No:
    """6301: how it stands."""
    booking.carried(call.conn, call.now_ms)
    order = _mine(call)
    return order if isinstance(order, No) else _told(order)


def notices(call: Call) -> Json | No:
    """6302: every change since the number `startrow`, at most 100."""
    booking.carried(call.conn, call.now_ms)
    rows = books.told_after(call.conn, call.client.fixmedins_code, int(call.data["startrow"]))
    told = []
    for row in rows:
        order = books.by_id(call.conn, row["pay_ordid"])
        assert order is not None, "a notice is of an order"
        told.append(
            _amounts(order)
            | {"ntceNo": str(row["id"]), "ordStas": row["stas"], "traceTime": stamp(row["at_ms"])}
        )
    return {"list": told}


def day(call: Call) -> Json | No:
    """6204: the orders of a day, from row `startrow` (1 = the first), at most 100."""
    booking.carried(call.conn, call.now_ms)
    on, start = date.fromisoformat(call.data["setlDate"]), int(call.data["startrow"])
    from_ms = utc_ms(datetime(on.year, on.month, on.day))
    from_ms = max(0, from_ms)
    code = call.client.fixmedins_code
    found = books.of_day(call.conn, code, from_ms, from_ms + DAY_MS, max(1, start))
    return {"list": [_told(one)["data"] for one in found]}


def refund(call: Call) -> Json | No:
    """6203: the same number again is answered again."""
    booking.carried(call.conn, call.now_ms)
    order, data = _mine(call), call.data
    if isinstance(order, No):
        return order
    before = books.refund(call.conn, call.client.fixmedins_code, data["appRefdSn"])
    row: dict[str, Any] = {
        "fixmedins_code": call.client.fixmedins_code,
        "app_refd_sn": data["appRefdSn"],
        "pay_ordid": order.pay_ordid,
        "refd_type": data["refdType"],
        "own_fen": money.fen(data["cashRefdAmt"]),
        "ins_fen": money.fen(data["fundRefdAmt"]) + money.fen(data["psnAcctRefdAmt"]),
        "at_ms": call.now_ms,
    }
    if row["own_fen"] + row["ins_fen"] != money.fen(data["totlRefdAmt"]):
        return No("refund_differs")
    if before is not None:
        same = all(before[name] == row[name] for name in row if name != "at_ms")
        return _told(order) if same else No("refund_used")
    done = booking.refund(call.conn, call.client, order, row, call.envelope["msgid"])
    return done if isinstance(done, No) else _told(done)


def revoke(call: Call) -> Json | No:
    """6401: before anything was paid. The lines can be settled in another way."""
    order = _mine(call)
    if isinstance(order, No):
        return order
    if order.stas == Stas.REVOKED:
        return _told(order)
    done = booking.happen(call.conn, order, On.END, call.now_ms, why="revoked")
    return done if isinstance(done, No) else _told(done)


def _mine(call: Call) -> Order | No:
    order = books.by_id(call.conn, call.data["payOrdId"])
    if order is None or order.fixmedins_code != call.client.fixmedins_code:
        return No("order_unknown")
    return booking.over(call.conn, order, call.now_ms)


def _told(order: Order, *, token: bool = False) -> Json:
    told = _amounts(order) | {"ordStas": order.stas}
    if token:
        told |= {"payToken": order.pay_token, "payAuthNo": order.pay_auth_no}
        told["expires"] = stamp(order.expires_ms)
    return {"data": told}


def _amounts(order: Order) -> Json:
    """The names of 6202 (DOMAIN §2.6)."""
    return {
        "payOrdId": order.pay_ordid,
        "medOrgOrd": order.med_org_ord,
        "hiDocSn": order.setl_id,
        "orgCode": order.fixmedins_code,
        "feeSumamt": money.yuan(order.medfee_fen),
        "fundPay": money.yuan(order.fund_fen),
        "psnAcctPay": money.yuan(order.acct_fen),
        "acctMulaidPay": money.yuan(order.mulaid_fen),
        "ownPayAmt": money.yuan(order.own_fen),
        "hospPartAmt": money.yuan(order.hosp_fen),
        "othFeeAmt": "0.00",
        "deposit": "0.00",
        "cashRefdAmt": money.yuan(order.refd_fen),
    }


HANDLERS: Final = {
    "6201": upload,
    "6202": price,
    "6203": refund,
    "6204": day,
    "6301": query,
    "6302": notices,
    "6401": revoke,
}
