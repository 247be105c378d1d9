"""The work list at the API: what a HIS may rely on, and the claim to print."""

from __future__ import annotations

import httpx
import pytest
from msgspec.structs import replace

from edge.core.types import Bill, BillState, BillStatus, FeeLine, Outcome, TaskStatus
from edge.http.tasks import CLOSE_BYTES_MAX
from tests.flows.test_offline import desk, offline_visit
from tests.flows.test_tasks import back, receipt
from tests.http.real import RealPort
from tests.http.scripted import ScriptedPort, serving, work
from tests.http.test_his import problem

CLOSE = {"how": "collected", "amount_fen": 60_00, "operator": "张护士"}


@pytest.fixture
def port() -> ScriptedPort:
    port = ScriptedPort()
    for number, status in enumerate(TaskStatus):
        port.work[f"t{number}"] = work(f"t{number}", status=status)
    lines = (FeeLine("1", "A1", "<b>阿莫西林</b>", 100_00),)
    bill = Bill("settle", "B-1", 100_00, lines, dr_name='王"医生')
    port.bills["b1"] = BillState("b1", bill, BillStatus.REJECTED, 3, 0, 0, seq=7, psn_no="P1")
    return port


def close(api: httpx.Client, task_id: str = "t0", key: str = "k", **body: object) -> httpx.Response:
    return api.post(
        f"/v1/tasks/{task_id}/close", json=CLOSE | body, headers={"Idempotency-Key": key}
    )


def test_tasks_are_listed_by_status_and_cut_at_the_limit(api):
    for status, count in (("open", 1), ("closing", 1), ("undone", 2), ("all", 4), ("noted", 1)):
        body = api.get(f"/v1/tasks?status={status}").json()
        assert (len(body["tasks"]), body["total"]) == (count, count), status
    cut = api.get("/v1/tasks?limit=1").json()
    assert (len(cut["tasks"]), cut["total"]) == (1, 4)


def test_a_task_says_how_it_may_be_closed_the_usual_way_first(api):
    body = api.get("/v1/tasks/t0").json()
    assert body["hows"] == ["collected", "claimed", "written_off"]
    assert body["blocks"] and body["claim"] and not body["free"]
    assert body["task"]["due_fen"] == 60_00
    assert api.get("/v1/tasks/t1").json()["hows"] == []  # closing: nothing to do


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/tasks/nothing", 404, "E-TSK-03"),
        ("/v1/tasks/" + "t" * 65, 404, "E-TSK-03"),
        ("/v1/tasks/nothing/claim", 404, "E-TSK-03"),
        ("/v1/tasks?status=mine", 400, "E-HIS-28"),
        ("/v1/tasks?status=open&status=open", 400, "E-HIS-28"),
        ("/v1/tasks?limit=501", 400, "E-HIS-28"),
        ("/v1/tasks/t0/claim.html?lang=tlh", 400, "E-HIS-28"),
    ],
)
def test_what_is_not_there_or_malformed_is_a_problem(api, path, status, code):
    problem(api.get(path), status, code)


def test_a_closing_is_answered_once_per_key_and_belongs_to_its_task(api, port):
    first = close(api)
    assert (first.status_code, first.json()) == (202, {"task_id": "t0", "status": "closing"})
    again = close(api)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    problem(close(api, "t2"), 422, "E-HIS-03")  # the same key on another task
    problem(close(api, key="k2"), 422, "E-TSK-04")


@pytest.mark.parametrize(
    "body",
    [
        {"amount_fen": -1},
        {"amount_fen": 1.5},
        {"amount_fen": "60"},
        {"how": ""},
        {"operator": ""},
        {"operator": "x" * 65},
        {"note": "x" * 201},
        {"extra": 1},
    ],
)
def test_a_closing_is_read_strictly(api, port, body):
    problem(close(api, **body), 422, "E-HIS-05")
    assert port.events == []


def test_a_closing_has_bounds_and_needs_a_key(api):
    problem(close(api, note="x" * CLOSE_BYTES_MAX), 413, "E-HIS-22")
    problem(api.post("/v1/tasks/t0/close", json=CLOSE), 400, "E-HIS-01")
    problem(api.post("/v1/tasks/t0/close", headers={"Idempotency-Key": "k"}), 415, "E-HIS-23")


def test_the_claim_has_what_the_terminal_knows_and_blanks_for_what_it_never_kept(api, port):
    form = api.get("/v1/tasks/t0/claim").json()
    assert (form["medfee_sumamt"], form["psn_cash_pay"], form["claim_amt"]) == (
        "100.00",
        "40.00",
        "60.00",
    )
    assert form["fixmedins_code"] == port.settings.fixmedins_code and form["psn_no"] == "P1"
    assert form["feedetail"][0]["det_item_fee_sumamt"] == "100.00"
    assert form["record"]["hash"] == "ab" * 32
    assert form["psn_name"] == form["certno"] == form["bankacct"] == ""
    port.work["t0"] = work("t0", "difference")
    problem(api.get("/v1/tasks/t0/claim"), 404, "E-TSK-06")
    port.work["t0"] = replace(work("t0"), bill_id="")
    problem(api.get("/v1/tasks/t0/claim"), 404, "E-TSK-06")


@pytest.mark.parametrize(("lang", "title"), [("zh-CN", "手工报销"), ("en", "Claim for")])
def test_the_claim_page_says_the_same_and_escapes_every_value(api, lang, title):
    answer = api.get(f"/v1/tasks/t0/claim.html?lang={lang}")
    assert answer.headers["content-type"].startswith("text/html")
    assert title in answer.text and "100.00" in answer.text and "ab" * 32 in answer.text
    assert "<b>阿莫西林" not in answer.text and "&lt;b&gt;阿莫西林" in answer.text
    assert "王&quot;医生" in answer.text


def test_with_a_token_the_page_may_be_opened_and_the_tasks_need_it():
    with (
        serving(ScriptedPort("secret")) as base,
        httpx.Client(base_url=base, trust_env=False, headers={"Host": "10.0.0.8"}) as api,
    ):
        assert api.get("/desk").status_code == 200
        assert api.get("/static/js/desk/desk.js").status_code == 200
        problem(api.get("/v1/tasks"), 401, "E-HIS-26")
        problem(api.get("/"), 421, "E-HIS-24")  # the patient's page never
        assert api.get("/v1/tasks", headers={"Authorization": "Bearer secret"}).status_code == 200


def test_without_a_token_only_this_machine_sees_the_desk(api):
    assert api.get("/desk").status_code == 200
    problem(api.get("/desk", headers={"Host": "10.0.0.8"}), 421, "E-HIS-24")


def test_a_rejected_bill_is_worked_off_through_the_api_of_the_real_terminal():
    port = RealPort(back(offline_visit(desk(), "N1"), Outcome.REJECTED, code="suspended"))
    with serving(port) as base, httpx.Client(base_url=base, trust_env=False) as api:
        (shown,) = api.get("/v1/tasks?status=open").json()["tasks"]
        task_id = shown["task"]["task_id"]
        assert api.get("/v1/status").json()["tasks"]["collect_fen"] == 60_00
        problem(close(api, task_id, amount_fen=1), 422, "E-TSK-04")
        assert close(api, task_id, key="k2").status_code == 202
        assert api.get("/v1/status").json()["blocked"] == 1
        port.do(lambda d: receipt(d))
        body = api.get(f"/v1/tasks/{task_id}").json()
        assert body["task"]["status"] == "closed" and body["task"]["closing"]["seq"] == 2
        assert api.get("/v1/status").json()["blocked"] == 0
        problem(close(api, task_id, key="k3"), 409, "E-TSK-05")
        assert "100.00" in api.get(f"/v1/tasks/{task_id}/claim.html").text
