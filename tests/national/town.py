"""A centre, its second door over real HTTP, a signed HIS, and the words of its day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from edge.core.money import yuan
from edge.core.types import Json
from edge.suites import sm2
from sim.centre import setup
from sim.centre.books import ledgers, people
from sim.centre.books.people import PersonSpec
from sim.centre.desk import Centre
from sim.centre.national.door import Door
from sim.centre.national.server import Served
from sim.centre.national.tables import Client
from sim.national_his import NationalHis, Reply, stamp

ORG = "H51010000009"
CARD = "SC0000000000000001"
PATIENT = PersonSpec(
    psn_no="SYN000000001",
    psn_name="测试甲",
    certno="000000196001011234",
    balance_fen=300_00,
    cards=((CARD, "03"),),
)
OTHER = PersonSpec(
    psn_no="SYN000000002", psn_name="测试乙", balance_fen=50_00, cards=(("SC2", "03"),)
)


class Town(Struct, frozen=True):
    centre: Centre
    door: Door
    served: Served
    his: NationalHis
    public: bytes

    def code(self, psn_no: str = PATIENT.psn_no, **kw: Any) -> str:
        """What the patient's phone shows."""
        import time

        now_ms = kw.pop("now_ms", time.time_ns() // 1_000_000)
        return people.issue_code(self.centre.store, psn_no, now_ms, **kw)

    def balance(self, psn_no: str = PATIENT.psn_no) -> int:
        with self.centre.store.begin() as conn:
            return ledgers.balance(conn, f"acct:{psn_no}")

    def fund_paid(self) -> int:
        with self.centre.store.begin() as conn:
            return ledgers.paid_by_funds(conn)


def made(folder: Path, *, signed: bool = True, **client: Any) -> Town:
    centre = setup.make_centre(folder, "sqlite://", (), [PATIENT, OTHER]).centre
    private, public = sm2.generate()
    door = Door(centre, private)
    own, own_public = sm2.generate()
    spec = Client(ORG, sign_public=own_public if signed else b"", **client)
    door.enrol(spec)
    served = Served(door).start()
    url = f"http://127.0.0.1:{served.port}"
    return Town(centre, door, served, NationalHis(url, spec, own if signed else b"", folder, centre=public), public)


# -- the words of a HIS's day ----------------------------------------------------------------------
def who(his: NationalHis, cert: str = CARD, kind: str = "03") -> Reply:
    return his.call("1101", {"data": {"mdtrt_cert_type": kind, "mdtrt_cert_no": cert}})


def visit(his: NationalHis, number: str, cert: str = CARD, kind: str = "03", **more: str) -> Reply:
    data = {
        "psn_no": PATIENT.psn_no, "insutype": "310", "begntime": stamp(), "mdtrt_cert_type": kind,
        "mdtrt_cert_no": cert, "ipt_otp_no": number, "atddr_no": "D1", "dr_name": "李医生",
        "dept_code": "A01", "dept_name": "内科", "caty": "A01", **more,
    }  # fmt: skip
    return his.call("2201", {"data": data})


def line(mdtrt_id: str, number: str, batch: str, amount_fen: int, **more: Any) -> Json:
    return {
        "feedetl_sn": number, "mdtrt_id": mdtrt_id, "psn_no": PATIENT.psn_no, "chrg_bchno": batch,
        "fee_ocur_time": stamp(), "med_list_codg": "SYN-A-0001", "medins_list_codg": "1",
        "det_item_fee_sumamt": yuan(amount_fen), "cnt": 1, "pric": yuan(amount_fen), **more,
    }  # fmt: skip


def final(mdtrt_id: str, batch: str, amount_fen: int, cert: str = CARD, kind: str = "03",
          **more: Any) -> Json:  # fmt: skip
    return {"data": {
        "psn_no": PATIENT.psn_no, "mdtrt_cert_type": kind, "mdtrt_cert_no": cert, "med_type": "11",
        "medfee_sumamt": yuan(amount_fen), "psn_setlway": "01", "mdtrt_id": mdtrt_id,
        "chrg_bchno": batch, "acct_used_flag": "1", "insutype": "310", **more,
    }}  # fmt: skip


def billed(his: NationalHis, batch: str, amount_fen: int = 300_00) -> str:
    """A visit with one line, not settled yet; its mdtrt_id."""
    mdtrt_id: str = visit(his, batch).output["data"]["mdtrt_id"]
    assert his.call("2204", {"feedetail": [line(mdtrt_id, f"{batch}-1", batch, amount_fen)]}).good
    return mdtrt_id
