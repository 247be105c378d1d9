"""What is only asked: sign-in and sign-out, 1101, 1162, 1201, 1901, 5203, 5206, 5368, and the
statements 3201, 3202, 9101, 9102, which are the terminals' own (`sim.centre.statements`)."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Final

import msgspec

from edge.core import money
from edge.core.types import Json
from sim.centre import statements
from sim.centre.books import ledgers, people, statement, tokens
from sim.centre.books import store as t
from sim.centre.books.people import Known
from sim.centre.civil import civil
from sim.centre.deciding.case import No, insured, stamp
from sim.centre.national import schema, tables
from sim.centre.national.call import Call, by_cert, seen_here

_SETTLED: Final = t.get(t.settlements, "setl_id", "fixmedins_code", "psn_no", only=("output",))
_PLACE: Final = t.get(t.terminals, "fixmedins_code", only=("fixmedins_name", "level"))
MEMBER: Final = "statement.txt"


# -- 9001, 9002 ------------------------------------------------------------------------------------
def sign_in(call: Call) -> Json | No:
    """9001: the number that the other messages of the day carry."""
    data = call.input["signIn"]
    second = civil(call.now_ms).strftime("%Y%m%d%H%M%S")
    sign_no = f"{call.client.admdvs}{second}{call.number % 10**10:010d}"
    row = {"sign_no": sign_no, "fixmedins_code": call.client.fixmedins_code}
    tables.sign_in(call.conn, row | {"opter_no": data["opter_no"], "at_ms": call.now_ms})
    return {"signinoutb": {"sign_time": stamp(call.now_ms), "sign_no": sign_no}}


def sign_out(call: Call) -> Json | No:
    """9002: the number ends."""
    data = call.input["signOut"]
    row = tables.signed_in(call.conn, data["sign_no"], call.client.fixmedins_code)
    if row is None or row["out_ms"] or row["opter_no"] != data["opter_no"]:
        return No("sign_no_unknown")
    tables.sign_out(call.conn, data["sign_no"], call.now_ms)
    return {"signinoutb": {"sign_time": stamp(call.now_ms), "sign_no": data["sign_no"]}}


# -- who -------------------------------------------------------------------------------------------
def who(call: Call) -> Json | No:
    """1101: the person of a token or a card."""
    person = by_cert(call)
    if isinstance(person, No):
        return person
    said = call.data.get("psn_name", "")
    if said not in ("", person.psn_name, people.mask(person.psn_name)):
        return No("no_person")
    base = {
        "psn_no": person.psn_no,
        "psn_cert_type": "01",
        "certno": people.mask_certno(person.certno),
        "psn_name": people.mask(person.psn_name),
        "gend": person.gend,
        "age": str(person.age),
    }
    insured = {
        "balc": _balance(call, person),
        "insutype": person.insutype,
        "psn_type": person.psn_type,
        "psn_insu_stas": person.stas,
        "cvlserv_flag": "1" if person.cvlserv else "0",
        "insuplc_admdvs": person.insuplc_admdvs,
    }
    tags = [{"psn_idet_type": kind, "psn_type_lv": "", "memo": ""} for kind in person.idet_types]
    return {"baseinfo": base, "insuinfo": [insured], "idetinfo": tags}


def decode(call: Call) -> Json | No:
    """1162: a code that the HIS's own scanner read, once. The answer is a token."""
    data = call.data
    if data["orgId"] != call.client.fixmedins_code:
        return No("code_other_org")
    used_by = call.envelope["msgid"].encode()
    psn_no, why = people.use_code(
        call.conn, data["ecQrCode"], data["orgId"], used_by, call.now_ms
    )
    person = people.find(call.conn, psn_no) if psn_no else None
    if person is None:
        return No(why or "no_person")
    if why := insured(person):
        return No(why)
    place = tokens.Place(call.client.door, "qr", tokens.new_auth_no(call.centre.dice))
    token = tokens.give(call.conn, call.centre.dice, place, person, call.now_ms)
    told = {"ecToken": token, "insuOrg": person.insuplc_admdvs, "idType": "01"}
    told |= {"userName": people.mask(person.psn_name), "authNo": place.auth_no}
    return {"data": told | {"idNo": people.mask_certno(person.certno)}}


def institution(call: Call) -> Json | No:
    """1201: an institution by its number."""
    code = call.input["medinsinfo"]["fixmedins_code"]
    other = tables.client(call.conn, code)
    if other is not None:
        name, level, kind = other.fixmedins_name, other.level, other.fixmedins_type
    else:
        row = call.conn.execute(_PLACE, t.at(fixmedins_code=code)).first()
        if row is None:
            return No("institution_unknown")
        name, level = row
        kind = "2" if level == "pharmacy" else "1"
    told = {"fixmedins_code": code, "fixmedins_name": name, "fixmedins_type": kind}
    return {"medinsinfo": [told | {"uscc": "", "hosp_lv": level}]}


def dictionary(call: Call) -> Json | No:
    """1901: a code table of this centre's own copy."""
    table = schema.codes().get(call.data["type"])
    if table is None:
        return No("table_unknown")
    rows = [
        {"type": call.data["type"], "label": label, "value": value, "sort": str(at), "vali_flag": "1"}
        for at, (value, label) in enumerate(table.items())
    ]
    return {"list": rows}


# -- 52xx, 53xx ------------------------------------------------------------------------------------
def settled(call: Call) -> Json | No:
    """5203: a settlement of this institution as it was told."""
    data = call.data
    key = t.at(setl_id=data["setl_id"], fixmedins_code=call.client.fixmedins_code)
    row = call.conn.execute(_SETTLED, key | t.at(psn_no=data["psn_no"])).scalar()
    if row is None:
        return No("setl_unknown")
    output = msgspec.json.decode(row)
    return {"setlinfo": output["setlinfo"], "setldetail": output["setldetail"]}


def accumulated(call: Call) -> Json | No:
    """5206: what the year has used up. The type codes are our names for them (grade D)."""
    person = seen_here(call, call.data["psn_no"])
    if isinstance(person, No):
        return person
    month = call.data.get("cum_ym", civil(call.now_ms).strftime("%Y%m"))
    if not (month.isascii() and month.isdigit() and len(month) == 6):
        return No("month_malformed")
    found = ledgers.year(call.conn, person.psn_no, person.insutype, int(month[:4]))
    head = {"insutype": person.insutype, "year": month[:4], "cum_ym": month}
    rows = [
        head | {"cum_type_code": name.removesuffix("_fen"), "cum": money.yuan(fen)}
        for name, fen in msgspec.structs.asdict(found).items()
    ]
    return {"cuminfo": rows}


def balance(call: Call) -> Json | No:
    """5368: the personal account."""
    person = seen_here(call, call.data["psn_no"])
    return person if isinstance(person, No) else {"data": {"balc": _balance(call, person)}}


def _balance(call: Call, person: Known) -> str:
    return money.yuan(ledgers.balance(call.conn, f"acct:{person.psn_no}"))


# -- statements ------------------------------------------------------------------------------------
def totals(call: Call) -> Json | No:
    """3201."""
    told = statements.totals(call.question(call.input))
    return told if isinstance(told, No) else {"stmtinfo": told["stmtinfo"]}


def upload(call: Call) -> Json | No:
    """9101: a file in one piece."""
    return statements.upload(call.question(call.input))


def details(call: Call) -> Json | No:
    """3202."""
    told = statements.details(call.question(call.input))
    return told if isinstance(told, No) else {"fileinfo": told["fileinfo"]}


def download(call: Call) -> Json | No:
    """9102: the whole file, Base64 here (the national way answers with bare bytes)."""
    form = call.input["fsDownloadIn"]
    if form["fixmedins_code"] != call.client.fixmedins_code:
        return No("wrong_institution")
    held = statement.parts(call.conn, call.client.door, form["file_qury_no"])
    if not held:
        return No("file_unknown")
    text = b"".join(_text(held[part][1]) for part in sorted(held))
    return {"fsDownloadOut": {"in": base64.b64encode(_zip(text)).decode()}}


def _text(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(archive.namelist()[0])


def _zip(text: bytes) -> bytes:
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(MEMBER), text)
    return room.getvalue()

