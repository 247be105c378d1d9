"""The wallet on a phone: POST /pmc/wallet/send and /pmc/wallet/take, each with the code of the owner's
voucher. The very same message is the same transfer: what it was told is told again.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct

from edge.core import money
from edge.core.types import Json
from sim.bank import wire
from sim.bank.port import Fen, Short
from sim.bank.telling import CONFLICT, OK
from sim.centre.books import ledgers, people, wallet
from sim.centre.deciding.case import stamp
from sim.centre.mobile import books

Code = Annotated[str, Meta(max_length=64)]


class Send(Struct, frozen=True, forbid_unknown_fields=True):
    """Out of the account of the code's owner."""

    code: Code
    receiver: Short
    fen: Fen


class Take(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that waits for the code's owner."""

    code: Code


def answer(conn: sa.Connection, path: str, body: bytes, now_ms: int) -> tuple[int, Json]:
    """One message. EdgeError E-WIR-20 when it is malformed."""
    asked: Send | Take = (
        wire.decode(body, Send) if path.endswith("/send") else wire.decode(body, Take)
    )
    digest = hashlib.sha256(path.encode() + body).digest()
    name = f"phone-{digest.hex()[:40]}"
    before = books.heard_before(conn, name)
    if before is not None:
        return before["status"], msgspec.json.decode(bytes(before["answer"]))
    psn_no, why = people.use_code(conn, asked.code, "", digest, now_ms)
    told = why if not psn_no else _do(conn, asked, psn_no, now_ms)
    status, said = (CONFLICT, {"code": told}) if isinstance(told, str) else (OK, told)
    row = {"tell_id": name, "digest": digest, "status": status}
    conn.execute(books.heard.insert(), row | {"answer": msgspec.json.encode(said)})
    return status, said


def _do(conn: sa.Connection, asked: Send | Take, psn_no: str, now_ms: int) -> Json | str:
    if isinstance(asked, Send):
        sent = wallet.send(conn, psn_no, asked.receiver, asked.fen, now_ms)
        if isinstance(sent, str):
            return sent
        back = {"transfer_id": sent.transfer_id, "return_time": stamp(sent.return_ms)}
        return back | {"amt": money.yuan(sent.fen)}
    waiting = wallet.waiting(conn, psn_no)
    for one in waiting:
        wallet.take(conn, one.transfer_id, psn_no, now_ms)
    if not waiting:
        return "wallet_nothing"
    balance = ledgers.balance(conn, f"wallet:{psn_no}")
    return {"amt": money.yuan(sum(one.fen for one in waiting)), "balc": money.yuan(balance)}
