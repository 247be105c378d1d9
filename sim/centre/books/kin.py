"""Who may pay for whom (家庭共济): the registry of close relatives and what each may give.

Eight kinds of relatives count (DOMAIN §1, S). A payer is an employee (310) with
money on the account and in good standing; the receiver is insured anywhere. How far apart they are
insured is the scope: one pool, one province, or another province, which only the wallet crosses.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from sim.centre.books import ledgers, people
from sim.centre.books import store as t
from sim.centre.books.people import RELATIONS, Known

POOL, PROVINCE, OTHER = "pool", "province", "other_province"
EMPLOYEE: Final = "310"
RELATIVES_MAX: Final = 16  # bound to one person
_BOUND: Final = t.get(t.relatives, "psn_no", only=("other", "relation", "pays")).order_by("rank")
_BIND: Final = t.relatives.insert()
_UNBIND: Final = t.relatives.delete().where(
    t.relatives.c.psn_no == sa.bindparam("k_psn_no"),
    t.relatives.c.other == sa.bindparam("k_other"),
)


class Payer(Struct, frozen=True):
    """A relative whose account may pay, and how much is on it."""

    psn_no: str
    psn_name: str  # masked
    relation: str
    scope: str
    balance_fen: int


def scope(one: str, other: str) -> str:
    """pool, province or other_province, from two admdvs (DOMAIN §1.4)."""
    if one[:4] == other[:4]:
        return POOL
    return PROVINCE if one[:2] == other[:2] else OTHER


def bind(conn: sa.Connection, psn_no: str, other: str, relation: str) -> str:
    """`other` agrees once that their account pays for `psn_no` and that `psn_no` may act for them.
    "" or why not: relation_unknown, no_person, not_insured, bound_before, too_many."""
    if relation not in RELATIONS or psn_no == other:
        return "relation_unknown"
    both = [people.find(conn, psn_no), people.find(conn, other)]
    if any(one is None for one in both):
        return "no_person"
    if any(one is not None and one.stas != "1" for one in both):
        return "not_insured"
    known = conn.execute(_BOUND, t.at(psn_no=psn_no)).all()
    if any(row[0] == other for row in known):
        return "bound_before"
    if len(known) >= RELATIVES_MAX:
        return "too_many"
    newest = sa.select(sa.func.max(t.relatives.c.rank)).where(t.relatives.c.psn_no == psn_no)
    last = conn.execute(newest).scalar()
    rank = 0 if last is None else last + 1  # behind everybody, also after somebody was unbound
    row = {"psn_no": psn_no, "other": other, "relation": relation, "rank": rank}
    conn.execute(_BIND, {**row, "serves": 1, "pays": 1})
    return ""


def unbind(conn: sa.Connection, psn_no: str, other: str) -> bool:
    """The consent ends. False: there was none."""
    return conn.execute(_UNBIND, t.at(psn_no=psn_no, other=other)).rowcount > 0


def relation(conn: sa.Connection, psn_no: str, other: str) -> str:
    """How `other` is related to `psn_no` with consent to pay, "" = not."""
    rows = conn.execute(_BOUND, t.at(psn_no=psn_no)).all()
    return next((row[1] for row in rows if row[0] == other and row[2]), "")


def may_pay(one: Known) -> bool:
    """An employee in good standing: residents have no account."""
    return one.insutype == EMPLOYEE and one.stas == "1" and not one.locked


def payers(conn: sa.Connection, person: Known) -> list[Payer]:
    """Who may pay for this person now, in the order they were bound. Another province's account is
    reached by the wallet only."""
    found = []
    for other, how, pays in conn.execute(_BOUND, t.at(psn_no=person.psn_no)).all():
        one = people.find(conn, other) if pays else None
        if one is None or not may_pay(one):
            continue
        far = scope(person.insuplc_admdvs, one.insuplc_admdvs)
        balance = ledgers.balance(conn, f"acct:{other}")
        if far != OTHER and balance > 0:
            found.append(Payer(other, people.mask(one.psn_name), how, far, balance))
    return found
