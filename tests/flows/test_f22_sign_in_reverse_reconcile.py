"""F22 冲正 · 对账 · 签到签退: the day of an ordinary HIS at the national door, with a line that breaks."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from edge.wire import statement
from sim.national_his import stamp
from tests.national import town as t


@pytest.fixture
def town(tmp_path: Path):
    from sim.centre import audit

    found = t.made(tmp_path)
    yield found
    found.served.stop()
    found.his.close()
    audited = audit.audit(found.centre.store)
    assert audited.faults == ()
    assert audit.doubles(found.centre.store) == []


def totals(rows: list[dict[str, str]], day: str) -> dict[str, str]:
    def sum_of(name: str) -> str:
        return f"{sum(float(row[name]) for row in rows):.2f}"

    return {
        "stmt_begndate": day, "stmt_enddate": day, "fixmedins_setl_cnt": str(len(rows)),
        "medfee_sumamt": sum_of("medfee_sumamt"), "fund_pay_sumamt": sum_of("fund_pay_sumamt"),
        "acct_pay": sum_of("acct_pay"),
    }  # fmt: skip


def test_f22_a_day_from_sign_in_to_sign_out_with_a_lost_answer_in_it(town):
    his = town.his
    assert t.who(his).err_msg == "未签到或签到已失效，请先签到（9001）"
    assert his.sign_in().good

    # a bill as it should be
    mdtrt_id = t.billed(his, "B1")
    quoted = his.call("2206", t.final(mdtrt_id, "B1", 300_00)).output["setlinfo"]
    settled = his.call("2207", t.final(mdtrt_id, "B1", 300_00))
    info = settled.output["setlinfo"]
    money = ("fund_pay_sumamt", "acct_pay", "psn_cash_pay")
    assert [info[name] for name in money] == [quoted[name] for name in money]
    assert [info[name] for name in money] == ["60.00", "240.00", "0.00"]  # dedc 200, then 60 %
    assert info["medins_setl_id"] == settled.msgid

    # the line goes after the commit: the HIS does not know, and takes it back
    second = t.billed(his, "B2", 100_00)
    his.switch("drop_after", "2207")
    lost = his.call("2207", t.final(second, "B2", 100_00))
    assert lost.unknown
    assert town.balance() == 20_00  # it did happen: 300 - 240 - 40
    undo = {"data": {"psn_no": t.PATIENT.psn_no, "omsgid": lost.msgid, "oinfno": "2207"}}
    assert his.call("2601", undo).good
    assert town.balance() == 60_00
    late = his.call("2207", t.final(second, "B2", 100_00), msgid=lost.msgid)
    assert (late.infcode, late.err_msg) == (-1, "该交易已冲正")

    # the day is held against the centre's: equal only with what was undone on both sides
    day = stamp()[:10]
    centre_only = his.call("3201", {"data": totals([info], day)}).output["stmtinfo"]
    assert centre_only["stmt_rslt"] == "000101"
    packed = statement.pack([[info[n] for n in ("setl_id", "mdtrt_id", "psn_no", "medfee_sumamt",
                                                "fund_pay_sumamt", "acct_pay")]
                             + ["0", settled.msgid]], statement.DETAIL)  # fmt: skip
    sent = {"in": base64.b64encode(packed).decode(), "filename": "d1.zip",
            "fixmedins_code": t.ORG}  # fmt: skip
    number = his.call("9101", {"fsUploadIn": sent}).output["file_qury_no"]
    asked = {"file_qury_no": number, "stmt_begndate": day, "stmt_enddate": day}
    file = his.call("3202", {"data": asked}).output["fileinfo"]["file_qury_no"]
    got = his.call("9102", {"fsDownloadIn": {"file_qury_no": file, "fixmedins_code": t.ORG}})
    rows = statement.unpack(base64.b64decode(got.output["fsDownloadOut"]["in"]), statement.RESULT)
    found = sorted((row[4], row[5], row[7]) for row in rows)
    assert found == [("000000", "0", "300.00"), ("000101", "0", "100.00"), ("000101", "1", "-100.00")]

    both = [info, {"medfee_sumamt": "100", "fund_pay_sumamt": "60", "acct_pay": "40"},
            {"medfee_sumamt": "-100", "fund_pay_sumamt": "-60", "acct_pay": "-40"}]  # fmt: skip
    assert his.call("3201", {"data": totals(both, day)}).output["stmtinfo"]["stmt_rslt"] == "000000"
    assert his.sign_out().good
    assert t.who(his).infcode == -1
