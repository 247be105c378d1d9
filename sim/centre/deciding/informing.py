"""F11 and F12: what is known of a card, a new one, what was paid onto it. No money moves here."""

from __future__ import annotations

from edge.core.money import yuan
from sim.centre import bodies
from sim.centre.books import cards
from sim.centre.books.cards import Request
from sim.centre.deciding.case import Case, Done, No, stamp

SHOWN: int = 4  # digits of a card's number


def card(case: Case) -> Done | No:
    """Kind `card_info`: state and generation, or where else it is good."""
    item = bodies.text(bodies.form(case.body.plan[0]), "item")
    number = cards.own(case.conn, case.person.psn_no)
    if not number:
        return No("card_none")
    known = cards.find(case.conn, number)
    if item == "status":
        given = [["card_no", f"****{number[-SHOWN:]}"], ["card_state", cards.STATES[known.state]],
                 ["card_gen", f"第{known.generation}代"]]  # fmt: skip
        return Done({"given": given})
    if item != "entitlements":
        return No("item_unknown")
    if known.generation <= cards.OLD:
        return No("card_old")  # the list is of the third generation
    if known.state != cards.GOOD:
        return No(f"card_{known.state}")
    return Done({"given": [["entitlement", one] for one in cards.ENTITLEMENTS]})


def replace_card(case: Case) -> Done | No:
    """Kind `card_replace`: one request at a time; a lost card stops at once."""
    if not _seen(case):
        return No("policy_violation")
    reason = bodies.text(bodies.form(case.body.plan[0]), "reason")
    if reason not in ("lost", "broken"):
        return No("reason_unknown")
    number = f"{case.region.region}K{case.mark:013d}"
    why = cards.request(case.conn, Request(number, case.person.psn_no, reason), case.now_ms)
    if why:
        return No(why)
    return Done({"given": [["service_no", number], ["given_at", stamp(case.now_ms)]]})


def subsidies(case: Case) -> Done | No:
    """Kind `subsidies`: to the owner of the card alone."""
    if not _seen(case):
        return No("policy_violation")
    rows = cards.paid(case.conn, case.person.psn_no)
    told = [["subsidy", f"{on} {name} {yuan(fen)}"] for name, on, fen in rows]
    return Done({"given": told or [["subsidy", "-"]]})


def _seen(case: Case) -> bool:
    """Card and living face: `whose.person` held the face to the library."""
    verdict = case.body.verdict
    return bool(case.body.identity.template) and verdict is not None and verdict.live
