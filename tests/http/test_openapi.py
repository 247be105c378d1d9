"""The API and its description agree: schemathesis sends what the description allows and what it forbids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from edge.http.openapi import OPERATIONS
from tests.http.scripted import ScriptedPort, serving

EXAMPLES = 12
# 422 is a business no to a bill that fits the schema (lines that do not sum up): documented, and no fault of the description.
CONFIG = """\
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422", "5xx"]
"""


def test_every_route_is_described_and_every_description_routed(api, port):
    from edge.http.app import make_app
    routed = {(route.path, method) for route in make_app(port).routes for method in (getattr(route, "methods", None) or ())}
    described = {(op.path, op.method.upper()) for op in OPERATIONS}
    plain = {("/", "GET"), ("/kiosk/events", "GET"), ("/openapi.json", "GET")}
    assert {pair for pair in routed if pair[1] != "HEAD"} == described | plain


def test_the_document_is_openapi_3_1_and_every_error_is_a_problem(api):
    document = api.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                kinds = list(answer["content"])
                assert kinds == (["application/problem+json"] if int(status) >= 400 else ["application/json"])


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    port = ScriptedPort()
    with serving(port) as base:
        answer = httpx.post(f"{base}/v1/bills", json={"kind": "settle", "bill_no": "1", "amount_fen": 1},
                            headers={"Idempotency-Key": "seed"}, trust_env=False)
        assert answer.status_code == 202
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json",
             "--max-examples", str(EXAMPLES), "--seed", "1", "--checks", "all", "--request-timeout", "10",
             "--phases", "examples,coverage,fuzzing", "--no-color", "--exclude-checks", "unsupported_method"],
            cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False,
            env=os.environ | {"NO_PROXY": "127.0.0.1"})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
