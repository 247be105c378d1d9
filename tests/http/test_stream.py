"""The screens as server-sent events."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

import httpx
import pytest

from edge.http import his, kiosk
from tests.http.scripted import ScriptedPort
from tests.http.test_his import post, problem


def shows(answer: httpx.Response) -> Iterator[dict]:
    for line in answer.iter_lines():
        if line.startswith('data: {"name"'):
            yield json.loads(line[6:])


def until(condition) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("never")


def test_the_current_screen_comes_first_then_each_new_one(api, port: ScriptedPort):
    port.show("ways", 4, 60_000, ways=["card"])
    with api.stream("GET", "/kiosk/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = shows(answer)
        first = next(stream)
        assert (first["name"], first["visit"], first["left_ms"], first["fields"]["ways"]) == (
            "ways",
            4,
            60_000,
            ["card"],
        )
        port.show("card", 4)
        port.show("idle", 5)
        assert [next(stream)["name"], next(stream)["name"]] == ["card", "idle"]


def test_a_quiet_stream_beats(api, port: ScriptedPort, monkeypatch):
    monkeypatch.setattr(kiosk, "HEARTBEAT_S", 0.05)
    with api.stream("GET", "/kiosk/events") as answer:
        lines = answer.iter_lines()
        seen = [next(lines) for _ in range(9)]
    assert ": still here" in seen
    assert "event: beat" in seen


def test_subscribers_are_bounded_and_leave_their_place(api, port: ScriptedPort, monkeypatch):
    monkeypatch.setattr(kiosk, "SUBSCRIBERS_MAX", 2)
    with contextlib.ExitStack() as stack:
        streams = [shows(stack.enter_context(api.stream("GET", "/kiosk/events"))) for _ in range(2)]
        assert [next(stream)["name"] for stream in streams] == ["idle", "idle"]
        with api.stream("GET", "/kiosk/events") as third:
            third.read() if third.status_code != 200 else None
            problem(third, 503, "E-HIS-27")
    until(lambda: port.subscribers == 0)
    with api.stream("GET", "/kiosk/events") as answer:
        assert next(shows(answer))["name"] == "idle"


def test_long_polls_are_bounded(api, port: ScriptedPort, monkeypatch):
    monkeypatch.setattr(his, "LONG_POLLS_MAX", 0)
    bill_id = post(api).json()["bill_id"]
    refused = api.get(f"/v1/bills/{bill_id}?wait=30")
    problem(refused, 503, "E-HIS-27")
    assert int(refused.headers["retry-after"]) > 0
    assert api.get(f"/v1/bills/{bill_id}").status_code == 200


def test_a_decision_that_does_not_come_is_unknown_and_asked_again_with_the_same_key(
    api, port: ScriptedPort, monkeypatch
):
    monkeypatch.setattr(his, "CALL_WAIT_S", 0.1)
    port.slow = True
    problem(post(api), 503, "E-HIS-31")
    port.release.set()
    assert post(api).status_code == 202


@pytest.mark.parametrize(
    "path", ["/", "/static/js/kiosk.js", "/static/css/base.css", "/static/i18n/en.json"]
)
def test_the_page_and_its_parts_are_served(api, path):
    assert api.get(path).status_code == 200


def test_the_page_has_no_inline_script_or_style(api):
    page = api.get("/").text
    assert "<style" not in page
    assert "style=" not in page
    assert page.count("<script") == page.count('<script type="module" src=') == 1
