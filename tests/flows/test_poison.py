"""What would end the process at the moment of signing must be refused at the door."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from edge.core import events as e
from edge.core.effects import Append, Ask
from edge.core.tx import _forms
from edge.core.types import (
    AMOUNT_FEN_MAX,
    BODY_BYTES_MAX,
    LINES_MAX,
    TEXT_MAX,
    Bill,
    BillStatus,
    FeeLine,
)
from edge.core.visit.who.persons import PERSON_CHARS_MAX, PSN_CHARS_MAX
from edge.wire import cbor
from edge.wire.record import plain_map
from tests.flows.kit import (
    BOOK,
    FACE,
    PERSON,
    SETTINGS,
    Desk,
    bill,
    estimated,
    follow,
    good_face,
    known_as,
    link_lost,
    link_up,
    on,
    policy,
    post,
    press,
    send,
    tell_story,
    template,
    unknown,
    wait,
)

WIDE = "\U0002a6a5"  # four bytes in UTF-8


def long_bill(lines: int, name: str, *, code: str = "XJ01CAA040A001010104873", **more: str) -> Bill:
    each = AMOUNT_FEN_MAX // LINES_MAX if "dept_name" in more else 100
    rows = tuple(
        FeeLine(f"{number:03d}", code, name, each, "1.0000", "9999999999.999999")
        for number in range(lines)
    )
    return Bill(kind="settle", bill_no="HIS-1", amount_fen=each * lines, lines=rows, **more)


def test_two_hundred_ordinary_lines_are_served_to_the_end() -> None:
    d = tell_story(Desk(policy()), link_up, send(long_bill(LINES_MAX, "阿莫西林胶囊0.25g*24粒")))
    tell_story(d, *FACE, known_as(), estimated, on("confirm", press("confirm")))
    assert len(d.ledger) == 1
    for draft in d.drafts:
        assert len(cbor.dumps(draft.body)) <= BODY_BYTES_MAX


def test_a_bill_whose_record_would_not_fit_is_refused_at_the_door_and_not_when_it_is_signed() -> (
    None
):
    d = tell_story(Desk(policy()), link_up)
    reply = d.send(long_bill(LINES_MAX, "阿" * TEXT_MAX))
    assert (reply.status, reply.body["code"]) == (422, "E-TX-03")
    assert d.bills() == {}
    assert d.send(long_bill(1, "阿")).status == 202


@pytest.mark.parametrize(
    ("count", "mdtrt_id"), [(LINES_MAX, ""), (100, WIDE * 64)], ids=["new", "known"]
)
def test_the_largest_bill_that_passes_the_door_fits_into_a_record_and_a_question(
    count: int, mdtrt_id: str
) -> None:
    """Every text as long as it may be, the lines filled up to the last byte."""
    wide = WIDE * 64
    texts = dict.fromkeys(("dept_code", "dept_name", "dr_name", "atddr_no"), wide)
    big = long_bill(count, "", mdtrt_id=mdtrt_id, **texts)
    room = _forms.LINES_BYTES_MAX - _forms.lines_bytes(big)
    lines = list(big.lines)
    for index, line in enumerate(lines):
        take = min(TEXT_MAX, room // 4)
        lines[index] = replace(line, medins_list_name=WIDE * take)
        room -= take * 4
    big = replace(big, lines=tuple(lines))
    assert 0 <= _forms.LINES_BYTES_MAX - _forms.lines_bytes(big) < 4
    settings = replace(SETTINGS, fixmedins_name=WIDE * 200, opter=WIDE * 30, opter_name=WIDE * 50)
    person = PERSON | {
        "psn_no": "9" * PSN_CHARS_MAX,
        "psn_name": WIDE * PERSON_CHARS_MAX,
        "insutype": WIDE * PERSON_CHARS_MAX,
        "insuplc_admdvs": WIDE * PERSON_CHARS_MAX,
        "ecToken": WIDE * PERSON_CHARS_MAX,
        "relation": WIDE * PERSON_CHARS_MAX,
    }
    models = tuple((role, "a" * 64) for role in ("detector", "mesh", "spoof"))
    d = Desk(
        policy(face_nopassword_max_fen=AMOUNT_FEN_MAX), settings=replace(settings, models=models)
    )
    tell_story(d, link_up, send(big), *FACE, known_as(person), estimated)
    tell_story(d, on("confirm", press("confirm")))
    bodies = [x.body for x in d.effects if isinstance(x, Ask) and x.infno == "2206"]
    bodies += [x.draft.body for x in d.effects if isinstance(x, Append)]
    assert len(bodies) == 2
    for body in bodies:
        data = cbor.dumps(body)
        assert len(data) <= BODY_BYTES_MAX
        assert plain_map(data, max_bytes=BODY_BYTES_MAX)["bill_no"] == "HIS-1"


def test_a_person_whose_texts_no_record_could_carry_is_refused_and_the_next_bill_is_served() -> (
    None
):
    d = tell_story(Desk(policy()), link_up, send(), *FACE)
    known_as(PERSON | {"psn_no": "9" * 5_000})(d)
    tell_story(
        d,
        on(
            "refused",
            code="rejected_malformed",
        ),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.REFUSED
    d.wait(8_000)
    tell_story(
        d, send(bill(number="HIS-2")), *FACE, unknown("no_person"), on("refused", code="no_person")
    )
    assert d.ledger == []


@pytest.mark.parametrize("number", [" HIS-1", "HIS-1 ", "A\u0301-1", "\u3000HIS-1"])
def test_two_bill_numbers_that_look_alike_are_not_two_bills(number: str) -> None:
    d = tell_story(Desk(policy()), link_up)
    assert d.send(bill(number="HIS-1")).status == 202
    reply = d.send(bill(number=number), key="another")
    assert (reply.status, reply.body["code"]) == (422, "E-TX-04")


@pytest.mark.parametrize("share", ["1.5", "none", "-0.1"])
def test_a_rule_that_cannot_be_read_is_no_estimate_and_no_end_of_the_process(share: str) -> None:
    rules = msgspec.to_builtins(BOOK)
    rules["catalogue"]["A1"]["selfpay_prop"] = share
    d = tell_story(Desk(policy("P1", rules=rules)), link_up, lambda one: one.answer(), link_lost)
    tell_story(d, send(), on("ways", press("card")), on("card", post(e.CardRead("A1"))))
    tell_story(d, on("look", good_face), on("challenge", follow), on("working", template))
    tell_story(d, on("refused", code="offline_caps"), wait(8_000), on("idle"))
    assert d.ledger == []
