"""The prescriptions that the centre keeps, the keys that sign for hospitals, and the one way in which
a prescription changes: `happen`, by the table of `status`."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.prescription import HOSPITALS_MAX
from edge.errors import EdgeError
from edge.suites import sm2
from sim.centre.books import store as t
from sim.centre.books.columns import blob, table, whole, words
from sim.centre.civil import utc_ms
from sim.centre.prescriptions.status import NO, OF_THE_HOLDER, TABLE, On, Status

LISTED_MAX: Final = 20  # of one person at a counter
DUAL: Final = "01"  # rxExraAttrCode 双通道

prescriptions = table(
    "prescriptions",
    words("hi_rxno", primary_key=True),
    words("trace"),
    words("fixmedins_code"),  # who wrote it
    words("fixmedins_name"),
    words("hosp_rxno"),
    words("psn_no"),
    words("status"),
    words("attr"),
    blob("document"),  # what is signed
    blob("signature"),
    words("cert_sn"),
    whole("until_ms"),
    whole("at_ms"),
    words("pharmacy"),  # who has it, or dispensed it
    words("pharmacy_name"),
    words("reviewer"),
    words("opinion"),
    whole("review_ms"),
    words("setl_id"),
    whole("dispensed_ms"),
    words("undo_reason"),
    sa.Index("prescriptions_psn", "psn_no", "until_ms"),
    sa.UniqueConstraint("fixmedins_code", "hosp_rxno"),
)
sales = table("rx_sales", words("setl_id", primary_key=True), words("hi_rxno"))
signers = table(  # what a signing service keeps in hardware; here as files are kept
    "rx_signers",
    words("fixmedins_code", primary_key=True),
    words("cert_sn"),
    words("cert_dn"),
    blob("private"),
    blob("public"),
)
dual = table("rx_dual", words("fixmedins_code", primary_key=True))  # pharmacies of 双通道

_BY_NO: Final = t.get(prescriptions, "hi_rxno")
_BY_SETL: Final = t.get(sales, "setl_id", only=("hi_rxno",))
_BY_HOSP: Final = t.get(prescriptions, "fixmedins_code", "hosp_rxno")
_OF_PERSON: Final = (
    t.get(prescriptions, "psn_no")
    .where(prescriptions.c.until_ms >= sa.bindparam("now_ms"))
    .order_by(prescriptions.c.at_ms.desc(), prescriptions.c.hi_rxno)
    .limit(LISTED_MAX)
)
_ADD: Final = prescriptions.insert()
_SET: Final = t.change(prescriptions, "hi_rxno")
_NOBODYS: Final = {"pharmacy": "", "pharmacy_name": "", "reviewer": "", "opinion": "", "review_ms": 0}
_SIGNER: Final = t.get(signers, "fixmedins_code")
_PUBLIC: Final = (
    sa.select(signers.c.fixmedins_code, signers.c.public)
    .order_by(signers.c.fixmedins_code)
    .limit(HOSPITALS_MAX)
)
_DUAL: Final = t.get(dual, "fixmedins_code")


class Signer(Struct, frozen=True):
    """A hospital's key at the signing service."""

    fixmedins_code: str
    cert_sn: str
    cert_dn: str
    private: bytes
    public: bytes


class Rx(Struct, frozen=True):
    """One prescription as the books have it."""

    hi_rxno: str
    trace: str
    fixmedins_code: str
    fixmedins_name: str
    hosp_rxno: str
    psn_no: str
    status: Status
    attr: str
    document: bytes
    signature: bytes
    cert_sn: str
    until_ms: int
    at_ms: int
    pharmacy: str = ""
    pharmacy_name: str = ""
    reviewer: str = ""
    opinion: str = ""
    review_ms: int = 0
    setl_id: str = ""
    dispensed_ms: int = 0
    undo_reason: str = ""


# -- keys ------------------------------------------------------------------------------------------
def enrol_hospital(conn: sa.Connection, fixmedins_code: str, name: str) -> Signer:
    """Give a hospital an SM2 key at the signing service; an older one is replaced. The next policies
    of pharmacies name it. EdgeError E-WIR-01: there are too many."""
    others = sa.select(sa.func.count()).where(signers.c.fixmedins_code != fixmedins_code)
    if conn.execute(others).scalar_one() >= HOSPITALS_MAX:
        raise EdgeError("E-WIR-01", f"a policy names the keys of at most {HOSPITALS_MAX} hospitals")
    private, public = sm2.generate()
    made = Signer(fixmedins_code, public[-8:].hex().upper(), f"CN={name}", private, public)
    conn.execute(signers.delete().where(signers.c.fixmedins_code == fixmedins_code))
    row = {name: getattr(made, name) for name in Signer.__struct_fields__}
    conn.execute(signers.insert(), row)
    return made


def signer(conn: sa.Connection, fixmedins_code: str) -> Signer | None:
    """The key of this hospital."""
    row = conn.execute(_SIGNER, t.at(fixmedins_code=fixmedins_code)).mappings().first()
    return None if row is None else Signer(**row)


def fingerprints(conn: sa.Connection) -> dict[str, bytes]:
    """Code -> SHA-256 of the public key, of every hospital."""
    return {code: sha256(public).digest() for code, public in conn.execute(_PUBLIC)}


def allow_dual(conn: sa.Connection, fixmedins_code: str) -> None:
    """This pharmacy belongs to 双通道."""
    conn.execute(dual.insert(), {"fixmedins_code": fixmedins_code})


def is_dual(conn: sa.Connection, fixmedins_code: str) -> bool:
    """Whether it does."""
    return conn.execute(_DUAL, t.at(fixmedins_code=fixmedins_code)).first() is not None


# -- prescriptions ---------------------------------------------------------------------------------
def add(conn: sa.Connection, made: Rx) -> None:
    """D001: a prescription that is numbered."""
    row = {name: getattr(made, name) for name in Rx.__struct_fields__}
    conn.execute(_ADD, row | {"status": str(made.status)})


def find(conn: sa.Connection, hi_rxno: str, now_ms: int) -> Rx | None:
    """The prescription as it stands now: one whose time is over is expired from then on."""
    row = conn.execute(_BY_NO, t.at(hi_rxno=hi_rxno)).mappings().first()
    return None if row is None else _aged(conn, _rx(row), now_ms)


def of_hospital(conn: sa.Connection, fixmedins_code: str, hosp_rxno: str) -> Rx | None:
    """By the hospital's own number."""
    key = t.at(fixmedins_code=fixmedins_code, hosp_rxno=hosp_rxno)
    row = conn.execute(_BY_HOSP, key).mappings().first()
    return None if row is None else _rx(row)


def of_person(conn: sa.Connection, psn_no: str, now_ms: int) -> list[Rx]:
    """The newest of a person whose time is not over, whatever their status."""
    rows = conn.execute(_OF_PERSON, t.at(psn_no=psn_no) | {"now_ms": now_ms}).mappings().all()
    return [_rx(row) for row in rows]


def happen(conn: sa.Connection, rx: Rx, on: On, by: str = "", **more: Any) -> str:
    """One event by the table; "" or why not. `by`: the pharmacy that says so."""
    to = TABLE.get((rx.status, on))
    if to is None:
        return NO[rx.status, on]
    others = rx.pharmacy not in ("", by)
    if others and (on in OF_THE_HOLDER or (on is On.TAKE and rx.status is not Status.VALID)):
        return "rx_dispensed" if rx.status is Status.DISPENSED else "rx_locked"
    free = _NOBODYS if to is Status.VALID and on in (On.FREE, On.RETURN) else {}
    conn.execute(_SET, t.at(hi_rxno=rx.hi_rxno) | {"status": str(to), **free, **more})
    return ""


def _aged(conn: sa.Connection, rx: Rx, now_ms: int) -> Rx:
    if now_ms <= rx.until_ms or happen(conn, rx, On.EXPIRE):
        return rx
    row = conn.execute(_BY_NO, t.at(hi_rxno=rx.hi_rxno)).mappings().one()
    return _rx(row)


def _rx(row: Any) -> Rx:
    found = {name: row[name] for name in Rx.__struct_fields__}
    found |= {"status": Status(row["status"])}
    return Rx(**found | {name: bytes(row[name]) for name in ("document", "signature")})


# -- what becomes of the sale ----------------------------------------------------------------------
def dispensed(conn: sa.Connection, rx: Rx, pharmacy: str, setl_id: str, now_ms: int) -> str:
    """Sold, in the settlement's own transaction: "" or why not."""
    sale = {"setl_id": setl_id, "dispensed_ms": now_ms}
    why = happen(conn, rx, On.DISPENSE, pharmacy, **sale)
    if not why:
        conn.execute(sales.insert(), {"setl_id": setl_id, "hi_rxno": rx.hi_rxno})
    return why


def given_back(conn: sa.Connection, setl_id: str) -> None:
    """The sale is undone (2103 or 2601): its prescription is free again."""
    rx = _of_sale(conn, setl_id)
    if rx is not None and rx.setl_id == setl_id and rx.status is Status.DISPENSED:
        happen(conn, rx, On.RETURN, rx.pharmacy, setl_id="", dispensed_ms=0)


def dispensed_again(conn: sa.Connection, setl_id: str, pharmacy: str, now_ms: int) -> str:
    """The undoing of a sale is taken back: "" or why its prescription is not free any more."""
    rx = _of_sale(conn, setl_id)
    if rx is None:
        return ""
    sale = {"pharmacy": pharmacy, "setl_id": setl_id, "dispensed_ms": now_ms}
    return happen(conn, rx, On.AGAIN, pharmacy, **sale)


def _of_sale(conn: sa.Connection, setl_id: str) -> Rx | None:
    hi_rxno = conn.execute(_BY_SETL, t.at(setl_id=setl_id)).scalar()
    if hi_rxno is None:
        return None
    return _rx(conn.execute(_BY_NO, t.at(hi_rxno=hi_rxno)).mappings().one())


def moment(text: str) -> int:
    """ "2026-11-18 08:00:00" at the place of care, as UTC ms."""
    return utc_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))
