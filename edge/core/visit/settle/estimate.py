"""The estimate that the terminal makes itself when the centre cannot be asked: benefit.py with
careful assumptions.

Careful means: never promise more fund money than the centre is likely to pay. The insurance is what
1101, a visit pass or the HIS said, else resident (390, the lower benefit); an employee counts as
active unless a pass says retired; a recognised disease is the pass's word; nothing of the year's deductible is taken as paid; no civil-servant or medical-aid money;
no account money (its balance is unknown). Only the yearly cap cannot be known and is taken as
untouched, which is why the policy caps the fund part of every offline bill.
"""

from __future__ import annotations

from typing import Final

from edge.core import benefit
from edge.core.books.passes import Pass
from edge.core.types import Bill, Person, Policy, Split
from edge.errors import EdgeError

RESIDENT: Final = "390"


def local(
    policy: Policy, bill: Bill, person: Person | None, med_type: str, known: Pass | None = None
) -> Split | None:
    """The split as far as the rules in the policy say, or None when it carries none that can be
    read. `known`: the person's visit pass.
    """
    if not policy.rules:
        return None
    try:
        return _split(policy, bill, person, med_type or bill.med_type, known)
    except EdgeError:  # also a share or a count that only shows when it is used
        return None


def disease_codes(policy: Policy, dise_codg: str) -> tuple[str, ...]:
    """The codes that mean the same disease in the rules here; () = none of them is known."""
    try:
        found = benefit.disease_for(benefit.rulebook(policy.rules).rules, dise_codg)
    except EdgeError:
        return ()
    return () if found is None else (found.code, *found.alt)


def _split(
    policy: Policy, bill: Bill, person: Person | None, med_type: str, known: Pass | None
) -> Split | None:
    book = benefit.rulebook(policy.rules)
    if person is not None and person.insuplc_admdvs[:4] != book.rules.region[:4]:
        return None  # insured elsewhere: only the centre has those rules
    passed = known.insutype if known is not None else ""
    insutype = (person.insutype if person else "") or passed or bill.insutype or RESIDENT
    psn = "resident" if insutype.startswith("39") else "active"
    if known is not None and passed == insutype:
        psn = known.psn
    facts = benefit.PersonFacts(insutype, psn)
    chronic = benefit.SCENES.get(med_type) == "chronic"
    disease = benefit.disease_for(book.rules, bill.dise_codg) if chronic else None
    lines = benefit.split_lines(bill.lines, book.catalogue, insutype, book.level, disease)
    scope = benefit.total(lines)
    done = benefit.settle(
        scope,
        facts,
        benefit.Accumulators(),
        benefit.Accounts(used=False),
        book,
        med_type=med_type,
        scene=disease.scene if disease is not None else "",
    )
    return done.split
