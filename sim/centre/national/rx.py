"""The hospital's side of electronic prescriptions at the national door: D001 to D007 (DOMAIN §1.5).

D001 numbers a prescription, D002 signs it with the hospital's SM2 key (a signing service, as the real
platform has one), D003 brings it signed, D004 takes it back, D005 to D007 ask how it stands. What is
signed is the document of `document`, byte for byte; here it is JSON, on the real platform a file.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from msgspec.structs import replace

from edge.core import prescription
from edge.core.types import Json
from edge.errors import EdgeError
from edge.suites import sm2
from sim.centre.deciding.case import No, stamp
from sim.centre.national.call import Call, by_cert
from sim.centre.prescriptions import books
from sim.centre.prescriptions.books import Rx
from sim.centre.prescriptions.status import STAS_NAMES, On, Status, stas

HOSPITAL: Final = "1"  # fixmedins_type
_RULES: Final = Path(books.__file__).with_name("rules.yaml")
DAYS_MAX: Final = int(yaml.safe_load(_RULES.read_text())["validity_days_max"]["value"])
DAY_MS: Final = 86_400_000
USED: Final = {Status.LOCKED: "1", Status.REVIEWED: "1", Status.DISPENSED: "2"}  # 0 not, D


def check(call: Call) -> Json | No:
    """D001: the prescription gets its number; the same again gets the same."""
    if call.client.fixmedins_type != HOSPITAL:
        return No("rx_not_hospital")
    data, seen = call.data, call.input["mdtrtinfo"]
    cert = {"mdtrt_cert_type": data["mdtrtCertType"], "mdtrt_cert_no": data["mdtrtCertNo"]}
    person = by_cert(replace(call, input={"data": cert | {"psn_no": seen["psnNo"]}}))
    if isinstance(person, No):
        return person
    if seen["fixmedinsCode"] != call.client.fixmedins_code:
        return No("wrong_institution")
    if len(call.input["rxdrugdetail"]) != int(data["rxDrugCnt"]):
        return No("rx_differs")
    until_ms, begun_ms = books.moment(data["valiEndTime"]), books.moment(data["prscTime"])
    days = int(data["valiDays"])
    if not 1 <= days <= DAYS_MAX or until_ms > begun_ms + days * DAY_MS:
        return No("rx_too_long")
    if until_ms <= call.now_ms:
        return No("rx_expired")
    first = books.of_hospital(call.conn, call.client.fixmedins_code, data["hospRxno"])
    hi_rxno = first.hi_rxno if first else f"{call.centre.region.region}R{call.mark:013d}"
    made = document(hi_rxno, call.input)
    if first is not None:
        same = first.document == made
        return {"rxTraceCode": first.trace, "hiRxno": hi_rxno} if same else No("rx_number_used")
    try:
        prescription.read(made)
    except EdgeError:
        return No("rx_malformed")
    trace = call.centre.dice.bytes(16).hex()
    books.add(call.conn, Rx(
        hi_rxno=hi_rxno, trace=trace, fixmedins_code=call.client.fixmedins_code,
        fixmedins_name=call.client.fixmedins_name, hosp_rxno=data["hospRxno"], psn_no=person.psn_no,
        status=Status.CHECKED, attr=data["rxExraAttrCode"], document=made, signature=b"",
        cert_sn="", until_ms=until_ms, at_ms=call.now_ms,
    ))  # fmt: skip
    return {"rxTraceCode": trace, "hiRxno": hi_rxno}


def document(hi_rxno: str, given: Json) -> bytes:
    """What is signed: the number and the forms of D001, names sorted, no spaces. The certificate by
    which the patient was known stays out of it: it opens doors."""
    secret = {"mdtrtCertType", "mdtrtCertNo", "cardSn", "ecToken", "authNo"}
    data = {name: value for name, value in given["data"].items() if name not in secret}
    return msgspec.json.encode({"hiRxno": hi_rxno, **given, "data": data}, order="sorted")


def sign(call: Call) -> Json | No:
    """D002: the hospital's key signs what D001 has numbered, and nothing else."""
    text: bytes = call.data["originalValue"]
    rx = _mine(call, _number(text))
    if isinstance(rx, No):
        return rx
    if text != rx.document or call.data.get("originalRxFile", text) != text:
        return No("rx_differs")
    key = books.signer(call.conn, call.client.fixmedins_code)
    if key is None:
        return No("rx_key_unknown")
    return {
        "rxFile": base64.b64encode(text).decode(),
        "signDigest": base64.b64encode(sm2.sign(key.private, text)).decode(),
        "signCertSn": key.cert_sn,
        "signCertDn": key.cert_dn,
    }


def upload(call: Call) -> Json | No:
    """D003: from now on a pharmacy may have it."""
    rx = _mine(call, call.data["hiRxno"])
    if isinstance(rx, No):
        return rx
    if rx.trace != call.data["rxTraceCode"]:
        return No("rx_unknown")
    key = books.signer(call.conn, call.client.fixmedins_code)
    if key is None or call.data.get("signCertSn", key.cert_sn) != key.cert_sn:
        return No("rx_key_unknown")
    text, signature = call.data["rxFile"], call.data["signDigest"]
    if text != rx.document:
        return No("rx_differs")
    if not sm2.verify(key.public, signature, text):
        return No("rx_signature")
    signed = {"signature": signature, "cert_sn": key.cert_sn}
    if why := books.happen(call.conn, rx, On.UPLOAD, **signed):
        return No(why)
    return {"hiRxno": rx.hi_rxno, "rxStasCodg": "1", "rxStasName": STAS_NAMES["1"]}


def revoke(call: Call) -> Json | No:
    """D004: the hospital takes it back, also from a counter; not what was dispensed."""
    rx = _mine(call, call.data["hiRxno"])
    if isinstance(rx, No):
        return rx
    if why := books.happen(call.conn, rx, On.REVOKE, undo_reason=call.data["undoRea"]):
        return No(why)
    return {"hiRxno": rx.hi_rxno, "rxStasCodg": "3", "rxStasName": STAS_NAMES["3"]}


def query(call: Call) -> Json | No:
    """D005: the prescription and how it stands."""
    rx = _mine(call, call.data["hiRxno"])
    if isinstance(rx, No):
        return rx
    written: Any = msgspec.json.decode(rx.document)
    return _head(rx) | {
        "hospRxno": rx.hosp_rxno,
        "prscTime": written["data"]["prscTime"],
        "valiEndTime": written["data"]["valiEndTime"],
        "rxdrugdetail": written["rxdrugdetail"],
    }


def review(call: Call) -> Json | No:
    """D006: what the pharmacist said; "" = nobody has looked yet (code ours, D)."""
    rx = _mine(call, call.data["hiRxno"])
    if isinstance(rx, No):
        return rx
    said = "" if not rx.review_ms else "2" if rx.status is Status.REJECTED else "1"
    at = stamp(rx.review_ms) if rx.review_ms else ""
    told = {"rxChkStasCodg": said, "rxChkOpnn": rx.opinion, "pharName": rx.reviewer}
    return _head(rx) | told | {"rxChkTime": at}


def result(call: Call) -> Json | No:
    """D007: who gave the drugs out, and with which settlement."""
    rx = _mine(call, call.data["hiRxno"])
    if isinstance(rx, No):
        return rx
    over = rx.status is Status.DISPENSED
    told = {"setlId": rx.setl_id, "fixmedinsCode": rx.pharmacy, "fixmedinsName": rx.pharmacy_name}
    return _head(rx) | ({**told, "setlTime": stamp(rx.dispensed_ms)} if over else {})


def _head(rx: Rx) -> Json:
    code = stas(rx.status)
    told = {"hiRxno": rx.hi_rxno, "rxStasCodg": code, "rxStasName": STAS_NAMES[code]}
    return told | {"rxUsedStasCodg": USED.get(rx.status, "0")}


def _number(text: bytes) -> str:
    """hiRxno of a document, "" when it is none."""
    try:
        return prescription.read(text).hi_rxno
    except EdgeError:
        return ""


def _mine(call: Call, hi_rxno: str) -> Rx | No:
    """The prescription, when this hospital wrote it."""
    rx = books.find(call.conn, hi_rxno, call.now_ms)
    if rx is None or rx.fixmedins_code != call.client.fixmedins_code:
        return No("rx_unknown")
    return rx

