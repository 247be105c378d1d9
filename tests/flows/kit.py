"""What only tests use: a desk whose centre the test plays (`tell`, `answer`), and a policy, a bill and a
person to begin with. The desk itself, and the centre that is real, are in `sim.stage`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from edge.core import events as e
from edge.core import money
from edge.core.benefit import (
    Accounts,
    Accumulators,
    Cell,
    Item,
    PersonFacts,
    RegionRules,
    RuleBook,
    settle,
    split_lines,
    total,
)
from edge.core.effects import Ask
from edge.core.types import (
    Answer,
    Bill,
    Caps,
    Credit,
    FeeLine,
    Outcome,
    Policy,
    Result,
)
from sim.dice import SeededDice
from sim.stage import desk as stage
from sim.stage.desk import DAY_MS, SETTINGS
from sim.stage.script import (
    On,
    Step,
    follow,
    gesture,
    good_face,
    link_lost,
    link_up,
    on,
    post,
    press,
    tell_story,
    wait,
)
from tests.core.glow import FACE as MEASURED

__all__ = [
    "BASE", "BOOK", "CHILD", "DAY_MS", "FACE", "OFFER", "PERSON", "SETTINGS", "Desk", "On",
    "SeededDice", "Step", "bill", "estimated", "follow", "gesture", "good_face", "known_as",
    "link_lost", "link_up", "on", "policy", "post", "press", "send", "settled", "split_of",
    "tell_story", "template", "unknown", "wait",
]  # fmt: skip

OFFER = {
    "acct": "30.00",
    "all": "50.00",
    "mulaid": [
        {"psn_no": "510100000003", "psn_name": "李*", "relation": "配偶", "scope": "pool", "can": "20.00"}
    ],
    "ways": ["cash"],
}
BOOK = RuleBook(
    RegionRules(
        region="510100",
        cells=(
            Cell("310", "outpatient", "*", "active", "0.50"),
            Cell("310", "pharmacy", "*", "active", "0.50"),
            Cell("390", "outpatient", "*", "*", "0.60"),
            Cell("390", "pharmacy", "*", "*", "0.40"),
        ),
    ),
    catalogue={"A1": Item("1"), "B1": Item("2", "0.10")},
    level="community",
)
PERSON = {
    "psn_no": "510100000001",
    "psn_name": "张*",
    "insutype": "310",
    "insuplc_admdvs": "510100",
    "ecToken": "ec-token-1",
}
BASE = {"certno": "5****************X", "gend": "1", "age": "61"}
CHILD = {
    **PERSON,
    "psn_no": "510100000002",
    "psn_name": "张**",
    "ecToken": "ec-token-2",
    "relation": "子女",
}


def policy(profile: str = "P0", **changes: Any) -> Policy:
    """A policy of today's rules."""
    base = Policy(
        profile=profile,
        version=3,
        issued_utc_ms=0,
        valid_until_utc_ms=100 * DAY_MS,
        caps=Caps(),
        allow=("settle", "pharmacy"),
        face_nopassword_max_fen=5_000_00,
        liveness_threshold=0.5,
        liveness_steps=2,
        rules=msgspec.to_builtins(BOOK),
        rules_utc_ms=9 * DAY_MS,
    )
    return msgspec.structs.replace(base, **changes)


def bill(
    kind: str = "settle", amount_fen: int = 100_00, number: str = "HIS-1", **more: Any
) -> Bill:
    """A bill with one line of 甲."""
    lines = () if kind == "register" else (FeeLine("1", "A1", "阿莫西林", amount_fen),)
    return Bill(kind=kind, bill_no=number, amount_fen=amount_fen, lines=lines, **more)


class Desk(stage.Desk):
    """A desk whose centre is the test."""

    def __init__(self, policy_: Policy | None = None, **given: Any) -> None:
        self.answer_number = 0
        super().__init__(policy_, **given)

    def ask(self, infno: str) -> Ask:
        """The newest open question of this kind."""
        found = [one for one in self.asks if one.infno == infno]
        assert found, f"nothing asked {infno}: {[one.infno for one in self.asks]}"
        return found[-1]

    def tell(self, infno: str, body: Any, infcode: int = 0) -> None:
        ask = self.ask(infno)
        self.asks.remove(ask)
        self.post(e.Told(ask.ask, infcode, body))

    def centre_split(self, fund_share: str = "") -> dict[str, str]:
        """What a centre with the same rules works out for the bill in front."""
        (state,) = [
            one for one in self.bills().values() if one.status in ("in_visit", "working")
        ] or [None]
        assert state is not None
        return split_of(state.bill)

    def answer(self, *results: tuple[int, Outcome, Any]) -> None:
        """A verified answer for these records."""
        self.answer_number += 1
        upto = max((seq for seq, _, _ in results), default=0)
        self.post(
            e.Answered(
                Answer(
                    number=self.answer_number,
                    epoch=1,
                    upto_seq=upto,
                    chain_hash=self.hash_of(upto),
                    results=tuple(
                        Result(seq, outcome, body, b"receipt") for seq, outcome, body in results
                    ),
                    centre_utc_ms=self.now.utc_ms,
                    credit=Credit(),
                    tree_size=upto,
                    root=bytes(32),
                )
            )
        )


def split_of(bill_: Bill) -> dict[str, str]:
    """setlinfo of a centre with the same rules and 30 yuan in the account."""
    med_type = "41" if bill_.kind == "pharmacy" else bill_.med_type
    scope = total(split_lines(bill_.lines, BOOK.catalogue))
    done = settle(
        scope,
        PersonFacts("310", "active"),
        Accumulators(),
        Accounts(30_00),
        BOOK,
        med_type=med_type,
    )
    return {
        **money.split_fields(done.split),
        "setl_id": "S1",
        "mdtrt_id": "M1",
        "psn_no": PERSON["psn_no"],
    }


def send(bill_: Bill | None = None) -> Callable[[Desk], None]:
    return lambda desk: desk.send(bill_ or bill()) and None


def template(desk: Desk) -> None:
    desk.post(e.TemplateMade(MEASURED, "ab" * 32))


def known_as(*people: dict[str, Any]) -> Callable[[Desk], None]:
    """The centre answers 1101."""
    return lambda desk: desk.tell(
        "1101",
        {"authNo": "auth-1", "baseinfo": BASE, "people": list(people or (PERSON,))},
    )


def unknown(code: str) -> Callable[[Desk], None]:
    return lambda desk: desk.tell("1101", {"code": code}, -1)


def estimated(desk: Desk) -> None:
    """The centre answers 2206."""
    desk.tell("2206", {"setlinfo": desk.centre_split(), "setldetail": []})


def settled(outcome: Outcome = Outcome.SETTLED, **changes: Any) -> Callable[[Desk], None]:
    """The centre's answer to the newest record."""

    def do(desk: Desk) -> None:
        entry = desk.ledger[-1]
        state = desk.bills()[entry.local["bill_id"]]
        body: dict[str, Any] = {"infcode": 0, "err_msg": "", "mdtrt_id": "M1"}
        if state.bill.kind != "register":
            body["setlinfo"] = split_of(state.bill) | changes
        desk.answer((entry.seq, outcome, body))

    return do


FACE = (
    on("ways", press("face")),
    on("look", good_face),
    on("challenge", follow),
    on("working", template),
)
