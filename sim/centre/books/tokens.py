"""What 1101 and the decoding of a code gave out: for a while this terminal may serve this person, once.

One authorisation (a look, a code, a card: `auth_no`) is used up by the first record that takes effect
by one of its tokens, for the person and for everybody they act for. Before it, it may be asked about
as often as needed (2206); the very same record may come again. Each step of a whole visit is a record,
so the patient shows who they are at each. At the door of a HIS the settled bill uses it up.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Dice
from sim.centre.books import store as t
from sim.centre.books.people import Known

TOKEN_BYTES: Final = 16
TOKEN_MS: Final = 60 * 60_000  # how long after 1101 its token may be used


class Token(Struct, frozen=True):
    """One row of `tokens`: who, at which terminal, proved how. `holder`: who was recognised, for
    themself or for `psn_no`; `proved`: their password was typed as well."""

    ec_token: str
    auth_no: str
    terminal: str
    means: str
    psn_no: str
    at_ms: int
    holder: str
    used_by: str = ""
    proved: int = 0

    @property
    def by_face_alone(self) -> bool:
        """Nothing but a face was shown: what it may pay has a limit."""
        return self.means == "face" and not self.proved


_GIVE: Final = t.tokens.insert()
_HELD: Final = t.get(t.tokens, "ec_token", only=Token.__struct_fields__)
_CHANGE: Final = t.change(t.tokens, "auth_no", "terminal")
_INSTITUTION: Final = t.get(t.terminals, "name", only=("fixmedins_code",))


class Place(Struct, frozen=True):
    """Who asked: the terminal (or the door of a HIS), how the person was proved, under which
    authorisation."""

    terminal: str
    means: str
    auth_no: str
    holder: str = ""  # "" = the person themself


def new_auth_no(dice: Dice) -> str:
    """A fresh authorisation number in the form that is seen (DOMAIN §2.2)."""
    return f"ano{int.from_bytes(dice.bytes(TOKEN_BYTES), 'big') % 10**25:025d}"


def give(conn: sa.Connection, dice: Dice, place: Place, person: Known, now_ms: int) -> str:
    """A fresh token for this person: province code, "ec", 32 digits."""
    token = f"{person.insuplc_admdvs[:2]}0000ec{dice.bytes(TOKEN_BYTES).hex()}"
    row = {"ec_token": token, "auth_no": place.auth_no, "terminal": place.terminal}
    row |= {"means": place.means, "psn_no": person.psn_no}
    row |= {"holder": place.holder or person.psn_no, "used_by": ""}
    conn.execute(_GIVE, {**row, "at_ms": now_ms, "proved": 0})
    return token


def prove(conn: sa.Connection, held: Token) -> None:
    """The holder's password was right: all tokens of the authorisation are proved."""
    conn.execute(_CHANGE, t.at(auth_no=held.auth_no, terminal=held.terminal) | {"proved": 1})


def by_record(txid: bytes) -> str:
    """What uses an authorisation up at a terminal."""
    return f"record:{txid.hex()}"


def by_bill(bill_no: str) -> str:
    """What uses it up at the door of a HIS."""
    return f"bill:{bill_no}"


def free(held: Token, by: str) -> bool:
    """Nothing used it, or this very thing did."""
    return held.used_by in ("", by)


def use(conn: sa.Connection, held: Token, by: str) -> bool:
    """The whole authorisation is used up by this, for the person and those they act for. False:
    something else did before."""
    if not held.used_by:
        conn.execute(_CHANGE, t.at(auth_no=held.auth_no, terminal=held.terminal) | {"used_by": by})
    return free(held, by)


def at_terminal(conn: sa.Connection, ec_token: str, terminal: str) -> Token | None:
    """The token as it was given to this very terminal."""
    found = _one(conn, ec_token)
    return found if found is not None and found.terminal == terminal else None


def at_institution(
    conn: sa.Connection, ec_token: str, door: str, fixmedins_code: str, now_ms: int
) -> Token | None:
    """A fresh token that the HIS's own door or any terminal of its institution got: a face is seen
    by a terminal, and the HIS settles with what the terminal was given."""
    found = _one(conn, ec_token)
    if found is None or not 0 <= now_ms - found.at_ms <= TOKEN_MS:
        return None
    if found.terminal == door:
        return found
    institution = conn.execute(_INSTITUTION, t.at(name=found.terminal)).scalar()
    return found if institution == fixmedins_code else None


def _one(conn: sa.Connection, ec_token: str) -> Token | None:
    row = conn.execute(_HELD, t.at(ec_token=ec_token)).mappings().first()
    return None if row is None else Token(**row)
