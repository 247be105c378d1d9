"""The HIS with its own book, against the real HTTP rooms."""

from __future__ import annotations

import socket
import threading

import pytest

from edge.core.types import BillStatus
from edge.errors import EdgeError
from sim.his import His
from tests.http.scripted import ScriptedPort, serving


def bill(number: str, kind: str = "settle") -> dict[str, object]:
    line = {
        "feedetl_sn": "1",
        "med_list_codg": "SYN-A-0001",
        "medins_list_name": "甲",
        "amount_fen": 500,
    }
    return {"kind": kind, "bill_no": number, "amount_fen": 500, "lines": [line]}


@pytest.fixture
def port():
    return ScriptedPort()


@pytest.fixture
def his(port, tmp_path):
    with serving(port) as base:
        made = His(base, tmp_path / "his.jsonl")
        yield made
        made.close()


def dead_url() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_a_bill_is_followed_to_its_end_and_the_list_survives_the_his(his, port, tmp_path):
    bill_id = his.post(bill("B1"))
    mover = threading.Timer(0.2, lambda: port.move(bill_id, status=BillStatus.SETTLED))
    mover.start()
    assert his.wait(bill_id) == "settled"
    mover.join()
    again = His(dead_url(), tmp_path / "his.jsonl")
    assert [(line.bill_no, line.kind, line.bill_id, line.status) for line in again.lines()] == [
        ("B1", "settle", bill_id, "settled")
    ]
    assert again.status(bill_id) == "settled"  # the terminal is away: the last it was told
    again.close()


def test_a_bill_that_was_never_accepted_is_sent_again_with_the_same_key_and_bytes(port, tmp_path):
    lonely = His(dead_url(), tmp_path / "his.jsonl")
    with pytest.raises(TimeoutError):
        lonely.post(bill("B1"), timeout_s=0.5)
    key, body = lonely.lines()[0].key, lonely.lines()[0].body
    lonely.close()
    with serving(port) as base:
        his = His(base, tmp_path / "his.jsonl")
        (line,) = his.resume()
        assert (line.key, line.body) == (key, body)
        assert his.resume() == []
        his.close()
    assert list(port.keys) == [key]
    assert len(port.bills) == 1


def test_a_refusal_of_the_api_is_written_down_with_its_code(his, tmp_path):
    with pytest.raises(EdgeError) as refused:
        his.post(bill("B2", kind="gift"))
    assert refused.value.code == "E-TX-01"
    again = His(dead_url(), tmp_path / "his.jsonl")
    assert again.counts() == {"E-TX-01": 1}
    assert again.resume() == []
    again.close()


def test_a_line_cut_off_by_a_crash_never_happened(his, tmp_path):
    his.post(bill("B1"))
    path = tmp_path / "his.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"event": "sent", "bill_no": "B2", "ki')
    again = His(dead_url(), path)
    assert [line.bill_no for line in again.lines()] == ["B1"]
    assert path.read_bytes() == whole
    again.close()
