"""What the second door keeps: the institutions that may call, their calls with the answers, sign-ins,
and the fee lines of visits that are not settled yet."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Json
from sim.centre.books import store as t
from sim.centre.books.columns import META, blob, table, whole, words

MARK_BASE: Final = 9_000_000_000_000  # ids made at this door never meet those made of the log
LINES_MAX: Final = 200  # of one visit, as of a bill at the terminal
KEEP_MS: Final = 62 * 86_400_000  # answers are told again for two months


clients = table(
    "his_clients",
    words("fixmedins_code", primary_key=True),
    words("fixmedins_name"),
    words("fixmedins_type"),
    words("admdvs"),
    words("level"),
    words("covers"),
    whole("must_sign_in"),
    blob("sign_public"),
)
calls = table(
    "his_calls",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    words("fixmedins_code"),
    words("msgid"),
    words("infno"),
    blob("digest"),
    blob("answer"),
    whole("at_ms"),
    sa.UniqueConstraint("fixmedins_code", "msgid"),
    sqlite_autoincrement=True,  # ids are made of the number: one that was swept never comes again
)
sign_ins = table(
    "his_sign_ins",
    words("sign_no", primary_key=True),
    words("fixmedins_code"),
    words("opter_no"),
    whole("at_ms"),
    whole("out_ms"),  # 0 = still in
)
fee_lines = table(
    "his_fee_lines",
    words("mdtrt_id", primary_key=True),
    words("feedetl_sn", primary_key=True),
    words("chrg_bchno"),
    whole("row_no"),
    blob("line"),
)


class Client(Struct, frozen=True):
    """An institution whose HIS may call. `sign_public`: its SM2 key as DER, empty = it sends
    signtype MOCK. `covers`: what its signature covers, "head" (met in public code) or "whole"."""

    fixmedins_code: str
    fixmedins_name: str = "测试医院"
    fixmedins_type: str = "1"
    admdvs: str = "510100"
    level: str = "community"
    covers: str = "whole"
    must_sign_in: bool = True
    sign_public: bytes = b""

    @property
    def door(self) -> str:
        """The name under which the HIS's movements and tokens are kept; no terminal has it."""
        return f"his.{self.fixmedins_code}"


_CLIENT: Final = t.get(clients, "fixmedins_code")
_CALL: Final = t.get(calls, "fixmedins_code", "msgid")
_ADD_CALL: Final = calls.insert()
_ANSWER: Final = t.change(calls, "id")
_IN: Final = t.get(sign_ins, "sign_no", "fixmedins_code")
_SIGN: Final = sign_ins.insert()
_OUT: Final = t.change(sign_ins, "sign_no")
_LINES: Final = t.get(fee_lines, "mdtrt_id", "chrg_bchno", only=("line",)).order_by("row_no")
_KNOWN: Final = t.get(fee_lines, "mdtrt_id", only=("feedetl_sn", "chrg_bchno"))
_ADD_LINE: Final = fee_lines.insert()


def create(store: t.Store) -> None:
    """Make the tables where they are not there yet."""
    META.create_all(store.engine)


def enrol(conn: sa.Connection, client: Client) -> None:
    """Let an institution's HIS call; a known one is replaced."""
    assert client.covers in ("head", "whole"), client.covers
    conn.execute(clients.delete().where(clients.c.fixmedins_code == client.fixmedins_code))
    conn.execute(clients.insert(), msgspec.structs.asdict(client))


def client(conn: sa.Connection, fixmedins_code: str) -> Client | None:
    """The institution, None when it may not call."""
    row = conn.execute(_CLIENT, t.at(fixmedins_code=fixmedins_code)).mappings().first()
    return None if row is None else Client(**{**row, "must_sign_in": bool(row["must_sign_in"])})


# -- calls -----------------------------------------------------------------------------------------
def call(conn: sa.Connection, fixmedins_code: str, msgid: str) -> sa.RowMapping | None:
    """What was answered to this message before."""
    key = t.at(fixmedins_code=fixmedins_code, msgid=msgid)
    return conn.execute(_CALL, key).mappings().first()


def begin_call(conn: sa.Connection, row: dict[str, Any]) -> int:
    """Enter a call; its number, which makes the ids of what it does."""
    old = calls.c.at_ms < row["at_ms"] - KEEP_MS
    if row["infno"] == "9001":
        conn.execute(calls.delete().where(old))
    key = conn.execute(_ADD_CALL, {**row, "answer": b""}).inserted_primary_key
    assert key is not None, "a row has a key"
    return int(key[0])


def end_call(conn: sa.Connection, number: int, answer: bytes) -> None:
    """Keep the answer for when the same message comes again."""
    conn.execute(_ANSWER, t.at(id=number) | {"answer": answer})


# -- sign-ins --------------------------------------------------------------------------------------
def sign_in(conn: sa.Connection, row: dict[str, Any]) -> None:
    """Note a sign-in."""
    conn.execute(_SIGN, {**row, "out_ms": 0})


def signed_in(conn: sa.Connection, sign_no: str, fixmedins_code: str) -> sa.RowMapping | None:
    """The sign-in of this institution with this number."""
    key = t.at(sign_no=sign_no, fixmedins_code=fixmedins_code)
    return conn.execute(_IN, key).mappings().first()


def sign_out(conn: sa.Connection, sign_no: str, now_ms: int) -> None:
    """It may not be used any more."""
    conn.execute(_OUT, t.at(sign_no=sign_no) | {"out_ms": now_ms})


# -- fee lines -------------------------------------------------------------------------------------
def known_lines(conn: sa.Connection, mdtrt_id: str) -> dict[str, str]:
    """feedetl_sn -> chrg_bchno of a visit."""
    rows = conn.execute(_KNOWN, t.at(mdtrt_id=mdtrt_id))
    return {row[0]: row[1] for row in rows}


def add_lines(conn: sa.Connection, rows: list[Json]) -> None:
    """Keep lines of 2204."""
    found = [
        {
            "mdtrt_id": row["mdtrt_id"],
            "feedetl_sn": row["feedetl_sn"],
            "chrg_bchno": row["chrg_bchno"],
            "row_no": number,
            "line": msgspec.json.encode(row),
        }
        for number, row in enumerate(rows)
    ]
    conn.execute(_ADD_LINE, found)


def lines(conn: sa.Connection, mdtrt_id: str, chrg_bchno: str) -> list[Json]:
    """The lines of one batch."""
    key = t.at(mdtrt_id=mdtrt_id, chrg_bchno=chrg_bchno)
    return [msgspec.json.decode(row[0]) for row in conn.execute(_LINES, key)]


def drop_lines(conn: sa.Connection, mdtrt_id: str, chrg_bchno: str = "") -> int:
    """Take lines back: of a batch, or of the whole visit. How many went."""
    c = fee_lines.c
    where = [c.mdtrt_id == mdtrt_id] + ([c.chrg_bchno == chrg_bchno] if chrg_bchno else [])
    return int(conn.execute(fee_lines.delete().where(*where)).rowcount)
