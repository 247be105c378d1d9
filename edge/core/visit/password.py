"""Above the no-password limit: the e-voucher password of the person whose face was seen. It is typed on
the screen, sealed to the centre, judged there (PROTOCOL "Ask and Tell", `password`), and kept nowhere
here: the record only carries the token that the centre then knows as proved.
"""

from __future__ import annotations

from typing import Any, Final

from edge.core.effects import Ask, Effect
from edge.core.events import Pressed, Told
from edge.core.types import Means, Now, Refusal
from edge.core.visit import pay, screens
from edge.core.visit.case import ASK_BYTES, Case, State
from edge.core.visit.refusals import centre_no

DIGITS: Final = 6
UNSET: Final = "0"  # pwd_flag of 1101: this person never chose one
WRONG: Final = "password_wrong"
OFFLINE_STEPS: Final = ("wait_network", "use_card", "pay_full")


def then(case: Case, now: Now) -> list[Effect]:
    """The person is known: the password first when the amount asks for it, then what it costs whom."""
    if not due(case, now):
        return pay.prepare(case, now)
    assert case.identity is not None, "1101 said who"
    if case.identity.people[0].pwd_flag == UNSET:
        return case.refuse(Refusal("password_unset", ("use_code", "use_card", "ask_staff")), now)
    return _keys(case, now)


def due(case: Case, now: Now) -> bool:
    """A face alone is not enough for this amount, and nothing more was shown yet."""
    limit_fen = case.site.in_force(now)[0].face_nopassword_max_fen
    by_face = case.means is Means.FACE and case.online
    return by_face and not case.proved and case.bill.amount_fen > limit_fen


def _keys(case: Case, now: Now, problem: str | None = None) -> list[Effect]:
    assert case.identity is not None, "the person is known"
    limit_fen = case.site.in_force(now)[0].face_nopassword_max_fen
    name = case.identity.people[0].psn_name
    case.go(State.PASSWORD, now, case.site.settings.confirm_timeout_ms)
    return case.show(screens.password(name, limit_fen, DIGITS, case.password_tries, problem), now)


def entered(case: Case, event: Pressed, now: Now) -> list[Effect]:
    """All digits are there. What is none goes nowhere."""
    value = event.value
    if len(value) != DIGITS or not value.isascii() or not value.isdigit():
        return []
    assert case.identity is not None, "the person is known"
    body = {"ecToken": case.identity.people[0].ec_token, "password": value}
    case.ask_id = case.site.dice.bytes(ASK_BYTES)
    case.go(State.PROVE, now, case.site.settings.ask_timeout_ms)
    return [Ask(case.ask_id, "password", body), *case.show(screens.working("identify"), now)]


def told(case: Case, event: Told, now: Now) -> list[Effect]:
    """The centre's word on it."""
    case.ask_id = b""
    if event.infcode == 0:
        case.proved = True
        return pay.prepare(case, now)
    case.password_tries -= 1
    if event.body.get("code") == WRONG and case.password_tries > 0:
        return _keys(case, now, problem=WRONG)
    return case.refuse(centre_no(event.body, event.err_msg), now)


def no_answer(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Without the centre nobody can judge it, and nothing above the limit is done."""
    case.ask_id = b""
    limit_fen = case.site.in_force(now)[0].face_nopassword_max_fen
    return case.refuse(Refusal("over_limit", OFFLINE_STEPS, {"limit": limit_fen}), now)
