"""F02 扫码付: the dynamic code of a phone, decoded once, at one place, for a minute, and never offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.core import events as e
from sim.centre import audit
from tests.flows import kit
from tests.national import town as t


def test_f02_a_phones_code_pays_once_and_every_other_use_is_refused(tmp_path: Path) -> None:
    town = t.made(tmp_path)
    his = town.his
    assert his.sign_in().good

    def decode(code: str, org: str = t.ORG) -> Any:
        return his.call("1162", {"data": {"orgId": org, "businessType": "01301", "ecQrCode": code}})

    # the patient shows the code, the counter reads it: a token, masked, and no number of the person
    code = town.code()
    assert len(code) == 28
    token = decode(code).output["data"]
    assert (token["userName"], token["idNo"][1:-1].strip("*")) == ("测**", "")

    # the whole visit is settled with that token
    ec = token["ecToken"]
    person = t.who(his, ec, "01").output
    assert person["baseinfo"]["psn_no"] == t.PATIENT.psn_no
    mdtrt_id = t.visit(his, "F02-1", ec, "01").output["data"]["mdtrt_id"]
    assert his.call("2204", {"feedetail": [t.line(mdtrt_id, "1", "F02-1", 300_00)]}).good
    settled = his.call("2207", t.final(mdtrt_id, "F02-1", 300_00, ec, "01"))
    assert settled.output["setlinfo"]["fund_pay_sumamt"] == "60.00"

    # read again, a screenshot of yesterday, one made for another place, one of nobody
    assert decode(code).err_msg.startswith("医保码已使用")
    assert decode(town.code(now_ms=1)).err_msg.startswith("医保码已过期")
    assert decode(town.code(org="H51010000001")).err_msg == "医保码不属于本机构"
    assert decode(town.code(), "H51010000001").err_msg == "医保码不属于本机构"
    assert decode("f" * 28).err_msg == "未查询到参保人员"

    # a line that breaks after the decoding: the same message again gets the same token
    fresh = town.code()
    his.switch("drop_after", "1162")
    lost = decode(fresh)
    assert lost.unknown
    given = {"data": {"orgId": t.ORG, "businessType": "01301", "ecQrCode": fresh}}
    assert his.call("1162", given, msgid=lost.msgid).output["data"]["ecToken"]

    town.served.stop()
    assert audit.audit(town.centre.store).faults == ()


def test_f02_a_terminal_without_the_network_believes_no_code() -> None:
    desk = kit.Desk(kit.policy("P1"))
    kit.tell_story(
        desk,
        kit.link_up,
        lambda desk: desk.answer(),  # a word of the centre, so that an outage has its hours
        kit.send(),
        kit.on("ways", kit.press("qr")),
        kit.on("code", kit.link_lost),
        kit.on("ways", lambda desk: desk.post(e.CodeSeen("0" * 28)) and None),
        kit.on("ways", kit.press("qr")),
        kit.on("refused", code="offline_way"),
    )
    assert desk.ledger == []
