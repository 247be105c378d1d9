"""2102 for an order of the hub (线上个账购药): the personal account pays all of it or nothing happens; no
fund, no relatives, and the year's sums stay as they are.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Final

import sqlalchemy as sa
from msgspec.structs import replace

from edge.core import money
from edge.core.benefit import eligible_fen
from edge.core.types import Json, Split
from edge.core.visit.settle.paying import NOBODY
from sim.centre import bodies
from sim.centre.bodies import Call, PayIn
from sim.centre.books import ledgers
from sim.centre.books.people import Known
from sim.centre.deciding import settling
from sim.centre.deciding.case import Case, Done, No, Scene
from sim.centre.deciding.quoting import SALES, Quote, quote
from sim.centre.purchases import books
from sim.centre.purchases.books import Order
from sim.centre.purchases.status import NO, On, Status

KIND: Final = "delivery"
NODE: Final = "orderinfo"


def run(case: Case) -> Done | No:
    """Kind `delivery`."""
    done = settling.run(case, quoted)
    if isinstance(done, No):
        return done
    (call,) = case.body.plan
    order = _allowed(case.conn, call, case.person.psn_no, case.terminal.fixmedins_code, case.now_ms)
    if isinstance(order, No):
        return order
    setl_id = str(done.output["setlinfo"]["setl_id"])
    why = books.happen(case.conn, order, On.PAY, case.now_ms, setl_id=setl_id)
    return No(why) if why else done


def is_order(call: Call) -> bool:
    """Whether this sale pays an order of the hub."""
    return call.infno in SALES and NODE in call.input


def quoted(scene: Scene, plan: list[Call], person: Known, _pay: PayIn) -> Quote | No:
    """What it comes to: the account alone, or why not."""
    call = bodies.call(plan, *SALES)
    assert call is not None, "the plan was checked"
    place = scene.terminal.fixmedins_code
    order = _allowed(scene.conn, call, person.psn_no, place, scene.at_ms)
    if isinstance(order, No):
        return order
    found = quote(scene, plan, person, PayIn(mulaid=NOBODY))
    if isinstance(found, No):
        return found
    split = found.settled.split
    total_fen = split.medfee_sumamt_fen
    if eligible_fen(split, total_fen, scene.region.rules.acct_scope) < total_fen:
        return No("account_scope")
    own_fen = ledgers.balance(scene.conn, f"acct:{person.psn_no}")
    if own_fen < total_fen:
        return No("balance_short")
    alone = Split(
        medfee_sumamt_fen=total_fen,
        fulamt_ownpay_amt_fen=split.fulamt_ownpay_amt_fen,
        overlmt_selfpay_fen=split.overlmt_selfpay_fen,
        preselfpay_amt_fen=split.preselfpay_amt_fen,
        inscp_scp_amt_fen=split.inscp_scp_amt_fen,
        act_pay_dedc_fen=0,
        hifp_pay_fen=0,
        acct_pay_fen=total_fen,
        balc_fen=own_fen - total_fen,
    )
    money.check_split(alone)
    settled = replace(found.settled, split=alone, funds=(), relatives_fen=(), ratio="0.0000")
    return replace(found, settled=settled, payers=(), delta=dict.fromkeys(found.delta, 0))


def _allowed(
    conn: sa.Connection, call: Call, psn_no: str, place: str, now_ms: int
) -> Order | No:
    """The order, when this pharmacy may be paid for it now and the bill is what was ordered."""
    said: Json = bodies.form(call, NODE)
    order = books.find(conn, bodies.text(said, "order_no"), now_ms)
    if order is None or order.fixmedins_code != place:
        return No("order_none")
    if order.psn_no != psn_no:
        return No("order_other_person")
    if (order.status, On.PAY) in NO:
        return No(NO[order.status, On.PAY])
    assert order.status is Status.ACCEPTED, order.status
    return order if _same(order, call) else No("order_differs")


def _same(order: Order, call: Call) -> bool:
    wanted: Counter[tuple[str, Fraction, int]] = Counter(
        (one.code, Fraction(one.cnt), one.fen) for one in order.items
    )
    billed: Counter[tuple[str, Fraction, int]] = Counter(
        (line.med_list_codg, money.decimal(line.cnt), line.amount_fen)
        for line in bodies.fee_lines(call, "drugdetail")
    )
    return wanted == billed
