"""The drop-in for HIS vendors: a recorded conversation of the national terminal library, replayed over
real HTTP against the real core; the test is the patient."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.core import events as e
from tests.flows import kit
from tests.http.real import RealPort
from tests.http.scripted import serving

TALK = json.loads((Path(__file__).parent / "his_conversation.json").read_text())["lines"]
ORG = kit.SETTINGS.fixmedins_code
CODE = "0123456789abcdef0123456789ab"


class Counter:
    """A HIS at the terminal, and the patient before it."""

    def __init__(self, port: RealPort, base: str) -> None:
        self.port = port
        self.http = httpx.Client(base_url=base, timeout=20, trust_env=False)

    def say(self, line: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post("/nation-ec", json=line)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert set(found) == {"code", "message", "orgId", "data"}
        return found | {"data": json.loads(found["data"])}

    def trans(self, what: str, **data: Any) -> dict[str, Any]:
        return self.say({"orgId": ORG, "transType": what, "data": data})

    def at_once(self, act: Callable[[], Any]) -> Callable[[], Any]:
        """Run `act` beside the test; call the result to wait for it."""
        box: list[Any] = []
        thread = threading.Thread(target=lambda: box.append(act()), daemon=True)
        thread.start()

        def wait() -> Any:
            thread.join(20)
            assert not thread.is_alive()
            return box[0]

        return wait

    def screen(self, name: str) -> dict[str, Any]:
        """Wait until the terminal shows it."""
        until = time.monotonic() + 10
        while self.port.screen().name != name:
            assert time.monotonic() < until, (name, self.port.screen())
            time.sleep(0.01)
        return self.port.screen().fields

    def patient(self, how: str) -> None:
        """What the patient does when the screen says so."""
        if how == "face":
            self.screen("ways")
            self.port.do(lambda desk: kit.tell_story(desk, *kit.FACE, kit.known_as()))
        elif how == "code":
            self.screen("code")
            self.port.do(lambda desk: desk.post(e.CodeSeen(CODE)))
        elif how == "known":
            self.asked()
            self.port.do(kit.known_as())

    def asked(self) -> Any:
        """Wait until the terminal asks the centre who it is; the question."""
        until = time.monotonic() + 10
        while not any(ask.infno == "1101" for ask in self.port.desk.asks):
            assert time.monotonic() < until
            time.sleep(0.01)
        return self.port.desk.ask("1101")


@pytest.fixture
def desk() -> kit.Desk:
    desk = kit.Desk(kit.policy("P1"))
    desk.post(e.LinkUp())
    return desk


@pytest.fixture
def counter(desk):
    port = RealPort(desk)
    with serving(port) as base:
        yield Counter(port, base)


def test_a_recorded_conversation_of_a_his_replays_word_for_word(counter):
    for number, line in enumerate(TALK):
        told = counter.at_once(lambda line=line: counter.say(line["say"]))
        if "patient" in line:
            counter.patient(line["patient"])
        answer = told()
        if line["answer"]["code"] != 0:
            answer.pop("message")
        assert answer == line["answer"], number
        counter.port.do(lambda desk: desk.wait(20_000))  # the notice has its time
    assert counter.port.desk.ledger == []  # an errand makes no record


def test_the_result_is_the_hospitals_word_and_is_never_shown_as_settled(counter):
    counter.trans("cn.nhsa.settle.notify", medicalSettleState="SUCCESS", totalFee="88.5",
                  hifAmt="50", ownAmt="38.5", userName="张三丰")  # fmt: skip
    fields = counter.screen("notice")
    assert (fields["what"], fields["person"]) == ("success", "张**")
    assert fields["rows"][0] == ["slip.medfee_sumamt", "88.50"]
    assert "settled" not in {show.name for show in counter.port.desk.shows}


def test_a_patient_who_walks_away_or_cancels_is_told_to_the_his(counter):
    auth = {"businessType": "01101", "outBizNo": "n1"}
    told = counter.at_once(lambda: counter.trans("cn.nhsa.ec.auth", **auth))
    counter.screen("ways")
    counter.port.do(lambda desk: kit.press("cancel")(desk))
    answer = told()
    assert answer["code"] == -1
    assert "cancelled" in answer["message"]
    again = counter.trans("cn.nhsa.ec.auth", **auth)
    assert "outBizNo" in again["message"]


def test_a_family_member_may_be_chosen_and_the_token_is_theirs(counter):
    auth = {"businessType": "01301", "outBizNo": "n2"}
    told = counter.at_once(lambda: counter.trans("cn.nhsa.ec.auth", **auth))
    counter.screen("ways")
    story = (*kit.FACE, kit.known_as(kit.PERSON, kit.CHILD), kit.on("whom", kit.press("choose", "1")))
    counter.port.do(lambda desk: kit.tell_story(desk, *story))
    auth_no = told()["data"]["authNo"]
    found = counter.trans("cn.nhsa.auth.check", authNo=auth_no, outBizNo="other")
    assert found["code"] == -1
    found = counter.trans("cn.nhsa.auth.check", authNo=auth_no, outBizNo="n2")
    assert (found["data"]["ecToken"], found["data"]["idNo"]) == ("ec-token-2", "")


def test_without_the_network_nobody_is_recognised_and_no_code_is_believed(counter):
    counter.port.do(kit.link_lost)
    told = counter.trans("cn.nhsa.ec.auth", businessType="01301", outBizNo="n3")
    assert (told["code"], counter.port.screen().name) == (-1, "refused")
    assert "E-HIS-38" in counter.trans("ec.query", businessType="01301", ecQrCode=CODE)["message"]


def test_an_authorisation_ends_after_five_minutes(counter):
    told = counter.at_once(
        lambda: counter.trans("cn.nhsa.ec.auth", businessType="01301", outBizNo="n4")
    )
    counter.patient("face")
    auth_no = told()["data"]["authNo"]
    counter.port.do(lambda desk: desk.wait(5 * 60_000 + 1))
    assert "E-HIS-37" in counter.trans("cn.nhsa.auth.check", authNo=auth_no)["message"]


def test_a_code_that_the_centre_refuses_is_said_with_its_reason(counter):
    told = counter.at_once(lambda: counter.trans("ec.query", businessType="02121", ecQrCode=CODE))
    body = counter.asked().body
    assert (body["ecQrCode"], body["businessType"], body["orgId"]) == (CODE, "02121", ORG)
    counter.port.do(kit.unknown("code_expired"))
    assert "code_expired" in told()["message"]


def test_a_caller_that_goes_away_frees_the_terminal_and_one_errand_waits(counter):
    """A bill is in front, so an errand waits; another is told so until the first caller leaves."""
    counter.port.do(lambda desk: kit.send()(desk))

    def sends(number: str, wait_s: float) -> str:
        data = {"businessType": "01301", "outBizNo": number}
        errand = {"orgId": ORG, "transType": "cn.nhsa.ec.auth", "data": data}
        with httpx.Client(base_url=counter.http.base_url, timeout=wait_s, trust_env=False) as client:
            try:
                return str(client.post("/nation-ec", json=errand).json()["message"])
            except httpx.ReadTimeout:
                return "waits"

    calls = counter.port.desk.calls
    first = threading.Thread(target=sends, args=("w1", 5.0))
    first.start()
    until(lambda: counter.port.desk.calls > calls)  # it is the first: of two at once either may be
    assert "Another request waits" in sends("w2", 20)  # E-HIS-35 is also said of a number that was used
    first.join()
    until(lambda: sends("w3", 1.0) == "waits")
    assert counter.port.screen().fields["kind"] == "settle"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


WRONG = [
    ({"transType": "cn.nhsa.unheard.of"}, "E-HIS-39"),
    ({"orgId": "H99999999999"}, "E-HIS-39"),
    ({"data": {"businessType": "99999", "outBizNo": "x"}}, "E-HIS-39"),
    ({"data": {"businessType": "01301"}}, "E-HIS-39"),
    ({"data": {"businessType": 1301, "outBizNo": "x"}}, "E-HIS-05"),
    ({"data": {"businessType": "01301", "outBizNo": "x" * 65}}, "E-HIS-05"),
    ({"data": {"businessType": "01301", "outBizNo": "x", "unheardOf": 1}}, "E-HIS-05"),
    ({"transType": "cn.nhsa.settle.notify", "data": {"medicalSettleState": "MAYBE"}}, "E-HIS-39"),
    ({"transType": "cn.nhsa.settle.notify",
      "data": {"medicalSettleState": "SUCCESS", "totalFee": "1e9"}}, "E-TX-06"),
    ({"transType": "ec.query", "data": {"businessType": "01301"}}, "E-HIS-39"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), WRONG)
def test_a_message_that_does_not_fit_is_answered_in_the_same_shape(counter, change, code):
    line = {"orgId": ORG, "transType": "cn.nhsa.ec.auth", "data": {}} | change
    told = counter.say(line)
    assert (told["code"], told["data"]) == (-1, {})
    assert told["message"].startswith(code)
    assert counter.port.screen().name == "idle"


def test_what_is_no_json_or_comes_from_elsewhere_is_refused_at_the_door(counter):
    post = counter.http.post
    json_ = {"content-type": "application/json"}
    assert post("/nation-ec", content=b"{", headers=json_).status_code == 400
    assert post("/nation-ec", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert post("/nation-ec", content=b"{}", headers=json_ | {"host": "evil.test"}).status_code == 421
