"""F06 移动支付: the HIS uploads the fees, the phone says yes and pays at its bank, the bank tells, the
terminal says what is ready; refunds in whole and part; the clearing bank's file equals the ledger.
HIS, phone, bank and payment centre speak over real HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from edge.core.money import yuan
from edge.core.types import Bill, BillStatus, Json
from edge.errors import EdgeError
from edge.suites import es256, sm2
from sim.bank import clearing, telling
from sim.bank import setup as bank_setup
from sim.bank.bank import SimBank
from sim.bank.faults import Fault
from sim.bank.line import Line
from sim.bank.server import Served as BankServed
from sim.centre.books import people, store
from sim.centre.books.people import PersonSpec
from sim.centre.civil import civil
from sim.centre.mobile import books, reconcile
from sim.centre.mobile.door import Pmc
from sim.centre.mobile.stas import BEGIN, SUCCESS, TABLE, On, Stas, known
from sim.centre.national.door import Door
from sim.centre.national.server import Served
from sim.centre.national.tables import Client
from sim.national_his import NationalHis, Reply, stamp
from sim.phone import Phone
from tests.centre.kit import rows_of

ORG = "H51010000001"
LI = PersonSpec("SYN-L", "测试李", balance_fen=50_00, cards=(("CL", "03"),))
SON = PersonSpec("SYN-S", "测试李小", cards=(("CS", "03"),), relatives=(("SYN-L", "父母"),))
AT_BANK = 1_000_00
FEE, FUND, ACCT, OWN = 300_00, 60_00, 50_00, 190_00


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Place(Struct):
    """Everybody who takes part."""

    desk: Any
    other: Any  # a second terminal of the institution
    his: NationalHis
    bank: SimBank
    line: Line
    served: BankServed
    keys: Any
    pmc: Pmc
    url: str
    phone: Phone

    def tell(self, times: int = 1) -> int:
        """The bank tells what waits."""
        rounds = range(times)
        return sum(
            telling.deliver(self.bank, self.keys.signer, self.url, self.served.switches) for _ in rounds
        )

    def code(self, person: PersonSpec = LI) -> str:
        return people.issue_code(self.desk.centre.store, person.psn_no, now_ms())

    def order(self, number: str = "E1", fee: int = FEE) -> str:
        """Registered by phone, fees from the examination room; payOrdId."""
        token = self.his.call("1162", {"data": {
            "orgId": ORG, "businessType": "03131", "ecQrCode": self.code(),
        }}).output["data"]["ecToken"]  # fmt: skip
        visit = self.his.call("2201", {"data": {
            "psn_no": LI.psn_no, "insutype": "310", "begntime": stamp(), "mdtrt_cert_type": "01",
            "mdtrt_cert_no": token, "ipt_otp_no": number, "atddr_no": "D1", "dr_name": "李医生",
            "dept_code": "A01", "dept_name": "内科", "caty": "A01",
        }})  # fmt: skip
        assert visit.good, visit.err_msg
        mdtrt_id = visit.output["data"]["mdtrt_id"]
        uploaded = self.his.call("6201", {
            "data": {
                "medOrgOrd": number, "mdtrtId": mdtrt_id, "chrgBchno": number, "psnNo": LI.psn_no,
                "medType": "11", "insutype": "310", "medfeeSumamt": yuan(fee), "acctUsedFlag": "1",
            },
            "feedetailList": [{
                "feedetlSn": f"{number}-1", "feeOcurTime": stamp(), "medListCodg": "SYN-A-0001",
                "medinsListCodg": "1", "detItemFeeSumamt": yuan(fee), "cnt": 1, "pric": yuan(fee),
            }],
        })  # fmt: skip
        assert uploaded.good, uploaded.err_msg
        assert uploaded.output["data"]["ordStas"] == "0"
        return uploaded.output["data"]["payOrdId"]

    def priced(self, number: str = "E1", fee: int = FEE) -> tuple[str, str]:
        """(payOrdId, payToken)."""
        pay_ordid = self.order(number, fee)
        told = self.his.call("6202", {"data": {"payOrdId": pay_ordid}})
        assert told.good, told.err_msg
        return pay_ordid, told.output["data"]["payToken"]

    def paid(self, number: str = "E1") -> str:
        """All the way; payOrdId."""
        pay_ordid, token = self.priced(number)
        shown = self.phone.confirm(token, self.code())
        assert shown["ordStas"] == "2", shown
        assert self.phone.pay(shown, LI.psn_no)["good"]
        assert self.tell() == 1 and self.stas(pay_ordid) == "6"
        return pay_ordid

    def stas(self, pay_ordid: str) -> str:
        return self.his.call("6301", {"data": {"payOrdId": pay_ordid}}).output["data"]["ordStas"]

    def refund(self, pay_ordid: str, sn: str, kind: str, own: int = 0, ins: bool = False) -> Reply:
        fund, acct = (FUND, ACCT) if ins else (0, 0)
        return self.his.call("6203", {"data": {
            "payOrdId": pay_ordid, "appRefdSn": sn, "appRefdTime": stamp(), "refdType": kind,
            "totlRefdAmt": yuan(own + fund + acct), "psnAcctRefdAmt": yuan(acct),
            "fundRefdAmt": yuan(fund), "cashRefdAmt": yuan(own),
        }})  # fmt: skip

    def collects(
        self, number: str = "E1", person: PersonSpec = LI, whom: str = "0", *, elsewhere: bool = False
    ) -> Any:
        """At the pharmacy's terminal."""
        desk = self.other if elsewhere else self.desk
        desk.now = type(desk.now)(now_ms(), desk.now.mono_ms + 1_000)
        reply = desk.send(Bill("collect", number, 0), f"c-{number}-{desk.calls}")
        assert reply.status == 202, reply
        desk.serve().lays_card_of(person)
        if desk.screen.name == "whom":
            desk.press("choose", whom)
        return desk.press("confirm", "online").screen

    def file(self) -> clearing.File:
        return clearing.read(clearing.of_day(self.bank, ORG, self.today))

    @property
    def today(self) -> date:
        return civil(now_ms()).date()

    def compare(self, file: clearing.File) -> tuple[clearing.Difference, ...]:
        return self.desk.at_centre(reconcile.compare, file, self.today)


@pytest.fixture
def place(clinic, tmp_path: Path) -> Iterator[Place]:
    spot = {"fixmedins_code": ORG, "level": "l2"}
    desk, other = clinic([LI, SON], spot, spot)
    for one in (desk, other):
        one.new_day(now_ms())
    centre = desk.centre
    home = tmp_path / "bank"
    public = bank_setup.make(home, centre.keys.sign_public_pem)
    bank = SimBank(home / "bank.db", [("SYN-L", AT_BANK), ("SYN-S", AT_BANK)])
    keys, line = bank_setup.keys(home), Line(bank)
    believed = es256.Es256Verifier.of(es256.load_sign_public(public.read_bytes()))
    pmc = Pmc(centre.store, centre.region, line, believed)
    door = Door(centre, sm2.generate()[0])
    private, own = sm2.generate()
    spec = Client(ORG, level="l2", sign_public=own)
    door.enrol(spec)
    served, at_bank = Served(door, pmc=pmc).start(), BankServed(bank, keys).start()
    url = f"http://127.0.0.1:{served.port}"
    his = NationalHis(url, spec, private, tmp_path)
    assert his.sign_in().good
    phone = Phone(url, f"http://127.0.0.1:{at_bank.port}")
    found = Place(desk, other, his, bank, line, at_bank, keys, pmc, url, phone)
    yield found
    pmc.work(now_ms())
    nothing_is_half_paid(found)
    for one in (his, phone):
        one.close()
    served.stop()
    at_bank.stop()
    bank.close()


def nothing_is_half_paid(place: Place) -> None:
    """Both books agree to the fen, and so does the day's file."""
    bank, desk = place.bank, place.desk
    held, taken = bank.totals()
    assert (held, bank.imbalance()) == (0, 0)
    assert bank.account(f"inst:{ORG}") == taken == -desk.balance("bank:mobile")
    assert place.compare(place.file()) == ()
    assert all(row["owed"] == 0 for row in rows_of(desk.centre, books.refunds))


# -- the table -------------------------------------------------------------------------------------
@pytest.mark.parametrize("stas", list(Stas))
def test_f06_each_state_can_be_reached_but_the_hospitals_own(stas: Stas) -> None:
    reached = {BEGIN}
    for _ in TABLE:
        reached |= {to for (at, _), to in TABLE.items() if at in reached}
    assert (stas in reached) == (stas is not Stas.HOSPITAL)


@pytest.mark.parametrize("stas", list(Stas))
@pytest.mark.parametrize("on", list(On))
def test_f06_each_state_knows_what_can_happen_to_it(stas: Stas, on: On) -> None:
    """A row, or it cannot be, by why."""
    paid = {Stas.DONE, Stas.CASH_PART, Stas.CASH_REFUNDED, Stas.INS_REFUNDED, Stas.INS_AND_PART}
    insured = paid - {Stas.INS_REFUNDED, Stas.INS_AND_PART}
    can = {
        On.PRICE: {Stas.SAVED},
        On.CONFIRM: {Stas.PRICED},
        On.HELD: {Stas.PAYING},
        On.BOOK: {Stas.PAYING, Stas.SELF_PAID},
        On.CAPTURED: {Stas.INS_PAID},
        On.LOST: {Stas.INS_PAID},
        On.NO: {Stas.PAYING, Stas.SELF_PAID},
        On.END: {Stas.SAVED, Stas.PRICED, Stas.PAYING},
        On.REFUND_INS: insured,
        On.REFUND_PART: paid - {Stas.CASH_REFUNDED},  # nothing is left of the own part
        On.REFUND_REST: paid - {Stas.CASH_REFUNDED},
        On.REFUND_ALL: insured | {Stas.INS_PAID},
    }
    assert ((stas, on) in TABLE) == (stas in can[on])


@pytest.mark.parametrize("text", ["", "99", "-1", "６", "06", "done"])
def test_f06_a_state_that_nobody_knows_stops_the_his(text: str) -> None:
    with pytest.raises(EdgeError, match="stop"):
        known(text)
    assert {str(one) for one in SUCCESS} == {"3", "4", "5", "6"}


# -- the story -------------------------------------------------------------------------------------
def test_f06_paid_from_the_examination_room_collected_refunded_and_in_the_banks_file(place: Place) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.look(token)
    assert (shown["fund_fen"], shown["acct_fen"], shown["own_fen"]) == (FUND, ACCT, OWN)
    refused = place.collects()
    assert refused.fields["code"] == "rejected_not_paid"
    place.desk.done()
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no)["good"]
    assert place.stas(pay_ordid) == "2"  # until the bank has told
    assert place.tell() == 1
    told = place.his.call("6301", {"data": {"payOrdId": pay_ordid}}).output["data"]
    assert (told["ordStas"], told["ownPayAmt"]) == ("6", yuan(OWN)) and told["hiDocSn"]
    assert place.bank.balance("SYN-L") == AT_BANK - OWN and place.desk.balance("acct:SYN-L") == 0
    assert place.collects().name == "settled"
    assert place.desk.screen.fields["kind"] == "collect" and place.desk.screen.fields["split"] is None
    assert place.desk.of("E1").status is BillStatus.SETTLED
    place.desk.done()
    again = place.collects(elsewhere=True)
    assert again.fields["code"] == "rejected_collected_before"  # once, wherever they ask
    assert place.refund(pay_ordid, "R1", "CASH", 40_00).output["data"]["ordStas"] == "10"
    place.pmc.work(now_ms())
    assert place.bank.balance("SYN-L") == AT_BANK - OWN + 40_00
    rows = [(one.what.partition("-")[0], one.fen) for one in place.file().rows]
    assert rows == [("capture", OWN), ("refund", -40_00)]
    seen = place.his.call("6302", {"data": {"startrow": 0}}).output["list"]
    assert [one["ordStas"] for one in seen] == ["1", "2", "3", "4", "6", "10"]
    after = place.his.call("6302", {"data": {"startrow": int(seen[3]["ntceNo"])}}).output["list"]
    assert [one["ordStas"] for one in after] == ["6", "10"]
    day = place.his.call("6204", {"data": {"setlDate": str(place.today), "startrow": 1}}).output["list"]
    assert [one["payOrdId"] for one in day] == [pay_ordid]


def test_f06_a_son_pays_for_his_father_and_collects_for_him(place: Place) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.confirm(token, place.code(SON))
    assert place.phone.pay(shown, SON.psn_no)["good"] and place.tell() == 1
    assert place.stas(pay_ordid) == "6" and place.bank.balance("SYN-S") == AT_BANK - OWN
    assert place.collects(person=SON).fields["code"] == "rejected_order_unknown"  # it is not his
    place.desk.done()
    assert place.collects(person=SON, whom="1").name == "settled"


def test_f06_where_nothing_is_left_to_pay_the_person_says_yes_all_the_same(place: Place) -> None:
    pay_ordid, token = place.priced(fee=40_00)  # the account has it all
    assert place.phone.look(token)["own_fen"] == 0 and place.stas(pay_ordid) == "1"
    assert place.phone.confirm(token, place.code())["ordStas"] == "6"
    assert place.desk.balance("acct:SYN-L") == 10_00
    assert place.his.call("6203", {"data": {
        "payOrdId": pay_ordid, "appRefdSn": "R1", "appRefdTime": stamp(), "refdType": "HI",
        "totlRefdAmt": "40.00", "psnAcctRefdAmt": "40.00", "fundRefdAmt": "0.00", "cashRefdAmt": "0.00",
    }}).output["data"]["ordStas"] == "7"  # fmt: skip
    assert place.desk.balance("acct:SYN-L") == 50_00


# -- what the bank tells ---------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["duplicate", "lost_answer", "drop_before"])
def test_f06_told_twice_or_in_vain_it_is_paid_once(place: Place, kind: str) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.confirm(token, place.code())
    for _ in range(2):  # a phone that is pressed twice
        assert place.phone.pay(shown, LI.psn_no)["good"]
    place.served.switches.put(Fault(kind, "tell"))  # type: ignore[arg-type]
    place.tell(2)
    assert place.stas(pay_ordid) == "6" and place.bank.balance("SYN-L") == AT_BANK - OWN


def test_f06_a_bank_that_was_never_heard_frees_the_money_after_the_order_is_over(
    place: Place, monkeypatch
) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no)["good"]
    place.served.switches.put(Fault("drop_before", "tell", times=2))
    assert place.tell(2) == 0 and place.bank.balance("SYN-L") == AT_BANK - OWN
    monkeypatch.setattr(telling, "GIVE_UP_MS", -1)
    assert place.tell() == 0 and place.bank.balance("SYN-L") == AT_BANK
    monkeypatch.undo()
    done = place.paid("E2")
    place.bank.release(done)  # what was taken stays taken
    assert place.bank.balance("SYN-L") == AT_BANK - OWN and place.stas(pay_ordid) == "2"


def test_f06_a_callback_before_its_order_or_of_another_amount_is_refused_and_the_money_goes_back(
    place: Place,
) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.look(token)  # nobody has said yes
    for wrong in ({}, {"pay_ordid": "ORD-none"}):
        assert place.phone.pay(shown, LI.psn_no, **wrong)["good"]
    assert place.tell() == 0 and place.stas(pay_ordid) == "1"
    assert place.bank.balance("SYN-L") == AT_BANK
    other, token = place.priced("E2")
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no, fen=1_00)["good"] and place.tell() == 0
    assert place.stas(other) == "2" and place.bank.balance("SYN-L") == AT_BANK
    assert not place.phone.pay(shown, LI.psn_no)["good"]  # of this order nothing, ever again


def test_f06_only_the_banks_own_word_counts_and_only_for_what_it_says(place: Place) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no)["good"]
    (waits,) = place.bank.tells()
    body = bytes(waits["body"])
    stranger = es256.Es256Signer(es256.generate_sign_key())
    assert telling.post(place.url, stranger, body) == 401
    assert telling.post(place.url, place.keys.signer, b"{}") == 422
    assert place.stas(pay_ordid) == "2" and place.tell() == 1
    assert telling.post(place.url, place.keys.signer, body) == 200  # replayed: the first answer
    changed = body.replace(b'"fen":19000', b'"fen":18000')
    assert changed != body and telling.post(place.url, place.keys.signer, changed) == 409
    assert place.stas(pay_ordid) == "6"


@pytest.mark.parametrize("op", ["capture", "refund"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_f06_a_bank_that_is_silent_is_asked_again(place: Place, op: str, when: str) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no)["good"]
    place.line.fault = (op, when, TimeoutError)
    assert place.tell() == 1
    if op == "capture":
        assert place.stas(pay_ordid) == "4"  # booked and owed: not handed out yet
        assert place.collects().fields["code"] == "rejected_not_paid"
        place.desk.done()
    place.pmc.work(now_ms())
    assert place.stas(pay_ordid) == "6"
    place.refund(pay_ordid, "R1", "CASH", 40_00)
    place.pmc.work(now_ms())
    place.pmc.work(now_ms())
    assert place.bank.balance("SYN-L") == AT_BANK - OWN + 40_00


def test_f06_a_bank_that_breaks_its_word_costs_the_insurance_leg_too(place: Place) -> None:
    pay_ordid, token = place.priced()
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no)["good"]
    place.line.fault = ("capture", "no", TimeoutError)
    place.tell()
    place.pmc.work(now_ms())
    assert place.stas(pay_ordid) == "12" and place.desk.balance("acct:SYN-L") == 50_00
    assert "own_leg_lost" in [row["code"] for row in rows_of(place.desk.centre, store.incidents)]


# -- its end -----------------------------------------------------------------------------------------
def test_f06_an_order_that_is_too_old_or_revoked_takes_no_money(place: Place, monkeypatch) -> None:
    monkeypatch.setattr(books, "EXPIRES_MS", -1)
    old, token = place.priced()
    monkeypatch.undo()
    assert place.phone.look(token)["why"] == "expired" and place.stas(old) == "12"
    pay_ordid, token = place.priced("E2")
    shown = place.phone.confirm(token, place.code())
    assert place.phone.pay(shown, LI.psn_no)["good"]
    revoked = place.his.call("6401", {"data": {"payOrdId": pay_ordid}})
    assert revoked.good and place.tell() == 0  # the callback comes too late
    assert place.stas(pay_ordid) == "12" and place.bank.balance("SYN-L") == AT_BANK
    done = place.paid("E3")
    assert place.his.call("6401", {"data": {"payOrdId": done}}).infcode == -1  # that is a refund


REFUNDS: dict[str, list[tuple[Any, ...]]] = {
    "all at once": [("ALL", OWN, True, "7")],
    "in parts": [("CASH", 90_00, False, "10"), ("CASH", 100_00, False, "9"), ("HI", 0, True, "7")],
    "part, then all": [("CASH", 90_00, False, "10"), ("ALL", 100_00, True, "7")],
    "insurance first": [("HI", 0, True, "8"), ("CASH", 90_00, False, "11"), ("CASH", 100_00, False, "7")],
    "cash, then all": [("CASH", OWN, False, "9"), ("ALL", 0, True, "7")],
}  # fmt: skip


@pytest.mark.parametrize("way", REFUNDS)
def test_f06_refunds_in_every_order_add_up_and_bring_everything_back(place: Place, way: str) -> None:
    pay_ordid = place.paid()
    for number, (kind, own, ins, stas) in enumerate(REFUNDS[way]):
        for _ in range(2):  # the HIS did not hear the answer and says it again
            told = place.refund(pay_ordid, f"R{number}", kind, own, ins)
            assert told.good and told.output["data"]["ordStas"] == stas, told
        place.pmc.work(now_ms())
        held, taken = place.bank.totals()
        assert (held, taken) == (0, -place.desk.balance("bank:mobile"))
    assert place.bank.balance("SYN-L") == AT_BANK and place.desk.balance("acct:SYN-L") == 50_00
    assert place.refund(pay_ordid, "R9", "CASH", 1).infcode == -1


def test_f06_a_refund_that_does_not_add_up_moves_nothing(place: Place) -> None:
    pay_ordid = place.paid()
    for kind, own, ins in (("CASH", OWN + 1, False), ("CASH", 0, False), ("ALL", OWN - 1, True),
                           ("ALL", OWN, False), ("HI", 1, True), ("HI", 0, False)):  # fmt: skip
        assert place.refund(pay_ordid, "R1", kind, own, ins).infcode == -1
    assert place.refund(pay_ordid, "R1", "CASH", 1_00).good
    assert place.refund(pay_ordid, "R1", "CASH", 2_00).infcode == -1  # the number is of another one
    wrong: Json = {"payOrdId": pay_ordid, "appRefdSn": "R2", "appRefdTime": stamp(), "refdType": "CASH",
                   "totlRefdAmt": "2.00", "psnAcctRefdAmt": "0", "fundRefdAmt": "0", "cashRefdAmt": "1.00"}
    assert place.his.call("6203", {"data": wrong}).infcode == -1
    assert place.stas(pay_ordid) == "10"


def test_f06_2208_of_its_settlement_takes_all_of_it_back(place: Place) -> None:
    pay_ordid = place.paid()
    assert place.refund(pay_ordid, "R1", "CASH", 40_00).good
    told = place.his.call("6301", {"data": {"payOrdId": pay_ordid}}).output["data"]
    done = place.his.call("2208", {"data": {"setl_id": told["hiDocSn"], "psn_no": LI.psn_no}})
    assert done.good, done.err_msg
    place.pmc.work(now_ms())
    assert place.stas(pay_ordid) == "7"
    assert place.bank.balance("SYN-L") == AT_BANK and place.desk.balance("acct:SYN-L") == 50_00


def test_f06_what_is_not_there_or_was_used_is_said(place: Place) -> None:
    assert place.his.call("6301", {"data": {"payOrdId": "ORD-none"}}).infcode == -1
    pay_ordid, token = place.priced()
    assert place.his.call("6202", {"data": {"payOrdId": pay_ordid}}).infcode == -1  # priced once
    assert place.phone.look("PT-none") == {"code": "order_unknown"}
    assert place.phone.confirm(token, "no code")["code"] == "no_person"
    code = place.code()
    assert place.phone.confirm(token, code)["ordStas"] == "2"
    assert place.phone.confirm(token, code)["ordStas"] == "2"  # the answer was lost
    _, token = place.priced("E2")
    assert place.phone.confirm(token, code)["code"] == "code_used"


# -- the clearing bank's file ------------------------------------------------------------------------
def test_f06_the_reconciliation_finds_a_row_that_is_missing_extra_or_different(place: Place) -> None:
    pay_ordid = place.paid()
    assert place.refund(pay_ordid, "R1", "CASH", 40_00).good
    place.pmc.work(now_ms())
    file = place.file()
    assert place.compare(file) == () and len(file.rows) == 2
    capture, refund = file.rows

    def kinds(*rows: clearing.Row) -> list[str]:
        again = clearing.read(clearing.write(clearing.File(ORG, file.day, rows)))
        return [one.kind for one in place.compare(again)]

    assert kinds(capture) == ["missing"]
    assert kinds(capture, refund, refund) == ["extra"]
    assert kinds(capture, refund, clearing.Row("ORDX", "capture", 1)) == ["extra"]
    assert kinds(capture, clearing.Row(pay_ordid, refund.what, -39_99)) == ["different"]
    assert kinds() == ["missing", "missing"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1], lambda data: data[:-20], lambda data: b"", lambda data: data + b"x",
        lambda data: data.replace(b"19000", b"19001", 1), lambda data: b"\xff" + data,
        lambda data: data.replace(b"\t", b" "), lambda data: data.replace(b"ROW", b"LINE"),
        lambda data: data.replace(b"19000", "１９０００".encode()),
    ],
)  # fmt: skip
def test_f06_a_file_that_is_cut_or_altered_is_refused_whole(spoil: Any) -> None:
    good = clearing.write(clearing.File(ORG, "20261118", (clearing.Row("P", "capture", 19000),)))
    assert clearing.read(good).rows[0].fen == 19000
    with pytest.raises(EdgeError, match="E-WIR-20"):
        clearing.read(spoil(good))
