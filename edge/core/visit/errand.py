"""A visit without a bill, for a HIS that settles by itself: recognise somebody, read a code, show what
became of a settlement. It makes no record and moves no money; the answer goes to the call that asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from edge.core.books.his import problem
from edge.core.effects import Effect, Reply
from edge.core.types import Bill, BillStatus, Json, Now, Person, Refusal
from edge.core.visit import screens
from edge.core.visit.refusals import result_code

if TYPE_CHECKING:
    from edge.core.visit.case import Case

AUTH, SCAN, NOTIFY, PRICES = "auth", "scan", "notify", "prices"
STOPPED: Final = ("E-HIS-09", "The terminal is stopping", "ask again when it is back")
# 用码业务类型 (DOMAIN §2.3)
BUSINESS: Final = frozenset({
    "01101", "01102", "01103", "01104", "01201", "01202", "01203", "01204", "01301", "01302",
    "01303", "01304", "01305", "02121", "02122", "03131",
})  # fmt: skip
OF_KIND: Final = {
    "register": "01101",
    "settle": "01301",
    "pharmacy": "02121",
    "admit": "01103",
    "deposit": "01104",
    "collect": "01302",
}


def business_of(bill: Bill) -> str:
    """The businessType under which a bill's person is recognised."""
    return bill.business or OF_KIND.get(bill.kind, "01301")


class Errand(Struct, frozen=True):
    """What the HIS asked for. `rows`: of a notice, i18n key and amount in yuan."""

    call: int
    what: str
    out_biz_no: str = ""
    business: str = "01301"
    success: bool = True
    person: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    told: Json = {}  # of prices: what the centre said

    @property
    def bill(self) -> Bill:
        """What the steps of a visit look at: no amount, and never without the centre."""
        return Bill(kind="auth", bill_no="", amount_fen=0, prefer="require_online")


def ended(errand: Errand, changes: Json) -> list[Effect]:
    """The visit ended without what was asked for: the HIS is told why."""
    status = changes.get("status")
    if status is BillStatus.WAITING:
        return [Reply(errand.call, *problem(503, *STOPPED))]
    if status not in (BillStatus.REFUSED, BillStatus.CANCELLED):
        return []
    refusal: Refusal = changes["refusal"]
    hint = f"see the screen; result {result_code(refusal.code)}"
    return [Reply(errand.call, *problem(422, "E-HIS-36", refusal.code, hint))]


def begin(case: Case, errand: Errand, now: Now) -> list[Effect] | None:
    """The first screen; None: the ways are offered, as for a bill."""
    if errand.what == AUTH:
        return None
    if errand.what == PRICES:
        from edge.core.visit.case import State

        case.go(State.RESULT, now, case.site.settings.confirm_timeout_ms)
        return case.show(screens.prices(errand.told), now)
    if errand.what == NOTIFY:
        what = "success" if errand.success else "fail"
        effects = notice(case, what, errand.person, errand.rows, now)
        return [Reply(errand.call, 200, {}), *effects]
    if case.site.camera_lost:
        return case.refuse(Refusal("camera_lost", ("use_card", "ask_staff")), now)
    from edge.core.visit.case import State

    case.go(State.CODE, now, case.site.settings.confirm_timeout_ms)
    return case.show(screens.code(), now)


def scanned(case: Case, errand: Errand, text: str, now: Now) -> list[Effect]:
    """A code was read; what it is, the HIS will ask."""
    reply = Reply(errand.call, 200, {"ecQrCode": text})
    return [reply, *notice(case, "scanned", "", (), now)]


def known(case: Case, errand: Errand, now: Now) -> list[Effect]:
    """The centre said who it is: the HIS gets a number to exchange, not the person."""
    assert case.identity is not None, "an errand is never done without the centre"
    assert case.person is not None, "an errand is never done without the centre"
    auth_no = case.identity.auth_no
    own = case.person is case.identity.people[0]
    form = identity_form(case.person, case.base if own else {})
    case.site.authorised.hold(auth_no, errand.out_biz_no, form, now)
    reply = Reply(errand.call, 200, {"authNo": auth_no, "outBizNo": errand.out_biz_no})
    return [reply, *notice(case, "identified", case.person.psn_name, (), now)]


def identity_form(person: Person, base: Json) -> Json:
    """What `cn.nhsa.auth.check` and `ec.query` answer. The centre tells a terminal masked names and
    numbers only; the token is what the HIS settles with."""
    return {
        "userName": person.psn_name,
        "idNo": _text(base, "certno"),
        "idType": "01",
        "ecToken": person.ec_token,
        "insuOrg": person.insuplc_admdvs,
        "ecIndexNo": "",
        "gender": _text(base, "gend"),
        "birthday": "",
        "nationality": "",
        "email": "",
    }


def _text(base: Json, name: str) -> str:
    found = base.get(name, "")
    return found if isinstance(found, str) and len(found) <= 50 else ""  # noqa: PLR2004


def notice(
    case: Case, what: str, person: str, rows: tuple[tuple[str, str], ...], now: Now
) -> list[Effect]:
    """Say so on the screen for a while."""
    from edge.core.visit.case import State

    case.go(State.RESULT, now, case.site.settings.result_show_ms)
    return case.show(screens.notice(what, person, rows), now)


def told_base(body: Any) -> Json:
    """baseinfo of 1101."""
    base = body.get("baseinfo")
    return base if isinstance(base, dict) else {}
