"""The HIS API: what a developer of a hospital system may rely on."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from edge.core.types import BillStatus, Refusal
from edge.http.bodies import BODY_BYTES_MAX
from tests.http.scripted import ScriptedPort

BILL = {
    "kind": "settle",
    "bill_no": "B-1",
    "amount_fen": 8640,
    "lines": [
        {
            "feedetl_sn": "1",
            "med_list_codg": "X",
            "medins_list_name": "阿莫西林",
            "amount_fen": 8640,
        }
    ],
}


def post(api: httpx.Client, key: str = "k-1", bill: object = BILL) -> httpx.Response:
    return api.post("/v1/bills", json=bill, headers={"Idempotency-Key": key})


def problem(answer: httpx.Response, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "hint"}
    assert body["code"] == code
    assert body["status"] == status
    assert body["hint"]
    assert body["detail"]
    assert body["type"].endswith(code)
    return body


def test_a_bill_is_accepted_and_can_be_read(api, port):
    answer = post(api)
    assert answer.status_code == 202
    read = api.get(f"/v1/bills/{answer.json()['bill_id']}")
    assert read.status_code == 200
    assert read.json()["bill"]["amount_fen"] == 8640
    assert read.json()["status"] == "waiting"


def test_a_replay_gives_the_same_answer_and_status(api):
    first, second = post(api), post(api)
    assert (first.status_code, first.content) == (second.status_code, second.content)


def test_the_same_key_with_another_body_is_refused(api):
    post(api)
    problem(post(api, bill=BILL | {"bill_no": "B-2"}), 422, "E-HIS-03")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": "a" * 201},
        {"Idempotency-Key": "a b"},
        [("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
    ],
)
def test_a_bill_without_a_good_key_is_refused(api, port, headers):
    problem(api.post("/v1/bills", json=BILL, headers=headers), 400, "E-HIS-01")
    assert not port.events


@pytest.mark.parametrize(
    ("body", "status", "code", "names"),
    [
        (b"", 400, "E-HIS-02", ""),
        (b"{", 400, "E-HIS-02", ""),
        (b"\xff\xfe", 400, "E-HIS-02", ""),
        (b"[" * 50_000, 422, "E-HIS-05", ""),
        (b'{"kind":"settle","bill_no":"1","amount_fen":86.4}', 422, "E-HIS-05", "$.amount_fen"),
        (b'{"kind":"settle","bill_no":"1","amount_fen":"86"}', 422, "E-HIS-05", "$.amount_fen"),
        (b'{"kind":"settle","bill_no":"1"}', 422, "E-HIS-05", "amount_fen"),
        (b'{"kind":"settle","bill_no":"1","amount_fen":1,"tip":1}', 422, "E-HIS-05", "tip"),
        (
            b'{"kind":"settle","bill_no":"1","amount_fen":1,"lines":[{"feedetl_sn":1}]}',
            422,
            "E-HIS-05",
            "$.lines[0].feedetl_sn",
        ),
    ],
)
def test_a_bad_body_is_refused_with_the_path_of_the_fault(api, port, body, status, code, names):
    answer = api.post(
        "/v1/bills",
        content=body,
        headers={"Idempotency-Key": "k", "Content-Type": "application/json"},
    )
    assert names in problem(answer, status, code)["detail"]
    assert not port.events


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind":"settle","bill_no":"1","amount_fen":1,"amount_fen":2}',
        (
            b'{"kind":"settle","bill_no":"1","amount_fen":1,"lines":[{"feedetl_sn":"1","feedetl_sn":"1",'
            b'"med_list_codg":"x","medins_list_name":"n","amount_fen":1}]}'
        ),
        b'{"kind":"settle","bill_no":"1","amount_fen":1,"bill_n\\u006f":"2"}',
    ],
)
def test_a_body_that_says_one_thing_twice_is_refused(api, port, body):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = api.post("/v1/bills", content=body, headers=headers)
    assert "twice" in problem(answer, 400, "E-HIS-02")["detail"]
    assert not port.events


def test_a_body_over_256_kb_is_refused_also_when_its_length_is_not_told(api, port):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    big = b" " * (BODY_BYTES_MAX + 1)
    problem(api.post("/v1/bills", content=big, headers=headers), 413, "E-HIS-22")
    problem(
        api.post("/v1/bills", content=iter([big[:200_000], big[:200_000]]), headers=headers),
        413,
        "E-HIS-22",
    )
    assert not port.events


def test_a_body_not_declared_as_json_is_refused(api):
    problem(
        api.post("/v1/bills", data={"kind": "settle"}, headers={"Idempotency-Key": "k"}),
        415,
        "E-HIS-23",
    )


def test_a_key_in_flight_answers_409_and_then_the_first_answer(api, port: ScriptedPort):
    port.slow = True
    answers: list[httpx.Response] = []
    first = threading.Thread(target=lambda: answers.append(post(api)))
    first.start()
    while not port.events:
        time.sleep(0.005)
    refused = problem(post(api), 409, "E-HIS-04")
    assert refused["hint"]
    port.release.set()
    first.join(10)
    assert answers[0].status_code == 202
    assert post(api).json() == answers[0].json()


def test_the_cores_refusal_arrives_as_a_complete_problem(api):
    assert (
        problem(post(api, bill=BILL | {"kind": "lottery"}), 422, "E-TX-01")["hint"] == "use settle"
    )


def test_an_unexpected_error_says_nothing_of_the_inside(api, port):
    port.fail = RuntimeError("secret /var/lib/facepay")
    body = problem(post(api), 500, "E-HIS-30")
    assert "secret" not in str(body)


def test_a_long_poll_answers_when_the_version_changes(api, port: ScriptedPort):
    bill_id = post(api).json()["bill_id"]
    threading.Timer(0.1, lambda: port.move(bill_id, status=BillStatus.IN_VISIT)).start()
    # longer than the client waits: a poll that only its own time ends is a ReadTimeout
    state = api.get(f"/v1/bills/{bill_id}", params={"wait": 60, "since": 1}).json()
    assert (state["status"], state["version"]) == ("in_visit", 2)


def test_a_long_poll_answers_at_once_for_a_final_bill_or_a_newer_version(api, port: ScriptedPort):
    bill_id = post(api).json()["bill_id"]
    assert api.get(f"/v1/bills/{bill_id}?wait=60&since=0").json()["version"] == 1
    port.move(bill_id, status=BillStatus.REFUSED, refusal=Refusal("timeout", ("try_again",)))
    assert api.get(f"/v1/bills/{bill_id}?wait=60").json()["refusal"]["code"] == "timeout"
    assert api.get(f"/v1/bills/{bill_id}?wait=60&since=9").json()["status"] == "refused"


def test_a_long_poll_ends_with_the_bill_as_it_is(api):
    bill_id = post(api).json()["bill_id"]
    assert api.get(f"/v1/bills/{bill_id}?wait=1").json()["status"] == "waiting"


@pytest.mark.parametrize(
    "query", ["wait=61", "wait=-1", "wait=x", "wait=1.5", "wait=1&wait=2", "since=", "wait=%D9%A1"]
)
def test_a_malformed_wait_is_refused(api, query):
    problem(api.get(f"/v1/bills/{post(api).json()['bill_id']}?{query}"), 400, "E-HIS-28")


@pytest.mark.parametrize(
    "path", ["/v1/bills/none", "/v1/bills/none/receipt", "/v1/bills/" + "b" * 3000]
)
def test_an_unknown_bill_is_404(api, path):
    problem(api.get(path), 404, "E-HIS-06")


def test_cancel_needs_a_key_and_replays(api, port):
    bill_id = post(api).json()["bill_id"]
    problem(api.post(f"/v1/bills/{bill_id}/cancel"), 400, "E-HIS-01")
    first = api.post(f"/v1/bills/{bill_id}/cancel", headers={"Idempotency-Key": "c-1"})
    again = api.post(f"/v1/bills/{bill_id}/cancel", headers={"Idempotency-Key": "c-1"})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json() == {"bill_id": bill_id, "status": "cancelled"}
    problem(api.post("/v1/bills/none/cancel", headers={"Idempotency-Key": "c-2"}), 404, "E-HIS-06")


def test_a_cancel_key_used_for_another_bill_is_no_replay(api):
    ids = [post(api, f"k-{i}", BILL | {"bill_no": str(i)}).json()["bill_id"] for i in (1, 2)]
    assert (
        api.post(f"/v1/bills/{ids[0]}/cancel", headers={"Idempotency-Key": "c"}).status_code == 200
    )
    problem(
        api.post(f"/v1/bills/{ids[1]}/cancel", headers={"Idempotency-Key": "c"}), 422, "E-HIS-03"
    )


def test_a_receipt_is_404_until_the_centre_answered(api, port):
    bill_id = post(api).json()["bill_id"]
    problem(api.get(f"/v1/bills/{bill_id}/receipt"), 404, "E-HIS-29")
    port.receipts[bill_id] = {
        "bill_id": bill_id,
        "seq": 1,
        "outcome": "settled",
        "receipt": "0oRD",
        "leaf": "hgA=",
        "record": "0oRE",
        "checkpoint": {"tree_size": 3},
    }
    assert api.get(f"/v1/bills/{bill_id}/receipt").json()["record"] == "0oRE"


def test_unknown_paths_and_methods_are_problems_too(api):
    problem(api.get("/v2/bills"), 404, "E-HIS-20")
    problem(api.get("/static/../app.py"), 404, "E-HIS-20")
    problem(api.get("/static/%2e%2e/app.py"), 404, "E-HIS-20")
    refused = api.request("DELETE", "/v1/bills")
    problem(refused, 405, "E-HIS-21")
    assert {one.strip() for one in refused.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_status_and_health_answer(api):
    assert api.get("/v1/status").json()["screen"] == "idle"
    assert api.get("/healthz").json()["status"] == "ok"
