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

from sim.centre.books.columns import META, blob, table, whole, words

LOCK_WAIT_MS: Final = 10_000
CHECKPOINT_PAGES: Final = 1000
QUARANTINE_BYTES_MAX: Final = 64 * 1024



# -- who may speak, and what they said ------------------------------------------------------------
terminals = table(
    "terminals",
    words("name", primary_key=True),
    blob("sign_public"),  # PEM
    blob("seal_public"),
    words("fixmedins_code"),
    words("fixmedins_name"),
    words("admdvs"),
    words("level"),
    words("profile"),
    whole("answer_number"),
    whole("answer_size"),  # of the tree at that answer
    whole("epoch"),  # the newest epoch seen
    whole("frozen_ms"),  # suspected since; no new policy until a person lifts it; 0 = not
)
streams = table(
    "streams",
    words("terminal", primary_key=True),
    whole("epoch", primary_key=True),
    whole("upto"),
    blob("chain"),
)
records = table(
    "records",
    words("terminal", primary_key=True),
    whole("epoch", primary_key=True),
    whole("seq", primary_key=True),
    blob("hash"),
    blob("data"),
    blob("txid"),
    words("kind"),
    words("mode"),
    words("bill_no"),
    words("psn_key"),
    whole("wall_ms"),
    whole("received_ms"),
    whole("contact_ms"),  # last contact before it was written: names the outage
    whole("fund_fen"),  # the fund part that was promised offline
    words("outcome"),
    blob("result"),  # plaintext, as in the leaf; sealed anew in each answer
    whole("leaf", unique=True),
    whole("number"),  # of the answer that carried it first
    sa.Index("records_outage", "terminal", "contact_ms"),
    sa.Index("records_txid", "terminal", "txid"),
)
leaves = table("leaves", whole("idx", primary_key=True, autoincrement=False), blob("hash"))
log_head = table(
    "log_head", whole("id", primary_key=True, autoincrement=False), whole("size"), blob("root")
)
contacts = table("contacts", words("terminal", primary_key=True), whole("at_ms", primary_key=True))
attests = table("attests", words("terminal", primary_key=True), whole("at_ms", primary_key=True))
incidents = table(
    "incidents",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    whole("at_ms"),
    words("code"),
    whole("alarm"),  # 1 = a person must look
    words("terminal"),
    whole("epoch"),
    whole("seq"),
    blob("hash"),
    blob("data"),
)
policies = table(
    "policies",
    blob("hash", primary_key=True),
    words("terminal"),
    blob("document"),
    blob("body"),
    whole("issued_ms"),
    whole("valid_until_ms"),
)

# -- people ---------------------------------------------------------------------------------------
persons = table(
    "persons",
    words("psn_no", primary_key=True),
    words("psn_name"),
    words("certno"),
    words("gend"),
    whole("age"),
    words("insutype"),
    words("psn_type"),
    words("insuplc_admdvs"),
    words("stas"),  # psn_insu_stas: 1 normal, 2 suspended, 4 ended
    whole("cvlserv"),
    words("idet_types"),  # comma separated
    whole("locked"),
)
relatives = table(
    "relatives",
    words("psn_no", primary_key=True),  # may use
    words("other", primary_key=True),  # the relative
    words("relation"),
    whole("rank"),
    whole("serves"),  # psn_no may act for `other` at a terminal
    whole("pays"),  # other's account pays for psn_no (家庭共济)
)
cards = table(
    "cards",
    words("card_no", primary_key=True),
    words("cert_type", primary_key=True),
    words("psn_no"),
    words("card_sn"),
)
faces = table(
    "faces",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("psn_no", index=True),
    words("model"),
    blob("template"),
)
codes = table(
    "codes",
    words("code", primary_key=True),
    words("psn_no"),
    words("org"),
    whole("expires_ms"),
    whole("used_ms"),
    blob("used_by"),
)
tokens = table(  # what 1101 gave out: this terminal may serve this person for a while
    "tokens",
    words("ec_token", primary_key=True),
    words("auth_no"),
    words("terminal"),
    words("means"),
    words("psn_no"),
    whole("at_ms"),
    words("holder"),  # who was recognised
    words("used_by"),  # "" = nothing yet
    whole("proved"),  # 1 = the holder's password was typed as well
    sa.Index("tokens_auth", "auth_no"),
)

# -- money ----------------------------------------------------------------------------------------
visits = table(
    "visits",
    words("mdtrt_id", primary_key=True),
    words("fixmedins_code"),
    words("ipt_otp_no"),
    words("psn_no"),
    whole("at_ms"),
    sa.UniqueConstraint("fixmedins_code", "ipt_otp_no"),
)
settlements = table(
    "settlements",
    words("setl_id", primary_key=True),
    words("fixmedins_code"),
    words("bill_no"),
    words("psn_no"),
    words("mdtrt_id"),
    words("msgid"),
    words("kind"),
    whole("year"),
    words("terminal"),
    whole("epoch"),
    whole("seq"),
    whole("at_ms"),
    whole("medfee_fen"),
    whole("fund_fen"),
    blob("output"),  # setlinfo and setldetail as told
    blob("delta"),  # what it added to the accumulators
    whole("live"),  # 1 until cancelled
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
task_closings = table(  # how institutions were done with what a decision asked of them
    "task_closings",
    words("terminal", primary_key=True),
    words("about", primary_key=True),  # epoch/seq of the record it answers
    words("task_kind", primary_key=True),
    words("task_id"),
    words("how"),
    whole("fen"),
    words("operator"),
    words("note"),
    whole("epoch"),  # of the record that says so
    whole("seq"),
    whole("at_ms"),
)
wallet_transfers = table(
    "wallet_transfers",
    words("transfer_id", primary_key=True),
    words("payer"),
    words("receiver"),
    words("route"),  # the two provinces when it was sent: 32>51
    whole("fen"),
    words("day"),  # civil, of the sending: three a day
    whole("at_ms"),
    whole("return_ms"),  # when it goes back unless it was taken
    words("state"),  # sent, taken, returned
    whole("ended_ms"),
    sa.Index("wallet_due", "state", "return_ms"),
    sa.Index("wallet_day", "payer", "day"),
)
pay_contracts = table(  # which ways to pay a person agreed to, once
    "pay_contracts", words("psn_no", primary_key=True), words("way", primary_key=True)
)
pay_orders = table(  # one code: the own leg of a settlement at a bank
    "pay_orders",
    words("pay_ordid", primary_key=True),
    words("terminal"),
    whole("epoch"),
    whole("seq"),  # the record that asks for it
    words("psn_no"),
    words("way"),
    words("fixmedins_code"),
    words("med_type"),
    words("capt_no"),  # the bank's number for it
    words("due_on"),  # credit: when it is to be repaid
    words("why"),  # the bank's no
    whole("held_fen"),  # what the person confirmed
    whole("fen"),  # what the settlement came to
    whole("refd_fen"),  # of it: what went back before an undo
    whole("refd_owed"),  # how many of these the bank has not confirmed: an undo waits for them
    words("ins"),
    words("own"),
    words("setl_id"),
    whole("at_ms"),
    sa.UniqueConstraint("terminal", "epoch", "seq"),
    sa.Index("pay_orders_own", "own", "at_ms"),
    sa.Index("pay_orders_setl", "setl_id"),
)
accounts = table("accounts", words("name", primary_key=True), whole("balance_fen"))
postings = table(
    "postings",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("entry", index=True),
    words("account"),
    whole("fen"),
    whole("at_ms"),
)
accumulators = table(
    "accumulators",
    words("psn_no", primary_key=True),
    words("insutype", primary_key=True),
    whole("year", primary_key=True),
    *(
        whole(f"{name}_fen")
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
