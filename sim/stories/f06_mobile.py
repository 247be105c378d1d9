"""F06 移动支付."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from edge.suites import es256, sm2
from sim.bank import clearing, wire
from sim.bank.bank import SimBank
from sim.bank.port import Wish
from sim.bank.telling import PATH
from sim.centre.books import people
from sim.centre.books.people import PersonSpec
from sim.centre.civil import civil
from sim.centre.mobile import reconcile
from sim.centre.mobile.door import Pmc
from sim.centre.national import envelope
from sim.centre.national.door import Door
from sim.centre.national.tables import Client
from sim.stage import Counter, bill, ms
from sim.stories.tell import Role, Tell

TITLE = (
    "移动支付：在诊室用手机付清，终端显示可以取药，退费和清分银行文件对得上",
    "Paying on the phone from the examination room, ready to collect, refunded, equal to the bank's file",
)
ORG: Final = "H51010000001"
LI = Role(PersonSpec("SYN-L", "李测试", balance_fen=50_00, cards=(("CL", "03"),)), "李女士", "Ms Li")
PLACES = {"pharmacy": {"fixmedins_code": ORG, "level": "l2"}}
MORNING = "2026-11-18 09:00"
AT_BANK = 1_000_00
Json = dict[str, Any]


class Hospital:
    """The HIS at the national door, the phone and the bank around it, on the story's calendar."""

    def __init__(self, desk: Counter, bank: SimBank) -> None:
        centre, self.desk, self.bank = desk.centre, desk, bank
        key = es256.generate_sign_key()
        self._signer = es256.Es256Signer(key)
        believed = es256.Es256Verifier.of(key.public_key())
        self.pmc = Pmc(centre.store, centre.region, bank, believed)
        self._door, self._count = Door(centre, sm2.generate()[0]), 0
        self._door.enrol(Client(ORG, level="l2", must_sign_in=False))

    def says(self, infno: str, **given: Any) -> Json:
        """One message of the HIS; its output."""
        self._count += 1
        head = {
            "infno": infno, "msgid": f"{ORG}20261118090000{self._count:04d}", "infver": "V1.0",
            "mdtrtarea_admvs": "510100", "insuplc_admdvs": "510100", "recer_sys_code": "YBXT",
            "opter_type": "1", "opter": "op01", "opter_name": "收费员", "fixmedins_code": ORG,
            "inf_time": "2026-11-18 09:00:00", "fixmedins_name": "测试医院", "signtype": envelope.MOCK,
        }  # fmt: skip
        told = json.loads(self._door.answer(infno, json.dumps(head | {"input": given}).encode(), self.now))
        output: Json = told["output"]
        return output if told["infcode"] == 0 else {"no": told["err_msg"]}

    @property
    def now(self) -> int:
        """The story's time."""
        return self.desk.now.utc_ms

    def phone(self, path: str, **said: str) -> Json:
        """One message of the patient's phone."""
        told: Json = json.loads(self.pmc.answer(path, json.dumps(said).encode(), "", self.now)[1])
        return told

    def bank_tells(self) -> int:
        """The bank's signed word; how many were heard."""
        waits = self.bank.tells()
        for row in waits:
            body = bytes(row["body"])
            signature = wire.sign(self._signer, wire.TELL, PATH.encode(), body)
            status, _ = self.pmc.answer(PATH, body, signature, self.now)
            self.bank.told(row["tell_id"], "heard" if status == 200 else "refused")
        return len(waits)

    def order(self) -> Json:
        """Registered by phone, fees from the examination room, priced."""
        code = people.issue_code(self.desk.centre.store, "SYN-L", self.now)
        who = self.says("1162", data={"orgId": ORG, "businessType": "03131", "ecQrCode": code})["data"]
        visit = self.says("2201", data={
            "psn_no": "SYN-L", "insutype": "310", "begntime": "2026-11-18 09:00:00",
            "mdtrt_cert_type": "01", "mdtrt_cert_no": who["ecToken"], "ipt_otp_no": "E1",
        })["data"]  # fmt: skip
        line = {"feedetlSn": "1", "feeOcurTime": "2026-11-18 09:10:00", "medListCodg": "SYN-A-0001",
                "medinsListCodg": "1", "detItemFeeSumamt": "300.00", "cnt": 1, "pric": "300.00"}  # fmt: skip
        order = self.says("6201", data={
            "medOrgOrd": "E1", "mdtrtId": visit["mdtrt_id"], "chrgBchno": "E1", "psnNo": "SYN-L",
            "medType": "11", "insutype": "310", "medfeeSumamt": "300.00", "acctUsedFlag": "1",
        }, feedetailList=[line])["data"]  # fmt: skip
        found: Json = self.says("6202", data={"payOrdId": order["payOrdId"]})["data"]
        return found


def play(tell: Tell) -> None:
    """Priced, paid, collected, refunded, compared."""
    with tempfile.TemporaryDirectory() as folder:
        bank = SimBank(Path(folder) / "bank.db", [("SYN-L", AT_BANK)], lambda: ms(MORNING))
        try:
            with tell.town(MORNING, [LI], PLACES, bank=bank) as town:
                told(tell, town.desks["pharmacy"], bank)
        finally:
            bank.close()


def told(tell: Tell, desk: Counter, bank: SimBank) -> None:
    """With this bank behind the centre."""
    hospital = Hospital(desk, bank)
    tell.does("李女士用手机挂号，医生在诊室开单，医院上传费用并下单（6201、6202）",
              "Ms Li registers by phone; the doctor's fees go up and an order is made (6201, 6202)")  # fmt: skip
    order = hospital.order()
    tell.holds("基金60，账户50，手机要付190", "fund ¥60, account ¥50, ¥190 for the phone to pay",
               (order["fundPay"], order["psnAcctPay"], order["ownPayAmt"]) == ("60.00", "50.00", "190.00"))
    tell.comes(desk, bill("collect", "E1"), LI)
    tell.sees(desk, "confirm")
    desk.press("confirm")
    tell.refused(desk, "rejected_not_paid")
    paid(tell, hospital, order)
    tell.comes(desk, bill("collect", "E1"), LI)
    tell.confirms(desk, main=True, kind="collect")
    ended(tell, hospital, order["payOrdId"])


def paid(tell: Tell, hospital: Hospital, order: Json) -> None:
    """On the phone, and what the bank tells of it."""
    bank, token = hospital.bank, order["payToken"]
    tell.does("她在手机上用医保码确认，从银行付款", "On the phone she says yes with her code and pays at her bank")
    code = people.issue_code(hospital.desk.centre.store, "SYN-L", hospital.now)
    shown = hospital.phone("/pmc/confirm", pay_token=token, code=code)
    bank.pay(Wish(psn_no="SYN-L", **shown["wish"]))
    heard = hospital.bank_tells()
    stas = hospital.says("6301", data={"payOrdId": order["payOrdId"]})["data"]["ordStas"]
    tell.holds("银行签名通知，医保和银行一起记账：订单状态6",
               "the bank tells, signed; both legs are booked at once: ordStas 6",
               (heard, stas) == (1, "6") and bank.balance("SYN-L") == AT_BANK - 190_00)  # fmt: skip


def ended(tell: Tell, hospital: Hospital, pay_ordid: str) -> None:
    """A part goes back, and the file of the day says the same as the ledger."""
    tell.does("一盒药没有货，医院退40元（6203）", "One box is out of stock: the hospital refunds ¥40 (6203)")
    back = hospital.says("6203", data={
        "payOrdId": pay_ordid, "appRefdSn": "R1", "appRefdTime": "2026-11-18 10:00:00",
        "totlRefdAmt": "40.00", "psnAcctRefdAmt": "0.00", "fundRefdAmt": "0.00", "cashRefdAmt": "40.00",
        "refdType": "CASH",
    })["data"]  # fmt: skip
    hospital.pmc.work(hospital.now)
    tell.holds("40元回到银行，订单状态10", "¥40 are back at her bank, ordStas 10",
               back["ordStas"] == "10" and hospital.bank.balance("SYN-L") == AT_BANK - 150_00)  # fmt: skip
    day = civil(hospital.now).date()
    file = clearing.read(clearing.of_day(hospital.bank, ORG, day))
    lines = ", ".join(f"{one.what.partition('-')[0]} {one.fen / 100:+.2f}" for one in file.rows)
    tell.holds(f"清分银行当日文件与账本逐行一致：{lines}",
               f"the clearing bank's file of the day equals the ledger, line by line: {lines}",
               hospital.desk.at_centre(reconcile.compare, file, day) == () and len(file.rows) == 2)  # fmt: skip
    file = clearing.File(ORG, file.day, file.rows[:1])
    lost = hospital.desk.at_centre(reconcile.compare, file, day)
    tell.holds("少一行就被发现", "a line that is missing is found", [one.kind for one in lost] == ["missing"])
