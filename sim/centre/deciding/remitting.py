"""Kinds `wallet_send` and `wallet_take` (医保钱包 at a terminal): the rules are the wallet's own
(`books.wallet`), whoever sends; a name that is given must be the receiver's."""

from __future__ import annotations

from typing import Any

from edge.core import money
from sim.centre import bodies
from sim.centre.books import ledgers, people, wallet
from sim.centre.deciding.case import Case, Done, No, stamp


def send(case: Case) -> Done | No:
    """Out of the account of the person who is there, to a relative in another province."""
    data = bodies.form(case.body.plan[0])
    receiver = people.find(case.conn, bodies.text(data, "to_psn_no"))
    said = bodies.text(data, "to_psn_name", "")
    if receiver is None or said not in ("", receiver.psn_name, people.mask(receiver.psn_name)):
        return No("relation_unknown")
    fen = money.fen(bodies.text(data, "amt"))
    done = wallet.send(case.conn, case.person.psn_no, receiver.psn_no, fen, case.now_ms)
    if isinstance(done, str):
        return No(done)
    told: dict[str, Any] = {
        "transfer_id": done.transfer_id,
        "to": people.mask(receiver.psn_name),
        "amt": money.yuan(done.fen),
        "return_time": stamp(done.return_ms),
    }
    return Done({"walletinfo": told})


def take(case: Case) -> Done | No:
    """Everything that waits for the person who is there."""
    psn_no = case.person.psn_no
    waiting = wallet.waiting(case.conn, psn_no)
    if not waiting:
        return No("wallet_nothing")
    for one in waiting:
        wallet.take(case.conn, one.transfer_id, psn_no, case.now_ms)
    told = {
        "amt": money.yuan(sum(one.fen for one in waiting)),
        "balc": money.yuan(ledgers.balance(case.conn, f"wallet:{psn_no}")),
    }
    return Done({"walletinfo": told})
