"""The door does wrong on purpose, and a HIS that takes a timeout for UNKNOWN keeps its books."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from edge.suites import sm2
from sim.centre import setup
from sim.centre.national import envelope
from tests.national import town as t

RESPOND, BOOKED = "%Y%m%d%H%M%S%f", "%Y-%m-%d %H:%M:%S"


def settle(his, number: str, **kw):
    mdtrt_id = t.billed(his, number, 100_00)
    return his.call("2207", t.final(mdtrt_id, number, 100_00), **kw)


@pytest.mark.parametrize("kind", ["drop_before", "refused"])
def test_before_the_commit_nothing_is_done_and_the_same_message_does_it(town, his, kind):
    mdtrt_id = t.billed(his, "B1", 100_00)
    his.switch(kind, "2207")
    lost = his.call("2207", t.final(mdtrt_id, "B1", 100_00))
    assert lost.unknown
    assert town.balance() == 300_00
    assert his.call("2207", t.final(mdtrt_id, "B1", 100_00), msgid=lost.msgid).good
    assert town.balance() == 200_00


@pytest.mark.parametrize("kind", ["drop_after", "lost_answer"])
def test_after_the_commit_the_same_message_gets_the_first_answer(town, his, kind):
    mdtrt_id = t.billed(his, "B1", 100_00)
    his.switch(kind, "2207")
    lost = his.call("2207", t.final(mdtrt_id, "B1", 100_00))
    assert lost.unknown
    assert town.balance() == 200_00
    again = his.call("2207", t.final(mdtrt_id, "B1", 100_00), msgid=lost.msgid)
    assert again.output["setlinfo"]["medins_setl_id"] == lost.msgid
    assert town.balance() == 200_00


def test_a_reversal_before_its_original_is_a_tombstone(town, his):
    mdtrt_id = t.billed(his, "B1", 100_00)
    his.switch("drop_before", "2207")
    lost = his.call("2207", t.final(mdtrt_id, "B1", 100_00))
    undo = {"data": {"psn_no": t.PATIENT.psn_no, "omsgid": lost.msgid, "oinfno": "2207"}}
    assert his.call("2601", undo).good
    assert his.call("2601", undo).warn_msg == "已冲正"
    late = his.call("2207", t.final(mdtrt_id, "B1", 100_00), msgid=lost.msgid)
    assert late.err_msg == "该交易已冲正"
    assert town.balance() == 300_00
    wrong = {"data": undo["data"] | {"omsgid": "1" * 30, "oinfno": "2204"}}
    assert his.call("2601", wrong).err_msg == "该交易不支持冲正"


def test_a_message_that_arrives_twice_is_done_once(town, his):
    his.switch("duplicate", "2207")
    assert settle(his, "B1").good
    assert town.balance() == 200_00


def test_an_answer_may_be_late_slow_or_of_another_message(town, his):
    his.switch("delay", "1101", ms=300)
    began = time.monotonic()
    assert t.who(his).good
    assert time.monotonic() - began > 0.3
    his.switch("slow_drip", "1101", ms=1)
    assert t.who(his).good
    assert httpx.get(f"http://127.0.0.1:{town.served.port}/sim/faults").json() == []


def told(town, his, infno: str, given: dict) -> dict:
    """The answer as it came."""
    body = envelope.seal(his.head(infno, his.next_msgid(), "510100"), given, his._private, his.client.covers)
    url = f"http://127.0.0.1:{town.served.port}/fsi/api/{infno}"
    return httpx.post(url, content=body).json()


def test_an_answer_may_have_another_reference_or_a_wrong_clock_and_the_books_have_neither(town, his):
    ask = {"data": {"mdtrt_cert_type": "03", "mdtrt_cert_no": t.CARD}}
    right = told(town, his, "1101", ask)
    his.switch("wrong_reference", "1101")
    assert "9" * 20 in told(town, his, "1101", ask)["inf_refmsgid"]
    assert "9" * 20 not in right["inf_refmsgid"]
    mdtrt_id = t.billed(his, "B1", 100_00)
    his.switch("clock_skew", "2207")
    late = told(town, his, "2207", t.final(mdtrt_id, "B1", 100_00))
    said = datetime.strptime(late["respond_time"], RESPOND).replace(tzinfo=UTC)
    booked = datetime.strptime(late["output"]["setlinfo"]["setl_time"], BOOKED).replace(tzinfo=UTC)
    assert timedelta(minutes=55) < said - booked < timedelta(minutes=65)


def test_a_switch_that_is_none_is_refused_and_all_can_be_cleared(town):
    url = f"http://127.0.0.1:{town.served.port}/sim/faults"
    assert httpx.post(url, json={"kind": "earthquake"}).status_code == 422
    assert httpx.post(url, json={"kind": "delay", "times": 5, "ms": 1}).status_code == 200
    assert len(httpx.get(url).json()) == 1
    assert httpx.delete(url).json() == []
    assert httpx.get(url.replace("faults", "other")).status_code == 404


def test_the_process_serves_beside_the_centre_on_the_same_database(tmp_path):
    made = setup.make_centre(tmp_path, None, (), [t.PATIENT])
    config = made.write_config(port=1)
    client = tmp_path / "client.toml"
    client.write_text(f'fixmedins_code = "{t.ORG}"\n')
    command = [sys.executable, "-m", "sim.centre.national", "--config", str(config),
               "--port", "0", "--client", str(client)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        ready, port = process.stdout.readline().split()
        assert ready == "READY"
        his = t.NationalHis(f"http://127.0.0.1:{port}", t.Client(t.ORG), b"", tmp_path)
        assert his.sign_in().good
        assert t.who(his).output["insuinfo"][0]["balc"] == "300.00"
        his.close()
    finally:
        process.terminate()
        assert process.wait(10) == 0
        made.close()


def test_an_answer_that_the_centre_did_not_sign_is_no_answer_and_its_fate_is_unknown(town, tmp_path):
    _, foreign = sm2.generate()
    url = f"http://127.0.0.1:{town.served.port}"
    his = t.NationalHis(url, t.Client(t.ORG), b"", tmp_path, centre=foreign)
    said = his.sign_in()
    assert said.unknown and said.err_msg == "the answer is not signed by the centre"
    assert his.sign_no == ""
    his.close()
