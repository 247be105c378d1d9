"""3260 to 3262 at the national door: what was advanced for another pool is extracted, confirmed and
given back by a HIS in the same words as by a terminal."""

from __future__ import annotations

import time

from edge.core.types import Json
from sim.centre.books import ledgers, people
from sim.centre.books.people import PersonSpec
from sim.centre.civil import civil
from sim.national_his import NationalHis
from tests.national import town as t
from tests.national.town import Town

FAR = PersonSpec("SYN-FAR", "测试远", insuplc_admdvs="500100", cards=(("SCF", "03"),))


def test_what_was_advanced_for_another_pool_is_extracted_confirmed_and_given_back(
    town: Town, his: NationalHis
) -> None:
    with town.centre.store.begin() as conn:
        people.add(conn, [FAR])
    who = {"psn_no": FAR.psn_no}
    visit = t.visit(his, "V1", "SCF", **who)
    assert visit.good, visit.err_msg
    mdtrt_id = visit.output["data"]["mdtrt_id"]
    assert his.call("2204", {"feedetail": [t.line(mdtrt_id, "1", "B1", 300_00, **who)]}).good
    settled = his.call("2207", t.final(mdtrt_id, "B1", 300_00, "SCF", **who))
    assert settled.good, settled.err_msg
    setl_id = settled.output["setlinfo"]["setl_id"]

    day = civil(time.time_ns() // 1_000_000)
    month: Json = {"trt_year": f"{day:%Y}", "trt_month": f"{day:%m}"}
    listed = his.call("3260", {"data": month | {"startrow": "1"}})
    assert listed.good, listed.err_msg
    (row,) = listed.output["detail"]
    assert row["setl_sn"] == setl_id and row["insuplc_admdvs"] == "500100"
    wrong = [{"setl_sn": setl_id, "optins_pay_sumamt": "0.01"}]
    assert his.call("3261", {"data": month, "detail": wrong}).infcode == -1
    done = his.call("3261", {"data": month, "detail": [row]})
    assert done.good and done.output["data"]["optins_pay_sumamt"] == row["optins_pay_sumamt"]
    assert his.call("3260", {"data": month | {"startrow": "1"}}).output["detail"] == []
    undo = {"data": {"setl_id": setl_id, "psn_no": FAR.psn_no}}
    assert his.call("2208", undo).infcode == -1  # the other pool has paid
    assert his.call("3262", {"data": month, "detail": [row]}).good
    with town.centre.store.begin() as conn:
        assert ledgers.balance(conn, "clear:500100") == 0
    assert his.call("2208", undo).good
    too_many = [row | {"setl_sn": f"S{n}"} for n in range(101)]
    assert his.call("3261", {"data": month, "detail": too_many}).infcode == -1

