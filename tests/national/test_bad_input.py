"""Whatever a HIS sends: the national error shape, nothing half done, the books still balance."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from sim.centre.national import envelope, schema
from sim.centre.national.door import HANDLERS
from sim.centre.national.says import SAYS
from sim.national_his import NationalHis, stamp
from tests.national import town as t

ROOT = Path(__file__).resolve().parents[2]
CENTRE, EDGE = ROOT / "sim/centre", ROOT / "edge"
SHAPE = {
    "infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "warn_msg", "cainfo",
    "signtype", "output",
}  # fmt: skip


def raw(town: t.Town, infno: str, body: bytes) -> Any:
    answer = httpx.post(f"http://127.0.0.1:{town.served.port}/fsi/api/{infno}", content=body)
    assert answer.status_code == 200
    assert envelope.answer_signed(answer.content, town.public)
    found = answer.json()
    assert set(found) == SHAPE
    assert len(found["inf_refmsgid"]) == 30
    assert len(found["respond_time"]) == 17
    return found


def test_every_transaction_has_a_form_and_its_codes_are_known():
    assert len(HANDLERS) == 54
    assert schema.codes()["mdtrt_cert_type"]["03"] == "社会保障卡"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"infno":"1101","infno":"2207","input":{}}', b"[" * 5000,
     b'{"input":{"data":{"a":NaN}}}', b'{"input":[]}', b"\xff\xfe", b'{"input":{}}'],
)  # fmt: skip
def test_what_is_no_message_gets_the_error_shape(town, body):
    found = raw(town, "1101", body)
    assert found["infcode"] == -1
    assert found["err_msg"]
    assert found["output"] == {}


def test_an_unknown_number_an_unknown_institution_and_another_address_are_refused(town):
    his: NationalHis = town.his
    assert his.call("8888", {"data": {}}).err_msg == "交易编号不存在"
    body = envelope.seal(his.head("2207", his.next_msgid()), {}, his._private, "whole")
    assert his.post("1101", body).err_msg == "交易编号与地址不符"
    head = his.head("9001", his.next_msgid()) | {"fixmedins_code": "H99999999999"}
    assert his.post("9001", envelope.seal(head, {}, his._private, "whole")).err_msg == (
        "医药机构编号不存在"
    )


def test_a_message_that_was_changed_on_the_way_is_not_believed(town, his):
    given = {"data": {"mdtrt_cert_type": "03", "mdtrt_cert_no": t.CARD}}
    body = envelope.seal(his.head("1101", his.next_msgid()), given, his._private, "whole")
    changed = body.replace(t.CARD.encode(), b"SC0000000000000002")
    assert his.post("1101", changed).err_msg == "签名验证失败"
    plain = json.loads(body) | {"cainfo": "", "signtype": "MOCK"}
    assert his.post("1101", json.dumps(plain).encode()).err_msg == "签名验证失败"
    assert his.post("1101", body).good


def test_a_signature_over_the_head_alone_leaves_the_input_open_and_is_an_option(tmp_path):
    """As met in public code; an institution gets it only when it was enrolled with it."""
    town = t.made(tmp_path, covers="head")
    assert town.his.sign_in().good
    given = {"data": {"mdtrt_cert_type": "03", "mdtrt_cert_no": t.CARD}}
    body = envelope.seal(town.his.head("1101", town.his.next_msgid()), given,
                         town.his._private, "head")  # fmt: skip
    assert town.his.post("1101", body.replace(t.CARD.encode(), b"SC2")).good
    town.served.stop()


def test_a_his_under_test_may_send_mock_and_is_told_so_in_every_answer(tmp_path):
    town = t.made(tmp_path, signed=False)
    assert town.his.sign_in().warn_msg == "测试机构，未验签"
    town.served.stop()


WRONG = [
    ({"psn_no": "X" * 31}, "input中有未定义的字段"),
    ({"mdtrt_cert_type": "03"}, "data.mdtrt_cert_no不能为空"),
    ({"mdtrt_cert_type": "99", "mdtrt_cert_no": "1"}, "data.mdtrt_cert_type的代码99不在字典"),
    ({"mdtrt_cert_type": "03", "mdtrt_cert_no": 7}, "data.mdtrt_cert_no类型错误，应为字符"),
    ({"mdtrt_cert_type": "03", "mdtrt_cert_no": "1" * 51}, "data.mdtrt_cert_no长度超过50"),
    ({"mdtrt_cert_type": "03", "mdtrt_cert_no": "1\x00"}, "data.mdtrt_cert_no含有控制字符"),
    ({"mdtrt_cert_type": "03", "mdtrt_cert_no": "1", "begntime": "2026-02-30"},
     "data.begntime不是日期"),
    ({"mdtrt_cert_type": "03", "mdtrt_cert_no": "1", "unheard_of": "1"},
     "data中有未定义的字段：unheard_of"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "says"), WRONG)
def test_a_field_of_the_wrong_type_length_code_or_name_is_named(his, data, says):
    given = {"extra": data} if says.startswith("input") else {"data": data}
    reply = his.call("1101", given)
    assert reply.infcode == -1
    assert reply.err_msg.startswith(says)


@pytest.mark.parametrize("amount", ["1e3", True, "1.001", "12345678901234567", "NaN", [], "１"])
def test_an_amount_that_is_none_is_refused(his, amount):
    mdtrt_id = t.visit(his, "B1").output["data"]["mdtrt_id"]
    row = t.line(mdtrt_id, "1", "B1", 100) | {"det_item_fee_sumamt": amount}
    assert his.call("2204", {"feedetail": [row]}).infcode == -1


def test_amounts_that_do_not_add_up_are_refused_and_leave_nothing(town, his):
    mdtrt_id = t.visit(his, "B1").output["data"]["mdtrt_id"]
    wrong = t.line(mdtrt_id, "1", "B1", 100_00, cnt="2")
    assert his.call("2204", {"feedetail": [wrong]}).err_msg == "数量乘单价不等于明细金额"
    good = t.line(mdtrt_id, "1", "B1", 100_00)
    assert his.call("2204", {"feedetail": [good, good]}).err_msg == "费用明细流水号重复"
    assert his.call("2204", {"feedetail": [good]}).good
    differs = his.call("2207", t.final(mdtrt_id, "B1", 100_01))
    assert differs.err_msg == "费用总额与明细之和不一致"
    scope = t.final(mdtrt_id, "B1", 100_00, inscp_scp_amt="99.99")
    assert his.call("2206", scope).err_msg.endswith("与中心计算不一致")
    assert his.call("2207", scope).err_msg.endswith("与中心计算不一致")
    assert (town.balance(), town.fund_paid()) == (300_00, 0)
    assert his.call("2207", t.final(mdtrt_id, "B1", 100_00, inscp_scp_amt="100")).good


def test_another_persons_token_visit_account_and_settlement_are_no_use(town, his):
    org = {"orgId": t.ORG, "businessType": "01301"}
    token = his.call("1162", {"data": org | {"ecQrCode": town.code(t.OTHER.psn_no)}})
    ec_token = token.output["data"]["ecToken"]
    stolen = t.visit(his, "B1", ec_token, "01")
    assert stolen.err_msg == "就诊凭证无效、已过期或不属于该人员"
    mdtrt_id = t.billed(his, "B2")
    assert his.call("2207", t.final(mdtrt_id, "B2", 300_00, ec_token, "01")).infcode == -1
    assert his.call("5368", {"data": {"psn_no": t.OTHER.psn_no}}).err_msg.startswith("该人员未在")
    setl_id = his.call("2207", t.final(mdtrt_id, "B2", 300_00)).output["setlinfo"]["setl_id"]
    undo = {"data": {"setl_id": setl_id, "psn_no": t.OTHER.psn_no}}
    assert his.call("2208", undo).err_msg == "结算ID不存在或不属于该人员"
    assert his.call("5203", undo).infcode == -1
    mine = {"data": {"setl_id": setl_id, "psn_no": t.PATIENT.psn_no}}
    assert his.call("5203", mine).output["setlinfo"]["setl_id"] == setl_id
    assert his.call("2208", mine).output["setlinfo"]["medfee_sumamt"] == "-300.00"
    assert his.call("2208", mine).err_msg == "该结算已撤销"
    assert (town.balance(), town.fund_paid()) == (300_00, 0)


def test_the_same_message_again_is_answered_with_the_first_words_and_another_is_refused(town, his):
    mdtrt_id = t.billed(his, "B1")
    first = his.call("2207", t.final(mdtrt_id, "B1", 300_00))
    again = his.call("2207", t.final(mdtrt_id, "B1", 300_00), msgid=first.msgid)
    assert again == first
    other = his.call("2207", t.final(mdtrt_id, "B1", 300_00, acct_used_flag="0"), msgid=first.msgid)
    assert other.err_msg == "msgid已用于另一报文"
    fresh = his.call("2207", t.final(mdtrt_id, "B1", 300_00))
    assert fresh.err_msg == "该批次已结算，不能重复结算或修改"
    assert town.balance() == 60_00


def test_lines_of_a_settled_batch_stay_and_a_paid_visit_is_not_given_back(his):
    mdtrt_id = t.billed(his, "B1")
    assert his.call("2207", t.final(mdtrt_id, "B1", 300_00)).good
    back = {"data": {"mdtrt_id": mdtrt_id, "chrg_bchno": "0000", "psn_no": t.PATIENT.psn_no}}
    assert his.call("2205", back).err_msg.startswith("该批次已结算")
    visit = {"mdtrt_id": mdtrt_id, "psn_no": t.PATIENT.psn_no, "ipt_otp_no": "B1"}
    assert his.call("2202", {"data": visit}).err_msg.startswith("该批次已结算")
    other = t.visit(his, "B2").output["data"]["mdtrt_id"]
    assert his.call("2204", {"feedetail": [t.line(other, "1", "B2", 1_00)]}).good
    assert his.call("2205", {"data": back["data"] | {"mdtrt_id": other}}).good
    assert his.call("2202", {"data": visit | {"mdtrt_id": other, "ipt_otp_no": "B2"}}).good
    assert his.call("2207", t.final(other, "B2", 1_00)).infcode == -1


def test_a_code_is_good_once_at_one_place_for_a_minute(town, his):
    org = {"orgId": t.ORG, "businessType": "01301"}

    def decoded(code: str, **more: str) -> Any:
        return his.call("1162", {"data": org | {"ecQrCode": code} | more})

    code = town.code()
    assert decoded(code).output["data"]["idNo"].startswith("0***")
    assert decoded(code).err_msg.startswith("医保码已使用")
    assert decoded(town.code(now_ms=1)).err_msg.startswith("医保码已过期")
    assert decoded(town.code(org="H51010000001")).err_msg == "医保码不属于本机构"
    assert decoded(town.code(), orgId="H51010000001").err_msg == "医保码不属于本机构"
    assert decoded("0" * 28).err_msg == "未查询到参保人员"


def test_a_bill_is_paid_once_through_two_doors(town, his):
    """The terminal's plans and the HIS's are the same: chrg_bchno is the bill's number at both."""
    assert his.call("2101", sale()).output["setlinfo"]["setl_id"] == ""
    first = his.call("2102", sale())
    assert first.good
    assert first.output["detlcutinfo"][0]["chrgitm_lv"] == "1"
    assert his.call("2102", sale()).err_msg.startswith("该批次已结算")
    undo = {"setl_id": first.output["setlinfo"]["setl_id"], "psn_no": t.PATIENT.psn_no}
    assert his.call("2103", {"data": undo}).good
    assert his.call("2102", sale()).good


def sale() -> dict[str, Any]:
    data = {
        "psn_no": t.PATIENT.psn_no, "mdtrt_cert_type": "03", "mdtrt_cert_no": t.CARD,
        "medfee_sumamt": "50", "invono": "P1", "acct_used_flag": "1", "med_type": "41",
        "begntime": stamp(),
    }  # fmt: skip
    row = {"feedetl_sn": "1", "med_list_codg": "SYN-A-0001", "det_item_fee_sumamt": "50",
           "cnt": "2", "pric": "25"}  # fmt: skip
    return {"data": data, "drugdetail": [row]}


def test_the_dictionary_and_the_institution_are_told(his):
    rows = his.call("1901", {"data": {"type": "insutype"}}).output["list"]
    assert {"310", "390"} <= {row["value"] for row in rows}
    assert his.call("1901", {"data": {"type": "nothing"}}).err_msg == "字典类型不存在"
    told = his.call("1201", {"medinsinfo": {"fixmedins_code": t.ORG}}).output["medinsinfo"]
    assert told[0]["fixmedins_name"] == "测试医院"


def test_what_the_year_has_used_up_is_told_to_who_treats_the_person(his):
    mdtrt_id = t.billed(his, "B1")
    his.call("2207", t.final(mdtrt_id, "B1", 300_00))
    asked = {"data": {"psn_no": t.PATIENT.psn_no}}
    rows = his.call("5206", asked).output["cuminfo"]
    assert {row["cum_type_code"]: row["cum"] for row in rows}["outpatient_dedc"] == "200.00"
    assert his.call("5368", asked).output["data"]["balc"] == "60.00"
    assert his.call("5206", {"data": asked["data"] | {"cum_ym": "20xx"}}).infcode == -1


def test_a_statement_file_that_is_none_is_refused(his):
    form = {"in": base64.b64encode(b"no zip").decode(), "filename": "a", "fixmedins_code": t.ORG}
    assert his.call("9101", {"fsUploadIn": form}).infcode == -1
    assert his.call("9101", {"fsUploadIn": form | {"in": "%%%"}}).err_msg.endswith("不是Base64")
    asked = {"fsDownloadIn": {"file_qury_no": "F1", "fixmedins_code": t.ORG}}
    assert his.call("9102", asked).err_msg == "文件查询号不存在"


def test_an_answer_that_is_stored_is_small_and_plain(town, his):
    """No name and no number of a card is in an answer unmasked."""
    t.who(his)
    body = msgspec.json.encode(t.who(his).output)
    assert t.PATIENT.psn_name.encode() not in body
    assert t.PATIENT.certno.encode() not in body


def test_after_two_idle_months_the_door_still_opens(town, his):
    """Calls are swept at a sign-in; what is made of their numbers stays, and no number comes again."""
    t.billed(his, "B1", 100_00)
    later = time.time_ns() // 1_000_000 + 63 * 86_400_000
    head = his.head("9001", his.next_msgid(), "510100")
    sign_in = {"signIn": {"opter_no": "op01", "mac": "", "ip": ""}}
    told = msgspec.json.decode(town.door.answer("9001", seal(his, head, sign_in), later))
    assert told["infcode"] == 0
    head = his.head("2201", his.next_msgid(), "510100") | {"sign_no": told["output"]["signinoutb"]["sign_no"]}
    visit = {"data": {
        "psn_no": t.PATIENT.psn_no, "insutype": "310", "begntime": stamp(), "mdtrt_cert_type": "03",
        "mdtrt_cert_no": t.CARD, "ipt_otp_no": "B2", "atddr_no": "D1", "dr_name": "李医生",
        "dept_code": "A01", "dept_name": "内科", "caty": "A01",
    }}  # fmt: skip
    assert msgspec.json.decode(town.door.answer("2201", seal(his, head, visit), later))["infcode"] == 0


def seal(his, head: dict, given: dict) -> bytes:
    return envelope.seal(head, given, his._private, his.client.covers)


def test_what_2204_tells_of_a_line_is_what_the_settlement_uses(town, his):
    """A limit that differs by the level of the institution."""
    mdtrt_id = t.visit(his, "B1").output["data"]["mdtrt_id"]
    line = t.line(mdtrt_id, "1", "B1", 300_00, med_list_codg="SYN-S-0005")
    (row,) = his.call("2204", {"feedetail": [line]}).output["result"]
    scopes = {"fulamt_ownpay_amt": row["fulamt_ownpay_amt"], "overlmt_selfpay": row["overlmt_amt"],
              "preselfpay_amt": row["preselfpay_amt"], "inscp_scp_amt": row["inscp_scp_amt"]}  # fmt: skip
    assert row["overlmt_amt"] != "0.00" and row["pric_uplmt_amt"] == row["inscp_scp_amt"]
    assert his.call("2207", t.final(mdtrt_id, "B1", 300_00, **scopes)).good


def test_every_no_of_the_centre_has_words_that_an_operator_reads():
    """Literals of the files whose answers this door tells, and of the rules behind them."""
    files = [CENTRE / "statements.py", *(CENTRE / "deciding").glob("*.py")]
    files += [*(CENTRE / "national").glob("*.py"), EDGE / "core/benefit/entitled.py"]
    said = set()
    for path in files:
        text = path.read_text()
        said |= set(re.findall(r'No\("([a-z_]+)"', text))
        if path.stem in ("entitling", "entitled"):
            said |= set(re.findall(r'return "([a-z_]+)"', text))
    assert said - SAYS.keys() == {"duplicate"}, "told as settled_already or undone_already"
