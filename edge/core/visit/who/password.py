"""The e-voucher password: asked above the no-password limit, of the person whose face was seen, or
chosen anew where the kind wants one. It is typed on the screen, sealed to the centre, judged or held
there (PROTOCOL "Ask and Tell", `password`, `password_new`), and kept nowhere here: the record only
carries the token that the centre then knows as proved.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from edge.core.effects import Ask, Effect
from edge.core.events import Pressed, Told
from edge.core.types import Means, Now, Refusal
from edge.core.visit import screens
from edge.core.visit.case import ASK_BYTES, Case, State
from edge.core.visit.refusals import centre_no
from edge.core.visit.settle import pay

DIGITS: Final = 6
UNSET: Final = "0"  # pwd_flag of 1101: this person never chose one
WRONG: Final = "password_wrong"
OFFLINE_STEPS: Final = ("wait_network", "use_card", "pay_full")


def weak(value: str) -> bool:
    """All the same, or a staircase: what everybody tries first."""
    return {ord(b) - ord(a) for a, b in pairwise(value)} in ({0}, {1}, {-1})


def then(case: Case, now: Now) -> list[Effect]:
    """The person is known: a password first when the amount or the kind asks for it, then what it
    costs whom."""
    if _chooses(case):
        return _keys(case, now)
    if not due(case, now):
        return pay.prepare(case, now)
    assert case.identity is not None, "1101 said who"
    if case.identity.people[0].pwd_flag == UNSET:
        return case.refuse(Refusal("password_unset", ("use_code", "use_card", "ask_staff")), now)
    return _keys(case, now)


def _chooses(case: Case) -> bool:
    return case.needs("secret") and case.online and not case.secret.chosen


def due(case: Case, now: Now) -> bool:
    """A face alone is not enough for this amount, and nothing more was shown yet."""
    limit_fen = case.site.in_force(now)[0].face_nopassword_max_fen
    by_face = case.means is Means.FACE and case.online
    return by_face and not case.secret.proved and case.bill.amount_fen > limit_fen


def _keys(case: Case, now: Now, problem: str | None = None) -> list[Effect]:
    assert case.identity is not None, "the person is known"
    limit_fen = case.site.in_force(now)[0].face_nopassword_max_fen
    name = case.identity.people[0].psn_name
    case.go(State.PASSWORD, now, case.site.settings.confirm_timeout_ms)
    what = "" if not _chooses(case) else "again" if case.secret.typed else "new"
    keys = screens.Keys(name, limit_fen, DIGITS, case.secret.tries, problem, what)
    return case.show(screens.password(keys), now)


def entered(case: Case, event: Pressed, now: Now) -> list[Effect]:
    """All digits are there. What is none goes nowhere."""
    value = event.value
    if len(value) != DIGITS or not value.isascii() or not value.isdigit():
        return []
    return _chosen(case, value, now) if _chooses(case) else _ask(case, "password", value, now)


def _chosen(case: Case, value: str, now: Now) -> list[Effect]:
    """Typed twice, the same, and not what everybody tries first."""
    first, case.secret.typed = case.secret.typed, ""
    if not first and weak(value):
        return _keys(case, now, problem="password_weak")
    if not first:
        case.secret.typed = value
        return _keys(case, now)
    if first != value:
        return _keys(case, now, problem="password_differs")
    return _ask(case, "password_new", value, now)


def _ask(case: Case, infno: str, value: str, now: Now) -> list[Effect]:
    assert case.identity is not None, "the person is known"
    body = {"ecToken": case.identity.people[0].ec_token, "password": value}
    case.ask_id = case.site.dice.bytes(ASK_BYTES)
    case.go(State.PROVE, now, case.site.settings.ask_timeout_ms)
    return [Ask(case.ask_id, infno, body), *case.show(screens.working("identify"), now)]


def told(case: Case, event: Told, now: Now) -> list[Effect]:
    """The centre's word on it."""
    case.ask_id = b""
    if event.infcode == 0:
        case.secret.proved = case.secret.chosen = True
        return pay.prepare(case, now)
    case.secret.tries -= 1
    if event.body.get("code") == WRONG and case.secret.tries > 0:
        return _keys(case, now, problem=WRONG)
    return case.refuse(centre_no(event.body, event.err_msg), now)


def no_answer(case: Case, _event: Any, now: Now) -> list[Effect]:
    """Without the centre nobody can judge it, and nothing above the limit is done; a new one is
    chosen another day."""
    case.ask_id, case.secret.typed = b"", ""
    if case.needs("secret"):
        case.gave_up = True
        return pay.prepare(case, now)
    limit_fen = case.site.in_force(now)[0].face_nopassword_max_fen
    return case.refuse(Refusal("over_limit", OFFLINE_STEPS, {"limit": limit_fen}), now)
