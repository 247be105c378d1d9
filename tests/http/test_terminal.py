"""The API over the real Terminal: what the core decides arrives at the HIS as it should."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from edge.core import events as e
from tests.flows import kit
from tests.http.real import RealPort
from tests.http.scripted import serving
from tests.http.test_his import problem


@pytest.fixture
def port() -> RealPort:
    desk = kit.Desk(kit.policy("P1"))
    desk.post(e.LinkUp())
    return RealPort(desk)


@pytest.fixture
def api(port: RealPort) -> Iterator[httpx.Client]:
    with serving(port) as base, httpx.Client(base_url=base, timeout=20, trust_env=False) as client:
        yield client


def send(api: httpx.Client, key: str = "k", **changes: object) -> httpx.Response:
    body = msgspec.to_builtins(kit.bill()) | changes
    return api.post("/v1/bills", json=body, headers={"Idempotency-Key": key})


def test_a_bill_goes_in_visit_and_a_replay_answers_the_same(api):
    first = send(api)
    assert first.status_code == 202
    assert send(api).content == first.content
    state = api.get(f"/v1/bills/{first.json()['bill_id']}").json()
    assert state["status"] == "in_visit"
    assert api.get("/v1/status").json()["bills_active"] == 1


def test_a_replay_answers_the_same_after_a_restart(api, port: RealPort):
    first = send(api)
    port.do(lambda desk: desk.boot())
    again = send(api)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    problem(send(api, bill_no="other"), 422, "E-HIS-03")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kind": "lottery"}, 422, "E-TX-01"),
        ({"amount_fen": -1}, 422, "E-TX-02"),
        ({"amount_fen": 10**15}, 422, "E-TX-02"),
        ({"lines": []}, 422, "E-TX-03"),
        ({"amount_fen": 99_99}, 422, "E-TX-03"),
        ({"bill_no": ""}, 422, "E-TX-04"),
    ],
)
def test_the_cores_no_is_a_complete_problem(api, changes, status, code):
    problem(send(api, **changes), status, code)


def test_the_same_bill_under_another_key_is_a_conflict(api):
    send(api)
    problem(send(api, "k2"), 409, "E-HIS-08")


def test_a_waiting_bill_is_withdrawn_and_a_cancel_replays(api):
    bill_id = send(api).json()["bill_id"]
    for _ in range(2):
        answer = api.post(f"/v1/bills/{bill_id}/cancel", headers={"Idempotency-Key": "c"})
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert api.get(f"/v1/bills/{bill_id}?wait=60").json()["status"] == "cancelled"


def test_a_long_poll_hears_the_patient_cancel(api, port: RealPort):
    bill_id = send(api).json()["bill_id"]
    port.do(lambda desk: desk.post(e.Pressed("cancel")))
    state = api.get(f"/v1/bills/{bill_id}?wait=30").json()
    assert (state["status"], state["refusal"]["code"]) == ("refused", "cancelled")


def test_a_stopping_terminal_takes_nothing_new(api, port: RealPort):
    port.do(lambda desk: desk.post(e.StopAsked()))
    assert send(api).status_code == 503
    assert send(api).json()["hint"]
