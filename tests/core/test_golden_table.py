"""The two tables in golden/: settlements to the fen and days, worked by hand, against the engine and
the rules as they are shipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.core import benefit as b
from edge.core.benefit.entitled import Enrolment
from edge.core.money import fen
from edge.core.types import FeeLine, Split
from sim.centre.books import rules

HERE = Path(__file__).parent / "golden"
CODES = {
    "A": "SYN-A-0001", "A2": "SYN-A-0002", "B10": "SYN-B-0001", "B15": "SYN-B-0002",
    "B5": "SYN-B-0003", "B4": "SYN-B-0004", "BL": "SYN-B-0005", "C": "SYN-C-0001",
    "S280": "SYN-S-0001", "T25": "SYN-S-0002", "S2": "SYN-S-0005", "M15": "SYN-S-0004",
}  # fmt: skip
YEAR = {
    "odedc": "outpatient_dedc_fen", "ofund": "outpatient_fund_fen", "ifund": "inpatient_fund_fen",
    "cdedc": "chronic_dedc_fen", "cfund": "chronic_fund_fen", "self": "compliant_selfpay_fen",
}  # fmt: skip
NAMES = {
    "fee": "medfee_sumamt_fen", "own": "fulamt_ownpay_amt_fen", "over": "overlmt_selfpay_fen",
    "pre": "preselfpay_amt_fen", "in": "inscp_scp_amt_fen", "dedc": "act_pay_dedc_fen",
    "hifp": "hifp_pay_fen", "hifob": "hifob_pay_fen", "hifmi": "hifmi_pay_fen",
    "cvl": "cvlserv_pay_fen", "maf": "maf_pay_fen", "acct": "acct_pay_fen",
    "mul": "acct_mulaid_pay_fen", "cash": "psn_cash_pay_fen",
}  # fmt: skip
REGION = {name: rules.load(name) for name in ("510100", "500100")}


def rows(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text().splitlines()
    return [
        [cell.strip() for cell in line.split("|")]
        for line in lines
        if line and not line.startswith("#")
    ]


SETTLEMENTS, DAYS = rows("settlements.txt"), rows("days.txt")


def words(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def fee_line(number: int, text: str) -> FeeLine:
    code, amount = text.split()
    cnt, _, yuan = amount.rpartition("x")
    return FeeLine(str(number), CODES[code], code, fen(yuan), cnt or "1")


def accounts(text: str) -> b.Accounts:
    if text == "off":
        return b.Accounts(500_00, used=False)
    own, *relatives = (fen(one) for one in text.split("+"))
    return b.Accounts(own, tuple(relatives))


@pytest.mark.parametrize("row", SETTLEMENTS, ids=[row[0] for row in SETTLEMENTS])
def test_the_engine_says_what_was_worked_out_by_hand(row: list[str]) -> None:
    _, place, who, what, lines, year, pays, expected, _, _ = row
    care, level = place.split()
    insutype, psn, age, *more = who.split()
    said = words(who)
    home = REGION[said.get("home", care)]
    person = b.PersonFacts(
        insutype,
        psn,
        cvlserv="civil" in more,
        idet_types=tuple(one[5:] for one in more if one.startswith("idet=")),
        age=int(age),
    )
    med_type, _, dise = what.partition(":")
    here = b.disease_for(REGION[care].rules, dise)
    there = b.disease_for(home.rules, dise)
    bill = [fee_line(number, one) for number, one in enumerate(lines.split(";"))]
    parts = b.split_lines(bill, REGION[care].catalogue, insutype, level, here)
    before = b.Accumulators(**{YEAR[name]: fen(value) for name, value in words(year).items()})
    done = b.settle(
        b.total(parts),
        person,
        before,
        accounts(pays),
        REGION[care].away_book(home, level),
        med_type=med_type,
        remote=said.get("remote", ""),
        scene=there.scene if there else "",
    )
    found = {name: getattr(done.split, field) for name, field in NAMES.items()}
    wanted = dict.fromkeys(NAMES, 0) | {name: fen(v) for name, v in words(expected).items()}
    assert found == wanted
    assert set(NAMES.values()) >= set(Split.__struct_fields__) - {
        "oth_pay_fen", "fund_pay_sumamt_fen", "hosp_part_amt_fen", "balc_fen",
    }  # fmt: skip


def span(text: str) -> tuple[str, ...]:
    return tuple(text.split(":"))


@pytest.mark.parametrize("row", DAYS, ids=[row[0] for row in DAYS])
def test_a_day_decides_as_it_was_worked_out_by_hand(row: list[str]) -> None:
    _, kind, text, expected, _, _ = row
    said, flags = words(text), text.split()
    here = REGION["510100"].rules
    if kind == "covered":
        enrolment = Enrolment(
            said["paid"],
            "in" in flags,
            int(said.get("missed", 0)),
            int(said.get("repaired", 0)),
            said.get("born", ""),
            said.get("from", ""),
        )
        assert b.covered_from(enrolment, here.waiting) == expected
        return
    med_type, _, dise = flags[1].partition(":")
    filings = (b.Filing(*span(said["filed"])),) if "filed" in said else ()
    home = REGION["500100"].rules if "away" in flags else here
    remote = b.filed_as(filings, "510100", said["on"]) if "away" in flags else ""
    why = b.why_not(
        home,
        on=said["on"],
        med_type=med_type,
        covered=said.get("covered", ""),
        dise_codg=dise,
        recognitions=(b.Recognition(*span(said["has"])),) if "has" in said else (),
        remote=remote,
    )
    assert (why or "ok") == expected


def test_the_tables_are_whole() -> None:
    assert len(SETTLEMENTS) >= 43 and len(DAYS) >= 30
    for table in (SETTLEMENTS, DAYS):
        assert len({row[0] for row in table}) == len(table)
        assert all(all(row) for row in table), "each line has its source and its working"
