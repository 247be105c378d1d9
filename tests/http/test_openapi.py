"""The API and its description agree: schemathesis sends what it allows and forbids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from edge.http.openapi import EXAMPLE_BILL_ID, EXAMPLE_TASK_ID, OPERATIONS
from tests.flows import kit
from tests.http.real import RealPort
from tests.http.scripted import ScriptedPort, serving, work

EXAMPLES = 12
# 422 is a business no to a bill that fits the schema (lines that do not sum up): it is documented.
CONFIG = """\
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422", "5xx"]
"""


def test_every_route_is_described_and_every_description_routed(api, port):
    from edge.http.app import make_app

    routed = {
        (route.path, method)
        for route in make_app(port).routes
        for method in (getattr(route, "methods", None) or ())
    }
    described = {(op.path, op.method.upper()) for op in OPERATIONS}
    pages = {"/", "/desk", "/v1/tasks/{task_id}/claim.html"}
    plain = {(path, "GET") for path in (*pages, "/kiosk/events", "/openapi.json")}
    assert {pair for pair in routed if pair[1] != "HEAD"} == described | plain


def test_the_document_is_openapi_3_1_and_every_error_is_a_problem(api):
    document = api.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                kinds = list(answer["content"])
                assert kinds == (
                    ["application/problem+json"] if int(status) >= 400 else ["application/json"]
                )


def run_schemathesis(base: str, where: Path, *more: str) -> str:
    (where / "schemathesis.toml").write_text(CONFIG)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{base}/openapi.json",
            "--max-examples",
            str(EXAMPLES),
            "--seed",
            "1",
            "--checks",
            "all",
            "--request-timeout",
            "10",
            "--phases",
            "examples,coverage,fuzzing",
            "--no-color",
            *more,
        ],
        cwd=where,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path):
    port = ScriptedPort()
    with serving(port) as base:
        answer = httpx.post(
            f"{base}/v1/bills",
            json={"kind": "settle", "bill_no": "1", "amount_fen": 1},
            headers={"Idempotency-Key": "seed"},
            trust_env=False,
        )
        assert (
            answer.json()["bill_id"] == EXAMPLE_BILL_ID
        )  # so that examples meet a bill that is there
        port.work[EXAMPLE_TASK_ID] = work(EXAMPLE_TASK_ID, bill_id=EXAMPLE_BILL_ID)
        said = run_schemathesis(base, tmp_path)
    assert f"{len(OPERATIONS)} selected / {len(OPERATIONS)} total" in said, said
    assert {type(event).__name__ for event in port.events} >= {
        "BillArrived",
        "CancelArrived",
        "TaskCloseArrived",
        "Pressed",
    }


@pytest.mark.slow
def test_schemathesis_finds_nothing_in_front_of_the_real_terminal(tmp_path: Path):
    port = RealPort(kit.Desk(kit.policy("P1")))
    with serving(port) as base:
        run_schemathesis(base, tmp_path, "--include-path-regex", "bills|tasks|press|status")
    assert port.desk.calls > EXAMPLES


def test_a_lying_description_is_caught(tmp_path: Path):
    """The check above can fail: a server that answers beyond its description does not pass."""

    class Lying(ScriptedPort):
        async def call(self, make):
            return 299, {"surprise": True}

    with serving(Lying()) as base, pytest.raises(AssertionError, match=r"299|Undocumented"):
        run_schemathesis(
            base,
            tmp_path,
            "--include-path",
            "/v1/bills",
            "--max-examples",
            "1",
            "--phases",
            "fuzzing",
        )
