"""Stories with the network: every kind, every means, and the ways they end."""

from __future__ import annotations

from edge.core.effects import Append, Settle, Show
from edge.core.types import BillStatus, Mode
from tests.flows.kit import (
    CHILD,
    FACE,
    PERSON,
    Desk,
    estimated,
    known_as,
    link_up,
    on,
    policy,
    press,
    send,
    settled,
    tell_story,
    wait,
)


def desk() -> Desk:
    return tell_story(Desk(policy()), link_up, on("idle"))


def test_from_a_face_to_a_signed_settlement() -> None:
    d = tell_story(
        desk(),
        send(),
        *FACE,
        on("working", known_as(PERSON, CHILD), phase="identify"),
        on("whom", press("choose", "0")),
        on("working", estimated, phase="estimate"),
        on("confirm", press("confirm"), mode="online", estimate=False, person="张*"),
        on("working", settled(), phase="answer"),
        on("settled", outcome="settled", difference_fen=0),
        wait(8_000),
        on("idle"),
    )
    (state,) = d.bills().values()
    assert state.status is BillStatus.SETTLED and state.setl_id == "S1" and state.mdtrt_id == "M1"
    assert state.split.fund_pay_sumamt_fen == 50_00 and state.split.acct_pay_fen == 30_00
    (draft,) = d.drafts
    assert draft.mode is Mode.ONLINE and draft.policy_hash == b"\x01" * 32
    assert [call["infno"] for call in draft.body["plan"]] == ["2201", "2204", "2207"]
    assert "template" not in draft.body["identity"]  # the centre saw it in 1101
    assert draft.body["verdict"]["live"] and len(draft.body["verdict"]["steps"]) == 2
    assert d.woken(state.bill_id) == state.version
    names = [type(x) if not isinstance(x, Show) else x.name for x in d.effects]
    assert names.index(Append) < names.index(Settle) < names.index("settled")
