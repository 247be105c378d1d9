"""The centre's tables and its one way to write: `Store.begin()`, one transaction at a time.

SQLite (WAL, synchronous FULL) by default, PostgreSQL by URL. Every message of a terminal is one
transaction that first locks the row of the log's head, so two workers on one database cannot give
out the same leaf.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy.pool import StaticPool

LOCK_WAIT_MS: Final = 10_000
CHECKPOINT_PAGES: Final = 1000
QUARANTINE_BYTES_MAX: Final = 64 * 1024

META: Final = sa.MetaData()
Blob = sa.LargeBinary
Fen = sa.BigInteger


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, META, *columns)


def _text(name: str, **kw: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **kw)


def _int(name: str, **kw: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, **kw)


def _blob(name: str, **kw: Any) -> sa.Column[bytes]:
    return sa.Column(name, Blob, nullable=False, **kw)


# -- who may speak, and what they said ------------------------------------------------------------
terminals = _table(
    "terminals",
    _text("name", primary_key=True),
    _blob("sign_public"),  # PEM
    _blob("seal_public"),
    _text("fixmedins_code"),
    _text("fixmedins_name"),
    _text("admdvs"),
    _text("level"),
    _text("profile"),
    _int("answer_number"),
    _int("answer_size"),  # of the tree at that answer
    _int("epoch"),  # the newest epoch seen
    _int("frozen_ms"),  # suspected since; no new policy until a person lifts it; 0 = not
)
streams = _table(
    "streams",
    _text("terminal", primary_key=True),
    _int("epoch", primary_key=True),
    _int("upto"),
    _blob("chain"),
)
records = _table(
    "records",
    _text("terminal", primary_key=True),
    _int("epoch", primary_key=True),
    _int("seq", primary_key=True),
    _blob("hash"),
    _blob("data"),
    _blob("txid"),
    _text("kind"),
    _text("mode"),
    _text("bill_no"),
    _text("psn_key"),
    _int("wall_ms"),
    _int("received_ms"),
    _int("contact_ms"),  # last contact before it was written: names the outage
    _int("fund_fen"),  # the fund part that was promised offline
    _text("outcome"),
    _blob("result"),  # plaintext, as in the leaf; sealed anew in each answer
    _int("leaf", unique=True),
    _int("number"),  # of the answer that carried it first
    sa.Index("records_outage", "terminal", "contact_ms"),
    sa.Index("records_txid", "terminal", "txid"),
)
leaves = _table("leaves", _int("idx", primary_key=True, autoincrement=False), _blob("hash"))
log_head = _table(
    "log_head", _int("id", primary_key=True, autoincrement=False), _int("size"), _blob("root")
)
contacts = _table("contacts", _text("terminal", primary_key=True), _int("at_ms", primary_key=True))
attests = _table("attests", _text("terminal", primary_key=True), _int("at_ms", primary_key=True))
incidents = _table(
    "incidents",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _int("at_ms"),
    _text("code"),
    _int("alarm"),  # 1 = a person must look
    _text("terminal"),
    _int("epoch"),
    _int("seq"),
    _blob("hash"),
    _blob("data"),
)
policies = _table(
    "policies",
    _blob("hash", primary_key=True),
    _text("terminal"),
    _blob("document"),
    _blob("body"),
    _int("issued_ms"),
    _int("valid_until_ms"),
)

# -- people ---------------------------------------------------------------------------------------
persons = _table(
    "persons",
    _text("psn_no", primary_key=True),
    _text("psn_name"),
    _text("certno"),
    _text("gend"),
    _int("age"),
    _text("insutype"),
    _text("psn_type"),
    _text("insuplc_admdvs"),
    _text("stas"),  # psn_insu_stas: 1 normal, 2 suspended, 4 ended
    _int("cvlserv"),
    _text("idet_types"),  # comma separated
    _int("locked"),
)
relatives = _table(
    "relatives",
    _text("psn_no", primary_key=True),  # may use
    _text("other", primary_key=True),  # the relative
    _text("relation"),
    _int("rank"),
    _int("serves"),  # psn_no may act for `other` at a terminal
    _int("pays"),  # other's account pays for psn_no (家庭共济)
)
cards = _table(
    "cards",
    _text("card_no", primary_key=True),
    _text("cert_type", primary_key=True),
    _text("psn_no"),
    _text("card_sn"),
)
faces = _table(
    "faces",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _text("psn_no", index=True),
    _text("model"),
    _blob("template"),
)
codes = _table(
    "codes",
    _text("code", primary_key=True),
    _text("psn_no"),
    _text("org"),
    _int("expires_ms"),
    _int("used_ms"),
    _blob("used_by"),
)
tokens = _table(  # what 1101 gave out: this terminal may serve this person for a while
    "tokens",
    _text("ec_token", primary_key=True),
    _text("auth_no"),
    _text("terminal"),
    _text("means"),
    _text("psn_no"),
    _int("at_ms"),
)

# -- money ----------------------------------------------------------------------------------------
visits = _table(
    "visits",
    _text("mdtrt_id", primary_key=True),
    _text("fixmedins_code"),
    _text("ipt_otp_no"),
    _text("psn_no"),
    _int("at_ms"),
    sa.UniqueConstraint("fixmedins_code", "ipt_otp_no"),
)
settlements = _table(
    "settlements",
    _text("setl_id", primary_key=True),
    _text("fixmedins_code"),
    _text("bill_no"),
    _text("psn_no"),
    _text("mdtrt_id"),
    _text("msgid"),
    _text("kind"),
    _int("year"),
    _text("terminal"),
    _int("epoch"),
    _int("seq"),
    _int("at_ms"),
    _int("medfee_fen"),
    _int("fund_fen"),
    _blob("output"),  # setlinfo and setldetail as told
    _blob("delta"),  # what it added to the accumulators
    _int("live"),  # 1 until cancelled
    sa.Index(
        "settlements_once",
        "fixmedins_code",
        "bill_no",
        unique=True,
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live = 1"),
    ),
    sa.Index("settlements_psn", "psn_no", "mdtrt_id"),
)
task_closings = _table(  # how institutions were done with what a decision asked of them
    "task_closings",
    _text("terminal", primary_key=True),
    _text("about", primary_key=True),  # epoch/seq of the record it answers
    _text("task_kind", primary_key=True),
    _text("task_id"),
    _text("how"),
    _int("fen"),
    _text("operator"),
    _text("note"),
    _int("epoch"),  # of the record that says so
    _int("seq"),
    _int("at_ms"),
)
wallet_transfers = _table(
    "wallet_transfers",
    _text("transfer_id", primary_key=True),
    _text("payer"),
    _text("receiver"),
    _text("route"),  # the two provinces when it was sent: 32>51
    _int("fen"),
    _text("day"),  # civil, of the sending: three a day
    _int("at_ms"),
    _int("return_ms"),  # when it goes back unless it was taken
    _text("state"),  # sent, taken, returned
    _int("ended_ms"),
    sa.Index("wallet_due", "state", "return_ms"),
    sa.Index("wallet_day", "payer", "day"),
)
pay_contracts = _table(  # which ways to pay a person agreed to, once
    "pay_contracts", _text("psn_no", primary_key=True), _text("way", primary_key=True)
)
pay_orders = _table(  # one code: the own leg of a settlement at a bank
    "pay_orders",
    _text("pay_ordid", primary_key=True),
    _text("terminal"),
    _int("epoch"),
    _int("seq"),  # the record that asks for it
    _text("psn_no"),
    _text("way"),
    _int("held_fen"),  # what the person confirmed
    _int("fen"),  # what the settlement came to
    _text("ins"),
    _text("own"),
    _text("setl_id"),
    _int("at_ms"),
    sa.UniqueConstraint("terminal", "epoch", "seq"),
    sa.Index("pay_orders_own", "own", "at_ms"),
    sa.Index("pay_orders_setl", "setl_id"),
)
accounts = _table("accounts", _text("name", primary_key=True), _int("balance_fen"))
postings = _table(
    "postings",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _text("entry", index=True),
    _text("account"),
    _int("fen"),
    _int("at_ms"),
)
accumulators = _table(
    "accumulators",
    _text("psn_no", primary_key=True),
    _text("insutype", primary_key=True),
    _int("year", primary_key=True),
    *(
        _int(f"{name}_fen")
        for name in (
            "outpatient_dedc",
            "outpatient_fund",
            "inpatient_fund",
            "compliant_selfpay",
            "personal",
            "chronic_dedc",
            "chronic_fund",
        )
    ),
)


# -- statements, built once: building one costs four times what running it does --------------------
def get(table: sa.Table, *keys: str, only: Sequence[str] = ()) -> sa.Select[Any]:
    """SELECT (all or `only`) WHERE each key equals its parameter; run it with `at(key=…)`."""
    what = sa.select(*(table.c[name] for name in only)) if only else sa.select(table)
    return what.where(*(table.c[name] == sa.bindparam(f"k_{name}") for name in keys))


def change(table: sa.Table, *keys: str) -> sa.Update:
    """UPDATE … WHERE each key equals its parameter; run it with `at(key=…) | {column: value}`."""
    return table.update().where(*(table.c[name] == sa.bindparam(f"k_{name}") for name in keys))


def at(**keys: Any) -> dict[str, Any]:
    """The parameters of `get` and `change`."""
    return {f"k_{name}": value for name, value in keys.items()}


class Store:
    """An engine and a lock. `begin()` is the only way to a connection; statements inside are one
    transaction."""

    def __init__(self, url: str, *, guest: bool = False) -> None:
        """`guest`: a second process beside the centre (demo, phone simulator); it never
        checkpoints the WAL, because two connections that reset the WAL at once can corrupt it in
        SQLite before 3.51.3."""
        self.url = url
        self._lock = threading.RLock()
        self.sqlite = url.startswith("sqlite")
        self.memory = url in ("sqlite://", "sqlite:///:memory:")
        kw: dict[str, Any] = {}
        if self.memory:
            kw = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        elif self.sqlite:
            kw = {
                "connect_args": {"check_same_thread": False, "timeout": LOCK_WAIT_MS / 1000},
                "pool_size": 1,
            }
        self.engine = sa.create_engine(url, **kw)
        if self.sqlite:
            sa.event.listen(self.engine, "connect", _sqlite_setup(guest=guest))
            sa.event.listen(self.engine, "begin", _sqlite_begin)
        META.create_all(self.engine)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A write transaction: committed on leaving, rolled back on any exception."""
        with self._lock, self.engine.begin() as conn:
            yield conn

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _sqlite_setup(*, guest: bool) -> Any:
    def setup(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")
        cursor.execute(f"PRAGMA wal_autocheckpoint={0 if guest else CHECKPOINT_PAGES}")
        cursor.close()

    return setup


def _sqlite_begin(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


_NOTE: Final = incidents.insert()
_NOTED: Final = get(incidents, "terminal", "epoch", "seq", "hash", "code", "data", only=("id",))


class Place(Struct, frozen=True):
    """What an incident is about, as far as it is known."""

    terminal: str = ""
    epoch: int = 0
    seq: int = 0
    hash: bytes = b""


def noted(conn: sa.Connection, code: str, place: Place, *, data: bytes = b"") -> bool:
    """Whether this very incident is written down already."""
    row = conn.execute(_NOTED, at(**asdict(place), code=code, data=data)).first()
    return row is not None


def note(
    conn: sa.Connection,
    code: str,
    now_ms: int,
    place: Place,
    *,
    data: bytes = b"",
    alarm: bool = False,
) -> None:
    """Write down an incident; `data` (quarantined bytes) is cut at QUARANTINE_BYTES_MAX."""
    row = {"at_ms": now_ms, "code": code, "alarm": int(alarm), "terminal": place.terminal[:64]}
    row |= {"epoch": place.epoch, "seq": place.seq, "hash": place.hash}
    conn.execute(_NOTE, {**row, "data": data[:QUARANTINE_BYTES_MAX]})
