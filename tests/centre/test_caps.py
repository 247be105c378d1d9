"""Every cap that a terminal holds itself to is held by the centre as well, or there is a written
reason why it cannot be: a terminal that was tampered with does not get past both."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from kit import NOW, estimate, near, template

from edge.core.limits import CAPS
from edge.core.types import Caps, Mode
from edge.wire import policy as wire
from sim.centre.books import people, policy

HOUR = 3_600_000
DAY = 24 * HOUR
LONG = {"hours_since_centre_max": 24 * 60, "catalogue_age_days_max": 60, "records_max": 1000}
LINES = [("SYN-A-0001", 8_000)]


class Offline:
    """A terminal whose policy says what a test wants, and people who come with card and face."""

    def __init__(self, centre: Any, device: Any, folk: Any) -> None:
        self.centre, self.device, self.folk = centre, device, folk
        self.bills = 0
        for number, person in enumerate(folk[:3]):
            people.register_face(centre.store, person.psn_no, template(number), "m" * 64)
        device.ask("policy", {"hash": bytes(32)})

    def policy(self, *, issued_ms: int = NOW, caps: dict[str, Any], **changes: Any) -> None:
        made = policy.Policy(
            profile="P1", version=9, issued_utc_ms=issued_ms, valid_until_utc_ms=NOW + 90 * DAY,
            caps=Caps(**caps), allow=("settle",), face_nopassword_max_fen=50_000_00,
            liveness_threshold=0.5, liveness_steps=2, rules_utc_ms=NOW, force=False,
        )  # fmt: skip
        made = msgspec.structs.replace(made, **changes)
        with self.centre.store.begin() as conn:
            document = policy.publish(conn, made, self.device.name, self.centre.issuer.signer)
        self.device.policy_hash = wire.document_hash(document)

    def body(self, who: int = 0, fund_fen: int = 0, **more: Any) -> Any:
        self.bills += 1
        identity, verdict = self.device.offline(self.folk[who], near(template(who), 7))
        more.setdefault("estimate", estimate(fund_fen, 8_000 - fund_fen))
        more.setdefault("data", {"acct_used_flag": "0"})
        return self.device.settle(identity, f"C{self.bills}", LINES, verdict=verdict, **more)

    def say(self, *bodies: Any, at: int = NOW + HOUR, sent: int = 0) -> list[str]:
        """What the centre says of records that were written at `at` and sent together."""
        seqs = [self.device.write(body, Mode.PROVISIONAL, now=at) for body in bodies]
        (answer,) = self.device.send(seqs[0], seqs[-1], now=sent or at)
        return [one.body["err_msg"] for one in answer.results]


@pytest.fixture
def offline(centre: Any, device: Any, folk: Any) -> Offline:
    return Offline(centre, device, folk)


def test_every_cap_of_the_terminal_is_held_here_or_there_is_a_reason() -> None:
    assert set(policy.WHY) | set(policy.NOT_OURS) == set(CAPS)
    assert not set(policy.WHY) & set(policy.NOT_OURS)
    assert all(len(reason) > 20 for reason in policy.NOT_OURS.values())


def test_every_limit_of_a_signed_policy_is_read_here() -> None:
    source = policy.__loader__.get_source(policy.__name__)  # type: ignore[union-attr]
    unread = {name for name in Caps.__struct_fields__ if f"caps.{name}" not in source}
    assert unread == {"clock_back_max_ms"}, "its reason is NOT_OURS['clock']"


@pytest.mark.parametrize(
    ("cap", "caps", "changes", "at"),
    [
        ("hours", {}, {}, NOW + 25 * HOUR),
        ("attest", LONG | {"attest_days_max": 2}, {}, NOW + 2 * DAY + HOUR),
        ("catalogue", LONG | {"catalogue_age_days_max": 1}, {}, NOW + DAY + HOUR),
        ("kind", {}, {"allow": ("pharmacy",)}, NOW + HOUR),
        ("total", {"total_max_fen": 7_999}, {}, NOW + HOUR),
        ("fund_part", {"fund_part_max_fen": 999}, {}, NOW + HOUR),
        ("exposure", {"fund_exposure_max_fen": 999}, {}, NOW + HOUR),
        ("records", {"records_max": 0}, {}, NOW + HOUR),
        ("person", {"per_person_per_outage": 0}, {}, NOW + HOUR),
    ],
)
def test_a_record_that_breaks_a_cap_is_named_and_one_that_keeps_it_is_not(
    offline: Offline, cap: str, caps: dict[str, Any], changes: dict[str, Any], at: int
) -> None:
    offline.policy(caps=caps, **changes)
    assert offline.say(offline.body(fund_fen=1_000), at=at) == [policy.WHY[cap]]
    offline.policy(caps=LONG)
    assert offline.say(offline.body(fund_fen=1_000), at=at + 1000) == [""]


def test_a_wish_of_the_his_that_the_policy_does_not_allow_is_named(offline: Offline) -> None:
    offline.policy(caps={})
    assert offline.say(offline.body(prefer="force_provisional")) == [policy.WHY["force"]]
    assert offline.say(offline.body(estimate=None)) == [policy.WHY["rules"]]


def test_nothing_is_taken_on_top_of_a_record_that_waited_too_long(offline: Offline) -> None:
    offline.policy(caps=LONG | {"records_age_hours_max": 10})
    first = offline.device.write(offline.body(0), Mode.PROVISIONAL, now=NOW + HOUR)
    offline.device.write(offline.body(1), Mode.PROVISIONAL, now=NOW + 10 * HOUR)
    last = offline.device.write(offline.body(2), Mode.PROVISIONAL, now=NOW + 12 * HOUR)
    (answer,) = offline.device.send(first, last, now=NOW + 13 * HOUR)
    assert [one.body["err_msg"] for one in answer.results] == ["", "", policy.WHY["age"]]
    assert offline.say(offline.body(2), at=NOW + 14 * HOUR) == [""], "all are decided now"


def test_an_answer_to_a_record_is_contact_but_only_our_word_on_the_policy_is_attestation(
    offline: Offline,
) -> None:
    offline.policy(caps=LONG | {"attest_days_max": 2})
    later = NOW + DAY
    assert offline.say(offline.body(0), at=later) == [""], "an answer: contact"
    assert offline.say(offline.body(1), at=NOW + 2 * DAY + HOUR) == [policy.WHY["attest"]]
    offline.device.ask("policy", {"hash": offline.device.policy_hash}, now=NOW + 2 * DAY + 2 * HOUR)
    assert offline.say(offline.body(2), at=NOW + 3 * DAY) == [""]
