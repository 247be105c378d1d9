"""Who pays what: DOMAIN §3.1 steps 1 to 13 from rule data, exact in fen. The terminal estimates
with it, the reference centre settles with it.

`rules` is the data (`Policy.rules` and the centre's rule files, each value with its evidence
grade), `lines` steps 1 to 4, `settle` steps 5 to 13, `entitled` whether there is any benefit at all
on a day: waiting period, newborn, recognised disease, filing for another place. Each fund line is
rounded half up once; what is left over goes to `psn_cash_pay`.
"""

from edge.core.benefit.entitled import (
    Enrolment,
    Filing,
    Recognition,
    covered_from,
    disease_for,
    filed_as,
    why_not,
)
from edge.core.benefit.facts import (
    Accounts,
    Accumulators,
    FundLine,
    Line,
    PersonFacts,
    Scope,
    Settlement,
)
from edge.core.benefit.lines import split_line, split_lines, total
from edge.core.benefit.refunds import net
from edge.core.benefit.rules import (
    FUND_TYPES,
    RELATIVES_MAX,
    SCENES,
    Bonus,
    Cell,
    Disease,
    Item,
    RegionRules,
    RuleBook,
    Serious,
    Tier,
    Waiting,
    find_cell,
    rulebook,
    worst,
)
from edge.core.benefit.settle import eligible_fen, settle

__all__ = [
    "FUND_TYPES",
    "RELATIVES_MAX",
    "SCENES",
    "Accounts",
    "Accumulators",
    "Bonus",
    "Cell",
    "Disease",
    "Enrolment",
    "Filing",
    "FundLine",
    "Item",
    "Line",
    "PersonFacts",
    "Recognition",
    "RegionRules",
    "RuleBook",
    "Scope",
    "Serious",
    "Settlement",
    "Tier",
    "Waiting",
    "covered_from",
    "disease_for",
    "eligible_fen",
    "filed_as",
    "find_cell",
    "net",
    "rulebook",
    "settle",
    "split_line",
    "split_lines",
    "total",
    "why_not",
    "worst",
]
