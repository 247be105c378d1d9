"""One patient's visit: the states, the inputs, and one TABLE that is the diagram (in the style of
h11).

Every pair of state and input is either in TABLE or in IGNORED, tests/core/test_visit.py proves it.
A row says what is done and in which states it may end; `step` asserts that.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from edge.core import events as e
from edge.core.effects import Effect
from edge.core.types import Now
from edge.core.visit import leaving
from edge.core.visit.case import Case, State
from edge.core.visit.settle import dispensing as rx
from edge.core.visit.settle import pay
from edge.core.visit.who import identify as who
from edge.core.visit.who import password


class In(StrEnum):
    """What a visit can be told. Buttons are inputs of their own."""

    START = "start"  # the terminal gave it a bill
    TICK = "tick"  # the state's own deadline passed
    STOP = "stop"
    WITHDRAW = "withdraw"  # the HIS took the bill back
    DECIDED = "decided"  # the bill has the centre's word
    FACE = "face"
    QR = "qr"
    CARD = "card"
    CHOOSE = "choose"
    CONFIRM = "confirm"
    PAY = "pay"
    PASSWORD = "password"  # noqa: S105 - a button
    CANCEL = "cancel"
    OTHER_WAY = "other_way"
    NO_LIGHT = "no_light"  # no flashing, please
    DONE = "done"
    CARD_READ = "card_read"
    CODE_SEEN = "code_seen"
    CODE_UNREAD = "code_unread"
    LOOK_SEEN = "look_seen"
    LIT = "lit"  # the controller says when its lamps had the lights
    TEMPLATE = "template_made"
    CAMERA_LOST = "camera_lost"
    CAMERA_BACK = "camera_back"
    BOARD_UP = "board_up"
    BOARD_LOST = "board_lost"
    LINK_UP = "link_up"
    LINK_LOST = "link_lost"
    TOLD = "told"  # the answer to this visit's question
    REVIEW = "review"  # the pharmacist has spoken
    APPENDED = "appended"  # this visit's record is durable


BUTTONS: Final = frozenset(
    {
        In.FACE, In.QR, In.CARD, In.CHOOSE, In.CONFIRM, In.PAY, In.PASSWORD, In.CANCEL,
        In.OTHER_WAY, In.NO_LIGHT, In.DONE,
    }
)
# events that are inputs by their type; the others are the terminal's own business or need a look
# inside
BY_TYPE: Final[dict[type, In]] = {
    e.StopAsked: In.STOP,
    e.CardRead: In.CARD_READ,
    e.CodeSeen: In.CODE_SEEN,
    e.CodeUnread: In.CODE_UNREAD,
    e.LookSeen: In.LOOK_SEEN,
    e.Lit: In.LIT,
    e.TemplateMade: In.TEMPLATE,
    e.CameraLost: In.CAMERA_LOST,
    e.CameraBack: In.CAMERA_BACK,
    e.BoardUp: In.BOARD_UP,
    e.BoardLost: In.BOARD_LOST,
    e.LinkUp: In.LINK_UP,
    e.LinkLost: In.LINK_LOST,
}

S = State
Handler = Callable[[Case, Any, Now], list[Effect]]


class Row(Struct, frozen=True):
    """What is done, and where it may lead."""

    do: Handler
    to: frozenset[State]


def _row(do: Handler, *to: State) -> Row:
    return Row(do, frozenset(to))


_WAYS: Final = (S.WAYS, S.RESULT)  # offered again, or nothing is left
_LOOK_AGAIN: Final = (S.LOOK, S.RESULT)  # another try, or the last one is used up
_UNLIT: Final = (S.WAYS, *_LOOK_AGAIN)  # what is taken instead of light may be no face
_LIT: Final = (S.LIGHT, S.CHALLENGE, S.TEMPLATE, *_LOOK_AGAIN)
_PRICE: Final = (S.ESTIMATE, S.CONFIRM, S.RESULT)
_PREPARE: Final = (*_PRICE, S.RX_ASK, S.RX_REVIEW)
_ASKED: Final = (S.IDENTIFY,)
_KNOWN: Final = (S.PASSWORD, *_PREPARE)
_OFFLINE: Final = (S.CARD, S.LOOK, *_PREPARE)  # what is left when 1101 gets no answer

BEFORE_RECORD: Final = (
    S.WAYS, S.LOOK, S.LIGHT, S.CHALLENGE, S.TEMPLATE, S.CODE, S.CARD, S.IDENTIFY, S.WHOM,
    S.PASSWORD, S.PROVE, S.RX_ASK, S.RX_LIST, S.RX_REVIEW, S.ESTIMATE, S.CONFIRM, S.PAY,
)  # fmt: skip

TABLE: Final[dict[tuple[State, In], Row]] = {
    (S.IDLE, In.START): _row(who.start, *_WAYS, S.CODE, S.IDENTIFY),
    # -- how do you say who you are?
    (S.WAYS, In.FACE): _row(who.choose_face, S.LOOK, S.CARD, S.WAYS, S.RESULT),
    (S.WAYS, In.QR): _row(who.choose_qr, S.CODE, S.WAYS, S.RESULT),
    (S.WAYS, In.CARD): _row(who.choose_card, S.CARD, S.WAYS, S.RESULT),
    (S.WAYS, In.CARD_READ): _row(who.card_first, S.WAYS, S.LOOK, *_ASKED, *_PREPARE),
    (S.WAYS, In.CAMERA_LOST): _row(who.ways, *_WAYS),
    (S.WAYS, In.CAMERA_BACK): _row(who.ways, *_WAYS),
    (S.WAYS, In.BOARD_UP): _row(who.ways, *_WAYS),
    (S.WAYS, In.BOARD_LOST): _row(who.ways, *_WAYS),
    (S.WAYS, In.LINK_UP): _row(who.ways, *_WAYS),
    (S.WAYS, In.LINK_LOST): _row(who.ways, *_WAYS),
    (S.WAYS, In.TICK): _row(leaving.timed_out, S.RESULT),
    # -- the face
    (S.LOOK, In.LOOK_SEEN): _row(who.looking, S.LIGHT, S.CHALLENGE, *_UNLIT),
    (S.LOOK, In.NO_LIGHT): _row(who.no_light, *_UNLIT),
    (S.LOOK, In.CAMERA_LOST): _row(leaving.camera_gone, *_WAYS),
    (S.LOOK, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.LOOK, In.TICK): _row(who.look_timeout, S.RESULT),
    (S.LIGHT, In.LOOK_SEEN): _row(who.lighting, *_LIT),
    (S.LIGHT, In.LIT): _row(who.lit, S.LIGHT),
    (S.LIGHT, In.NO_LIGHT): _row(who.no_light, *_UNLIT),
    (S.LIGHT, In.CAMERA_LOST): _row(leaving.camera_gone, *_WAYS),
    (S.LIGHT, In.BOARD_LOST): _row(who.no_light, *_UNLIT),
    (S.LIGHT, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.LIGHT, In.TICK): _row(who.light_over, *_LIT),
    (S.CHALLENGE, In.LOOK_SEEN): _row(who.challenging, S.CHALLENGE, S.TEMPLATE, *_LOOK_AGAIN),
    (S.CHALLENGE, In.CAMERA_LOST): _row(leaving.camera_gone, *_WAYS),
    (S.CHALLENGE, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.CHALLENGE, In.TICK): _row(who.step_timeout, *_LOOK_AGAIN),
    (S.TEMPLATE, In.LOOK_SEEN): _row(who.templating, S.TEMPLATE, *_LOOK_AGAIN),
    (S.TEMPLATE, In.TEMPLATE): _row(
        who.template_made, S.TEMPLATE, S.LOOK, S.CARD, *_ASKED, *_PREPARE
    ),
    (S.TEMPLATE, In.CAMERA_LOST): _row(leaving.camera_gone, *_WAYS),
    (S.TEMPLATE, In.TICK): _row(who.template_late, *_LOOK_AGAIN),
    # -- code and card
    (S.CODE, In.CODE_SEEN): _row(who.code_seen, S.CODE, S.RESULT, *_ASKED),
    (S.CODE, In.CODE_UNREAD): _row(who.code_unread, S.CODE),
    (S.CODE, In.CAMERA_LOST): _row(leaving.camera_gone, *_WAYS),
    (S.CODE, In.LINK_LOST): _row(leaving.link_gone_code, *_WAYS, S.CODE),
    (S.CODE, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.CODE, In.TICK): _row(leaving.timed_out, S.RESULT),
    (S.CARD, In.CARD_READ): _row(who.card_read, S.CARD, S.LOOK, *_ASKED, *_PREPARE),
    (S.CARD, In.BOARD_LOST): _row(who.ways, *_WAYS),
    (S.CARD, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.CARD, In.TICK): _row(leaving.timed_out, S.RESULT),
    # -- who is it?
    (S.IDENTIFY, In.TOLD): _row(who.told_who, S.WHOM, *_KNOWN),
    (S.IDENTIFY, In.LINK_LOST): _row(who.no_answer_who, *_OFFLINE),
    (S.IDENTIFY, In.TICK): _row(who.no_answer_who, *_OFFLINE),
    (S.WHOM, In.CHOOSE): _row(who.choose_person, S.WHOM, *_KNOWN),
    (S.WHOM, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.WHOM, In.TICK): _row(leaving.timed_out, S.RESULT),
    # -- is it really you? above the no-password limit
    (S.PASSWORD, In.PASSWORD): _row(password.entered, S.PASSWORD, S.PROVE),
    (S.PASSWORD, In.LINK_LOST): _row(password.no_answer, *_PREPARE),
    (S.PASSWORD, In.OTHER_WAY): _row(leaving.other_way, *_WAYS),
    (S.PASSWORD, In.TICK): _row(leaving.timed_out, S.RESULT),
    (S.PROVE, In.TOLD): _row(password.told, *_KNOWN),
    (S.PROVE, In.LINK_LOST): _row(password.no_answer, *_PREPARE),
    (S.PROVE, In.TICK): _row(password.no_answer, *_PREPARE),
    # -- which prescription, and what does the pharmacist say?
    (S.RX_ASK, In.TOLD): _row(rx.told, S.RX_LIST, S.RX_REVIEW, *_PRICE),
    (S.RX_ASK, In.LINK_LOST): _row(rx.no_answer, *_PRICE),
    (S.RX_ASK, In.TICK): _row(rx.no_answer, *_PRICE),
    (S.RX_LIST, In.CHOOSE): _row(rx.chosen, S.RX_LIST, S.RX_ASK, S.RESULT),
    (S.RX_LIST, In.TICK): _row(leaving.timed_out, S.RESULT),
    (S.RX_REVIEW, In.REVIEW): _row(rx.reviewed, S.RX_ASK, *_PRICE),
    (S.RX_REVIEW, In.TICK): _row(rx.not_reviewed, S.RESULT),
    # -- what does it cost whom?
    (S.ESTIMATE, In.TOLD): _row(pay.told_estimate, S.CONFIRM, S.RESULT),
    (S.ESTIMATE, In.LINK_LOST): _row(pay.no_answer_estimate, S.CONFIRM, S.RESULT),
    (S.ESTIMATE, In.TICK): _row(pay.no_answer_estimate, S.CONFIRM, S.RESULT),
    (S.CONFIRM, In.CONFIRM): _row(pay.confirmed, S.RECORD, S.CONFIRM, S.RESULT),
    (S.CONFIRM, In.LINK_LOST): _row(pay.link_gone_confirm, S.CONFIRM, S.RESULT),
    (S.CONFIRM, In.PAY): _row(pay.choose_pay, S.PAY, S.CONFIRM),
    (S.CONFIRM, In.TICK): _row(leaving.timed_out, S.RESULT),
    # -- how is the own part paid?
    (S.PAY, In.CHOOSE): _row(pay.pay_chosen, S.PAY, *_PREPARE),
    (S.PAY, In.OTHER_WAY): _row(pay.pay_as_before, *_PREPARE),
    (S.PAY, In.LINK_LOST): _row(pay.pay_as_before, *_PREPARE),
    (S.PAY, In.TICK): _row(leaving.timed_out, S.RESULT),
    # -- signed: from here nothing is taken back
    (S.RECORD, In.APPENDED): _row(pay.recorded, S.ANSWER, S.RESULT),
    (S.RECORD, In.TICK): _row(pay.no_answer, S.RESULT),
    (S.RECORD, In.STOP): _row(pay.stop_unanswered, S.IDLE),
    (S.ANSWER, In.DECIDED): _row(pay.decided, S.RESULT),
    (S.ANSWER, In.TICK): _row(pay.no_answer, S.RESULT),
    (S.ANSWER, In.STOP): _row(pay.stop_unanswered, S.IDLE),
    # -- the result stands until its time is over
    (S.RESULT, In.DECIDED): _row(pay.decided, S.RESULT),
    (S.RESULT, In.DONE): _row(pay.finish, S.IDLE),
    (S.RESULT, In.CANCEL): _row(pay.finish, S.IDLE),
    (S.RESULT, In.TICK): _row(pay.finish, S.IDLE),
    (S.RESULT, In.STOP): _row(pay.finish, S.IDLE),
}
for _state in BEFORE_RECORD:
    TABLE[_state, In.CANCEL] = _row(leaving.patient_cancelled, S.RESULT)
    TABLE[_state, In.WITHDRAW] = _row(leaving.withdrawn, S.RESULT)
    TABLE[_state, In.STOP] = _row(pay.put_back, S.IDLE)

_CAMERA: Final = {
    In.LIT,
    In.LOOK_SEEN,
    In.CODE_SEEN,
    In.CODE_UNREAD,
    In.TEMPLATE,
}  # shots still in the queue after a mode change
_DEVICES: Final = {
    In.CAMERA_LOST,
    In.CAMERA_BACK,
    In.BOARD_UP,
    In.BOARD_LOST,
}  # not needed at this point
_LINK: Final = {In.LINK_UP, In.LINK_LOST}  # decided when the way is used, not before
_ALWAYS: Final = {
    In.START,
    In.TOLD,
    In.APPENDED,
    In.DECIDED,
    In.REVIEW,
}  # belong to other states: late or of another visit

# Why an input means nothing in a state: per state, so that a new state or input must be thought
# about.
IGNORED: Final[dict[State, frozenset[In]]] = {
    S.IDLE: frozenset(set(In) - {In.START}),
    S.WAYS: frozenset(
        _CAMERA | _ALWAYS
        | {In.CHOOSE, In.CONFIRM, In.PAY, In.PASSWORD, In.OTHER_WAY, In.NO_LIGHT, In.DONE}
    ),
    S.LOOK: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.LOOK_SEEN, In.CAMERA_LOST, In.OTHER_WAY, In.NO_LIGHT, In.CANCEL}
    ),
    S.LIGHT: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.LOOK_SEEN, In.LIT, In.CAMERA_LOST, In.BOARD_LOST, In.OTHER_WAY, In.NO_LIGHT, In.CANCEL}
    ),
    S.CHALLENGE: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.LOOK_SEEN, In.CAMERA_LOST, In.OTHER_WAY, In.CANCEL}
    ),
    S.TEMPLATE: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.LOOK_SEEN, In.TEMPLATE, In.CAMERA_LOST, In.CANCEL}
    ),
    S.CODE: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.CODE_SEEN, In.CODE_UNREAD, In.CAMERA_LOST, In.LINK_LOST, In.OTHER_WAY, In.CANCEL}
    ),
    S.CARD: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS) - {In.BOARD_LOST, In.OTHER_WAY, In.CANCEL}
    ),
    S.IDENTIFY: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.TOLD, In.LINK_LOST, In.CANCEL}
    ),
    S.WHOM: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.CHOOSE, In.OTHER_WAY, In.CANCEL}
    ),
    S.PASSWORD: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.PASSWORD, In.LINK_LOST, In.OTHER_WAY, In.CANCEL}
    ),
    S.PROVE: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.TOLD, In.LINK_LOST, In.CANCEL}
    ),
    S.RX_ASK: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.TOLD, In.LINK_LOST, In.CANCEL}
    ),
    S.RX_LIST: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ}) - {In.CHOOSE, In.CANCEL}
    ),
    S.RX_REVIEW: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ}) - {In.REVIEW, In.CANCEL}
    ),
    S.ESTIMATE: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.TOLD, In.LINK_LOST, In.CANCEL}
    ),
    S.CONFIRM: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.CONFIRM, In.PAY, In.LINK_LOST, In.CANCEL}
    ),
    S.PAY: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ})
        - {In.CHOOSE, In.OTHER_WAY, In.LINK_LOST, In.CANCEL}
    ),
    S.RECORD: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ, In.WITHDRAW})
        - {In.APPENDED}
    ),
    S.ANSWER: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ, In.WITHDRAW})
        - {In.DECIDED}
    ),
    S.RESULT: frozenset(
        (_CAMERA | _ALWAYS | _LINK | _DEVICES | BUTTONS | {In.CARD_READ, In.WITHDRAW})
        - {In.DECIDED, In.DONE, In.CANCEL}
    ),
}


def step(case: Case, sign: In, event: Any, now: Now) -> list[Effect]:
    """One transition."""
    was = case.state
    row = TABLE.get((was, sign))
    if row is None:
        assert sign in IGNORED[was], (was, sign)
        return []
    effects = row.do(case, event, now)
    assert case.state in row.to, (was, sign, case.state)
    return effects
