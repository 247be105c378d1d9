"""A hospital that writes electronic prescriptions: D001, D002, D003 at the centre's second door, as its
HIS would send them, without the sockets between."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any, Final

import msgspec

from edge.core.types import Json
from edge.suites import sm2
from sim.centre.books.people import PersonSpec
from sim.centre.civil import civil
from sim.centre.desk import Centre
from sim.centre.national import envelope
from sim.centre.national.door import Door
from sim.centre.national.rx import document
from sim.centre.national.tables import Client
from sim.centre.prescriptions import books

CODE: Final = "H51010000008"
NAME: Final = "测试人民医院"
STAMP: Final = "%Y-%m-%d %H:%M:%S"
Told = tuple[int, str, Json]  # infcode, err_msg, output


class Prescriber:
    """One hospital. `now_ms` is moved by the story."""

    def __init__(
        self,
        centre: Centre,
        now_ms: int,
        code: str = CODE,
        name: str = NAME,
        *,
        kind: str = "1",
        level: str = "l3",
    ) -> None:
        self.now_ms = now_ms
        self._private, public = sm2.generate()
        self._client = Client(
            code, name, kind, centre.region.region, level, must_sign_in=False, sign_public=public
        )
        private, _ = sm2.generate()
        self._door = Door(centre, private)
        self._door.enrol(self._client)
        self._count = 0
        with centre.store.begin() as conn:
            self.key = books.enrol_hospital(conn, code, name)

    def call(self, infno: str, given: Json) -> Told:
        """One signed message and its answer."""
        self._count += 1
        second = civil(self.now_ms).strftime("%Y%m%d%H%M%S")
        code = self._client.fixmedins_code
        head = {
            "infno": infno,
            "msgid": f"{code}{second}{self._count:04d}",
            "mdtrtarea_admvs": self._client.admdvs,
            "insuplc_admdvs": self._client.admdvs,
            "recer_sys_code": "YBXT",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "op01",
            "opter_name": "医生",
            "inf_time": civil(self.now_ms).strftime(STAMP),
            "fixmedins_code": code,
            "fixmedins_name": self._client.fixmedins_name,
        }
        body = envelope.seal(head, given, self._private, self._client.covers)
        answer: Any = msgspec.json.decode(self._door.answer(infno, body, self.now_ms))
        return answer["infcode"], answer["err_msg"], answer["output"] or {}

    # -- what a doctor does ------------------------------------------------------------------------
    def forms(
        self, number: str, person: PersonSpec, drugs: str, *, days: int = 3, attr: str = "02"
    ) -> Json:
        """D001's input. `drugs`: "SYN-A-0001 2; SYN-B-0001 1"."""
        rows = [one.split() for one in drugs.split(";")]
        begun = civil(self.now_ms)
        card_no, kind = person.cards[0]
        data = {
            "mdtrtCertType": kind,
            "mdtrtCertNo": card_no,
            "rxExraAttrCode": attr,
            "hospRxno": number,
            "prscTime": begun.strftime(STAMP),
            "rxDrugCnt": str(len(rows)),
            "valiDays": str(days),
            "valiEndTime": (begun + timedelta(days=days)).strftime(STAMP),
        }
        seen = {
            "fixmedinsCode": self._client.fixmedins_code,
            "fixmedinsName": self._client.fixmedins_name,
            "psnNo": person.psn_no,
            "patnName": person.psn_name[:1] + "*",
            "prscDeptName": "心内科",
            "prscDrName": "王医生",
        }
        drug_rows = [
            {
                "medListCodg": code,
                "drugGenname": NAMES.get(code, code),
                "drugCnt": count,
                "drugDosunt": "盒",
                "sinDoscnt": "1",
                "sinDosunt": "片",
                "usedFrquName": "每日三次",
                "medcWayDscr": "口服",
            }
            for code, count in rows
        ]
        ill = [{"diagCode": "I10", "diagName": "高血压"}]
        return {"data": data, "rxdrugdetail": drug_rows, "mdtrtinfo": seen, "diseinfo": ill}

    def write(self, number: str, person: PersonSpec, drugs: str, **more: Any) -> str:
        """A prescription, signed and uploaded; its hiRxno."""
        forms = self.forms(number, person, drugs, **more)
        told = self.good("D001", forms)
        text = base64.b64encode(document(told["hiRxno"], forms)).decode()
        code = self._client.fixmedins_code
        signed = self.good("D002", {"data": {"fixmedinsCode": code, "originalValue": text}})
        final = {"rxTraceCode": told["rxTraceCode"], "hiRxno": told["hiRxno"], "pharName": "赵药师"}
        final |= {name: signed[name] for name in ("rxFile", "signDigest", "signCertSn")}
        return str(self.good("D003", {"data": final})["hiRxno"])

    def revoke(self, hi_rxno: str, why: str = "用药调整") -> Told:
        """D004."""
        return self.call("D004", {"data": {"hiRxno": hi_rxno, "undoRea": why}})

    def ask(self, infno: str, hi_rxno: str) -> Json:
        """D005, D006, D007."""
        return self.good(infno, {"data": {"hiRxno": hi_rxno}})

    def good(self, infno: str, given: Json) -> Json:
        """One message that must be answered with yes."""
        infcode, why, output = self.call(infno, given)
        assert infcode == 0, f"{infno}: {why}"
        return output


NAMES: Final = {"SYN-A-0001": "阿莫西林胶囊", "SYN-B-0001": "氨氯地平片", "SYN-C-0001": "维生素片"}
