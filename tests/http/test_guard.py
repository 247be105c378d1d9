"""The door: who may come in, and what every answer carries."""

from __future__ import annotations

import httpx
import pytest

from edge.errors import EdgeError
from edge.http.app import server_config
from edge.http.guard import host_of, is_loopback
from tests.http.scripted import ScriptedPort, serving
from tests.http.test_his import BILL, problem

PRESS = {"button": "cancel", "value": "", "visit": 1}


@pytest.mark.parametrize(
    "path", ["/", "/v1/status", "/kiosk/lang", "/static/index.html", "/healthz", "/kiosk/events"]
)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "10.0.0.8",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
    ],
)
def test_a_strange_host_header_is_refused_everywhere(api, path, host):
    problem(api.get(path, headers={"Host": host}), 421, "E-HIS-24")


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("127.0.0.1:8080", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:8080", True),
        ("127.8.8.8", True),
        ("[::2]", False),
        ("0.0.0.0", False),
        ("", False),
        ("localhost.", False),
        ("2130706433", False),
    ],
)
def test_only_the_loopback_names_this_machine(value, good):
    assert is_loopback(host_of(value)) is good


def test_every_answer_carries_the_security_headers(api):
    for path in ("/", "/static/js/kiosk.js", "/v1/status", "/nothing"):
        headers = api.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
    assert api.get("/v1/status").headers["cache-control"] == "no-store"


def test_no_other_page_may_read_the_api(api):
    answer = api.options(
        "/v1/bills",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_another_page_presses_nothing(api, port, headers):
    problem(api.post("/kiosk/press", json=PRESS, headers=headers), 403, "E-HIS-25")
    problem(api.get("/kiosk/events", headers=headers), 403, "E-HIS-25")
    assert not port.events


def test_the_own_page_presses(api, port):
    own = {"Origin": str(api.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert api.post("/kiosk/press", json=PRESS, headers=own).status_code == 202
    assert port.events[0].button == "cancel"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"button": "explode"}, "E-HIS-05"),
        ({"button": "choose", "value": "x" * 65}, "E-HIS-05"),
        ({"button": "done", "visit": -1}, "E-HIS-05"),
        ({"button": "done", "more": 1}, "E-HIS-05"),
        ({}, "E-HIS-05"),
    ],
)
def test_a_malformed_press_is_refused(api, port, body, code):
    problem(api.post("/kiosk/press", json=body), 422, code)
    assert not port.events


def test_a_long_press_body_is_refused(api):
    problem(api.post("/kiosk/press", json=PRESS | {"value": "x" * 2000}), 413, "E-HIS-22")


def test_with_a_token_the_api_needs_it_and_the_page_does_not():
    port = ScriptedPort(api_token="s3cret")
    with serving(port) as base, httpx.Client(base_url=base, trust_env=False) as api:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic s3cret"},
            {"Authorization": "Bearer"},
        ):
            answer = api.get("/v1/status", headers=headers)
            problem(answer, 401, "E-HIS-26")
            assert answer.headers["www-authenticate"] == "Bearer"
        good = {"Authorization": "Bearer s3cret"}
        assert api.get("/v1/status", headers=good).status_code == 200
        assert (
            api.get("/v1/status", headers=good | {"Host": "terminal.clinic.example"}).status_code
            == 200
        )
        assert (
            api.post("/v1/bills", json=BILL, headers=good | {"Idempotency-Key": "k"}).status_code
            == 202
        )
        assert api.get("/").status_code == 200
        problem(api.get("/", headers=good | {"Host": "terminal.clinic.example"}), 421, "E-HIS-24")
        assert api.get("/openapi.json").json()["paths"]["/v1/bills"]["post"]["security"] == [
            {"bearer": []}
        ]


def test_another_interface_without_a_token_is_refused_at_the_start():
    with pytest.raises(EdgeError, match="E-CFG-10"):
        server_config(ScriptedPort(), "0.0.0.0")
    server_config(ScriptedPort(api_token="t"), "0.0.0.0")
