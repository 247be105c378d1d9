"""A stay through the national door: 2401, 2301 day by day, 2402, 2303, 2304 and their undoing; who lies
where (5303) and who may have benefit (2001). One stay, two doors.
"""

from __future__ import annotations

from typing import Any

import pytest

from edge.core.types import Json
from sim.national_his import NationalHis, Reply, stamp
from tests.national import town as t

WHO = {"psn_no": t.PATIENT.psn_no, "insutype": "310", "mdtrt_cert_type": "03", "mdtrt_cert_no": t.CARD}


def admit(his: NationalHis, number: str = "ZY1", **more: str) -> Reply:
    info = WHO | {"begntime": stamp(), "med_type": "21", "ipt_no": number, "adm_dept_name": "产科"}
    return his.call("2401", {"mdtrtinfo": info | more})


def lies(his: NationalHis, number: str = "ZY1") -> str:
    reply = admit(his, number)
    assert reply.good, reply.err_msg
    return str(reply.output["result"]["mdtrt_id"])


def row(stay: str, number: str, amount: str, **more: Any) -> Json:
    return {
        "feedetl_sn": number, "mdtrt_id": stay, "psn_no": t.PATIENT.psn_no, "chrg_bchno": "D1",
        "fee_ocur_time": stamp(), "med_list_codg": "SYN-A-0001", "medins_list_codg": "1",
        "det_item_fee_sumamt": amount, "cnt": "1", "pric": amount, **more,
    }  # fmt: skip


def final(stay: str, amount: str, batch: str = "S1", **more: str) -> Json:
    data = WHO | {"medfee_sumamt": amount, "psn_setlway": "01", "mdtrt_id": stay}
    return {"data": data | {"chrg_bchno": batch, "acct_used_flag": "0"} | more}


def of(stay: str, **more: str) -> Json:
    return {"data": {"mdtrt_id": stay, "psn_no": t.PATIENT.psn_no, **more}}


def leaves(his: NationalHis, stay: str) -> Reply:
    info = {"mdtrt_id": stay, "psn_no": t.PATIENT.psn_no, "endtime": stamp(), "dscg_way": "1"}
    return his.call("2402", {"dscginfo": info})


def test_a_stay_is_uploaded_day_by_day_discharged_settled_and_undone(town, his):
    stay = lies(his)
    assert his.call("2301", {"feedetail": [row(stay, "1", "4000.00"), row(stay, "2", "900.00", cnt="3", pric="300.00")]}).good
    back = row(stay, "3", "-600.00", cnt="-2", pric="300.00", init_feedetl_sn="2")
    told = his.call("2301", {"feedetail": [back]}).output["result"]
    assert told[0]["inscp_scp_amt"] == "-600.00" and told[0]["cnt"] == "-2"
    # community: 160 once an admission, 95%: (4300 - 160) x 95% = 3933
    quoted = his.call("2303", final(stay, "4300.00")).output["setlinfo"]
    assert (quoted["act_pay_dedc"], quoted["hifp_pay"], quoted["setl_id"]) == ("160.00", "3933.00", "")
    middle = final(stay, "4300.00", mid_setl_flag="1")
    assert his.call("2304", middle).err_msg == his.call("2303", middle).err_msg == "不支持中途结算，请在出院时结算"
    assert his.call("2303", final(stay, "4900.00")).err_msg == "费用总额与明细之和不一致"
    assert leaves(his, stay).good
    assert his.call("2301", {"feedetail": [row(stay, "9", "1.00")]}).err_msg == "已办理出院"
    done = his.call("2304", final(stay, "4300.00"))
    info = done.output["setlinfo"]
    assert info["psn_cash_pay"] == "367.00" and info["clr_type"] == "21" and info["mdtrt_id"] == stay
    assert town.fund_paid() == 3933_00
    assert his.call("2304", final(stay, "4300.00", "S2")).err_msg == "该次住院已结算"
    assert his.call("2405", of(stay)).err_msg == "该次住院已结算"
    undone = his.call("2305", of(stay, setl_id=info["setl_id"]))
    assert undone.output["setlinfo"]["hifp_pay"] == "-3933.00" and town.fund_paid() == 0
    assert his.call("2208", of(stay, setl_id=info["setl_id"])).err_msg.startswith("结算ID不存在")
    assert admit(his, "ZY2").err_msg == "该人员在本院有出院未结算的住院"
    assert his.call("2405", of(stay)).good, "the discharge too is taken back"
    assert his.call("2405", of(stay)).err_msg == "尚未办理出院"
    assert his.call("2302", of(stay, feedetl_sn="2")).err_msg == "退费数量或金额超过原明细"
    assert his.call("2302", of(stay, feedetl_sn="0000")).good
    assert his.call("2302", of(stay, feedetl_sn="0000")).err_msg.startswith("该批次没有费用明细")
    assert his.call("2404", of(stay)).good
    assert his.call("2404", of(stay)).err_msg == "未查到该次住院登记"


def test_who_lies_in_a_ward_is_told_and_settles_nothing_outside(town, his):
    asked = {"data": {"psn_no": t.PATIENT.psn_no}}
    assert his.call("5303", asked).output["data"] == []
    mdtrt_id = t.billed(his, "B1", 100_00)
    wrong = his.call("2207", t.final(mdtrt_id, "B1", 100_00, med_type="21"))
    assert wrong.err_msg.startswith("医疗类别"), "a stay is no visit"
    stay = lies(his)
    (told,) = his.call("5303", asked).output["data"]
    assert (told["mdtrt_id"], told["fixmedins_code"], told["ipt_no"]) == (stay, t.ORG, "ZY1")
    assert admit(his, "ZY9").err_msg == "该人员已在本院住院"
    assert lies(his) == stay, "the same number is the same stay"
    mdtrt_id = t.billed(his, "B2", 100_00)
    no = his.call("2207", t.final(mdtrt_id, "B2", 100_00))
    assert no.err_msg == "该人员正在住院，不能办理门诊或购药结算" and town.balance() == 300_00
    assert his.call("5206", {"data": {"psn_no": t.PATIENT.psn_no}}).good
    before = t.line(mdtrt_id, "E1", "B0", 50_00, fee_ocur_time=told["begntime"][:10])
    assert his.call("2204", {"feedetail": [before]}).good
    assert his.call("2207", t.final(mdtrt_id, "B0", 50_00)).good, "the emergency room before it"
    assert his.call("2404", of(stay)).good
    assert his.call("5303", asked).output["data"] == []
    assert his.call("2207", t.final(mdtrt_id, "B2", 100_00)).good


def test_a_lost_2304_or_2401_is_taken_back_by_its_number(town, his):
    his.switch("drop_after", "2401")
    lost = admit(his)
    assert lost.unknown
    undo = {"psn_no": t.PATIENT.psn_no, "omsgid": lost.msgid, "oinfno": "2401"}
    assert his.call("2601", {"data": undo}).good
    assert his.call("5303", {"data": {"psn_no": t.PATIENT.psn_no}}).output["data"] == []
    stay = lies(his)
    his.call("2301", {"feedetail": [row(stay, "1", "1160.00")]})
    his.switch("drop_after", "2304")
    lost = his.call("2304", final(stay, "1160.00"))
    assert lost.unknown and town.fund_paid() == 950_00
    assert his.call("2601", {"data": undo | {"omsgid": lost.msgid, "oinfno": "2304"}}).good
    assert town.fund_paid() == 0
    assert his.call("2304", final(stay, "1160.00"), msgid=lost.msgid).err_msg == "该交易已冲正"
    assert his.call("2304", final(stay, "1160.00")).good and town.fund_paid() == 950_00


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"cnt": "-1"}, "数量乘单价不等于明细金额"),
        ({"cnt": "-1", "det_item_fee_sumamt": "-5.00"}, "数量乘单价不等于明细金额"),
        ({"cnt": "-1", "det_item_fee_sumamt": "-5.00", "init_feedetl_sn": "77"}, "退费数量或金额超过原明细"),
        ({"cnt": "-9", "det_item_fee_sumamt": "-45.00", "init_feedetl_sn": "1"}, "退费数量或金额超过原明细"),
        ({"feedetl_sn": "1"}, "费用明细流水号重复"),
        ({"psn_no": t.OTHER.psn_no}, "该次住院不属于该人员"),
        ({"mdtrt_id": "510100M0000000000000"}, "未查到该次住院登记"),
        ({"surprise": "1"}, "feedetail[0]中有未定义的字段：surprise"),
    ],
)
def test_a_line_that_cannot_be_is_refused_and_leaves_nothing(his, bad, says):
    stay = lies(his)
    assert his.call("2301", {"feedetail": [row(stay, "1", "5.00")]}).good
    assert his.call("2301", {"feedetail": [row(stay, "2", "5.00") | bad]}).err_msg == says
    assert his.call("2303", final(stay, "5.00")).good


def test_2001_says_who_has_benefit_and_why_not(his):
    def ask(**more: str) -> Json:
        data = {"psn_no": t.PATIENT.psn_no, "insutype": "310", "med_type": "21", **more}
        reply = his.call("2001", {"data": data})
        assert reply.good, reply.err_msg
        return dict(reply.output["trtinfo"][0])

    yes = ask()
    assert (yes["trt_enjymnt_flag"], yes["fund_pay_type"]) == ("1", "310100")
    no = ask(med_type="14", dise_codg="M03900")
    assert (no["trt_enjymnt_flag"], no["trt_chk_rslt"]) == ("0", "未办理该门诊慢特病认定")
    assert ask(insutype="390")["trt_chk_rslt"] == "人员未参保或险种不符"
    assert his.call("2001", {"data": {"psn_no": "nobody", "insutype": "310", "med_type": "11"}}).err_msg
