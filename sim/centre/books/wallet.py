"""医保钱包: account money sent to a relative in another province (F10). Sent, taken or returned; what
is taken pays like a relative's account.

Each province keeps a book of its own, so every step is an entry for each of them that sums to zero
there: what one province owes the other is what the other is owed (clear:32>51 and clear:51<32).
Accounts: acct:{payer}, clear:{from}>{to} · clear:{to}<{from}, wait:{receiver} (not taken yet),
wallet:{receiver}.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import sqlalchemy as sa
import yaml
from msgspec import Meta, Struct

from edge.errors import EdgeError
from sim.centre.books import kin, ledgers, people
from sim.centre.books import store as t
from sim.centre.civil import civil, utc_ms

DATA: Final = Path(__file__).parent / "pay_data" / "wallet.yaml"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SENT, TAKEN, RETURNED = "sent", "taken", "returned"
SWEPT_MAX: Final = 500  # transfers returned in one transaction; the next one goes on


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One number and how well it is known."""

    value: Annotated[int, Meta(ge=0)]
    grade: str


class Pools(Struct, frozen=True, forbid_unknown_fields=True):
    """Which pools take part: the first four digits of their admdvs."""

    grade: str
    open: tuple[str, ...]


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """pay_data/wallet.yaml."""

    max_transfers_per_day: Rule
    max_amount_fen: Rule
    closed_from_min: Rule
    closed_to_min: Rule
    return_at_min: Rule
    transit_max: Rule
    pools: Pools


transfers = t.wallet_transfers
_ADD: Final = transfers.insert()
_BY_ID: Final = t.get(transfers, "transfer_id")
_END: Final = t.change(transfers, "transfer_id")
_TODAY: Final = (
    sa.select(sa.func.count())
    .select_from(transfers)
    .where(transfers.c.payer == sa.bindparam("k_payer"), transfers.c.day == sa.bindparam("k_day"))
)
_OPEN: Final = sa.select(sa.func.count()).select_from(transfers).where(transfers.c.state == SENT)
_DUE: Final = (
    sa.select(transfers)
    .where(transfers.c.state == SENT, transfers.c.return_ms <= sa.bindparam("now_ms"))
    .order_by(transfers.c.return_ms, transfers.c.transfer_id)
    .limit(SWEPT_MAX)
)


class Transfer(Struct, frozen=True):
    """One transfer as both see it."""

    transfer_id: str
    state: str
    fen: int
    return_ms: int


@cache
def load(path: Path = DATA) -> Rules:
    """The limits. EdgeError E-CFG-20 when the file is malformed."""
    try:
        return msgspec.convert(yaml.load(path.read_bytes(), Loader=_LOADER), Rules)  # noqa: S506
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise EdgeError("E-CFG-20", f"wallet rules cannot be read: {error}", str(path)) from error


def send(
    conn: sa.Connection, payer: str, receiver: str, fen: int, now_ms: int
) -> Transfer | str:
    """The payer sends to a relative elsewhere. A code when not: wallet_closed (22:00 to 06:00),
    wallet_amount, wallet_times, wallet_pool, wallet_near (one province: mutual aid does it),
    relation_unknown, not_insured, no_account, balance_low, wallet_full."""
    sweep(conn, now_ms)
    rules, at = load(), civil(now_ms)
    why = _not_now(conn, rules, payer, fen, now_ms) or _not_them(conn, rules, payer, receiver)
    if why:
        return why
    if ledgers.balance(conn, f"acct:{payer}") < fen:
        return "balance_low"
    count = int(conn.execute(sa.select(sa.func.count()).select_from(transfers)).scalar() or 0)
    day = at.strftime("%Y%m%d")
    row: dict[str, Any] = {
        "transfer_id": f"W{day}{count + 1:08d}",
        "payer": payer,
        "receiver": receiver,
        "route": _route(conn, payer, receiver),
        "fen": fen,
        "day": day,
        "at_ms": now_ms,
        "return_ms": returns_ms(rules, now_ms),
        "state": SENT,
        "ended_ms": 0,
    }
    conn.execute(_ADD, row)
    _move(conn, row, "", now_ms)
    return _told(row)


def take(conn: sa.Connection, transfer_id: str, receiver: str, now_ms: int) -> Transfer | str:
    """The receiver takes it; it is theirs in the wallet then. Twice taken is taken once. A code when
    not: transfer_unknown, returned."""
    sweep(conn, now_ms)
    row = conn.execute(_BY_ID, t.at(transfer_id=transfer_id)).mappings().first()
    if row is None or row["receiver"] != receiver:
        return "transfer_unknown"
    if row["state"] == RETURNED:
        return "returned"
    if row["state"] == SENT:
        conn.execute(_END, t.at(transfer_id=transfer_id) | {"state": TAKEN, "ended_ms": now_ms})
        mine = {f"wait:{receiver}": -row["fen"], f"wallet:{receiver}": row["fen"]}
        ledgers.post(conn, f"{transfer_id}-take", mine, now_ms)
    return _told({**row, "state": TAKEN})


def sweep(conn: sa.Connection, now_ms: int) -> int:
    """Give back what nobody took by 06:00, by the centre's own clock; how many."""
    due = conn.execute(_DUE, {"now_ms": now_ms}).mappings().all()
    for row in due:
        key = t.at(transfer_id=row["transfer_id"])
        conn.execute(_END, key | {"state": RETURNED, "ended_ms": now_ms})
        _move(conn, row, "-back", now_ms)
    return len(due)


def waiting(conn: sa.Connection, receiver: str) -> list[Transfer]:
    """What this person may still take, the oldest first."""
    c = transfers.c
    query = sa.select(transfers).where(c.receiver == receiver, c.state == SENT)
    rows = conn.execute(query.order_by(c.at_ms, c.transfer_id).limit(SWEPT_MAX)).mappings()
    return [_told(row) for row in rows]


def returns_ms(rules: Rules, sent_ms: int) -> int:
    """The first 06:00 after it was sent."""
    at = civil(sent_ms)
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    due = start + timedelta(minutes=rules.return_at_min.value)
    return utc_ms(due if due > at else due + timedelta(days=1))


def closed(rules: Rules, now_ms: int) -> bool:
    """Whether nothing may be sent at this minute: from 22:00 on, until 06:00."""
    at = civil(now_ms)
    minute = at.hour * 60 + at.minute
    return minute >= rules.closed_from_min.value or minute < rules.closed_to_min.value


def _not_now(conn: sa.Connection, rules: Rules, payer: str, fen: int, now_ms: int) -> str:
    if closed(rules, now_ms):
        return "wallet_closed"
    if not 0 < fen <= rules.max_amount_fen.value:
        return "wallet_amount"
    day = civil(now_ms).strftime("%Y%m%d")
    sent = int(conn.execute(_TODAY, t.at(payer=payer, day=day)).scalar() or 0)
    if sent >= rules.max_transfers_per_day.value:
        return "wallet_times"
    open_ = int(conn.execute(_OPEN).scalar() or 0)
    return "wallet_full" if open_ >= rules.transit_max.value else ""


def _not_them(conn: sa.Connection, rules: Rules, payer: str, receiver: str) -> str:
    giving, getting = people.find(conn, payer), people.find(conn, receiver)
    if giving is None or getting is None or not kin.relation(conn, receiver, payer):
        return "relation_unknown"
    if not kin.may_pay(giving):
        return "no_account"
    if getting.stas != "1":
        return "not_insured"
    if any(one.insuplc_admdvs[:4] not in rules.pools.open for one in (giving, getting)):
        return "wallet_pool"
    far = kin.scope(giving.insuplc_admdvs, getting.insuplc_admdvs)
    return "" if far == kin.OTHER else "wallet_near"


def _route(conn: sa.Connection, payer: str, receiver: str) -> str:
    both = [people.find(conn, psn_no) for psn_no in (payer, receiver)]
    return ">".join(one.insuplc_admdvs[:2] for one in both if one is not None)


def _move(conn: sa.Connection, row: Any, back: str, now_ms: int) -> None:
    """One entry in each province's book; `back` is the mirror image."""
    fen = -row["fen"] if back else row["fen"]
    one, _, other = row["route"].partition(">")
    entry = row["transfer_id"]
    gives = {f"acct:{row['payer']}": -fen, f"clear:{one}>{other}": fen}
    gets = {f"clear:{other}<{one}": -fen, f"wait:{row['receiver']}": fen}
    ledgers.post(conn, f"{entry}-{one}{back}", gives, now_ms)
    ledgers.post(conn, f"{entry}-{other}{back}", gets, now_ms)


def _told(row: Any) -> Transfer:
    return Transfer(row["transfer_id"], row["state"], row["fen"], row["return_ms"])
