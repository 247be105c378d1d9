"""One call of a HIS being worked on, and what its handlers share: who is meant, which visit, and the
bill as the centre's plans want it."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from edge.core import money
from edge.core.types import Dice, Json
from edge.wire.ask import AskHeader
from sim.centre import bodies
from sim.centre.asks import Question
from sim.centre.books import cards, people, proving, stays, tokens
from sim.centre.books import store as t
from sim.centre.books.people import Faces, Known
from sim.centre.books.policy import Issuer
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.deciding.case import Case, No, insured
from sim.centre.national.envelope import Envelope
from sim.centre.national.tables import MARK_BASE, Client

EC, ID_CARD, SS_CARD = "01", "02", "03"
_OWNER: Final = t.get(t.visits, "mdtrt_id", "fixmedins_code", only=("psn_no",))
_SEEN: Final = t.get(t.visits, "fixmedins_code", "psn_no", only=("mdtrt_id",))
_SOLD: Final = t.get(t.settlements, "fixmedins_code", "psn_no", only=("setl_id",))


class Centre(Struct, frozen=True):
    """The parts of the centre that handlers use."""

    region: Region
    faces: Faces
    issuer: Issuer
    dice: Dice


class Call(Struct, frozen=True):
    """One message that passed the outer checks; `input` fits its schema, `number` is unique."""

    conn: sa.Connection
    centre: Centre
    client: Client
    envelope: Envelope
    infno: str
    input: Json
    number: int
    now_ms: int

    @property
    def data(self) -> Json:
        """The node that most forms have."""
        found: Json = self.input["data"]
        return found

    @property
    def mark(self) -> int:
        """Makes the ids of what this call does."""
        return MARK_BASE + self.number

    @property
    def terminal(self) -> Terminal:
        """The HIS as the centre's handlers see it: a caller of this institution without keys."""
        c = self.client
        who = (c.fixmedins_code, c.fixmedins_name, c.admdvs, c.level)
        return Terminal(c.door, b"", b"", *who, "P2", 0, 0, 0)

    def question(self, body: Json) -> Question:
        """The same as a terminal's question."""
        ask = self.envelope["msgid"].encode()
        return Question(
            conn=self.conn,
            terminal=self.terminal,
            header=AskHeader(self.client.door, ask, self.infno, self.now_ms, b""),
            body=body,
            region=self.centre.region,
            faces=self.centre.faces,
            issuer=self.centre.issuer,
            dice=self.centre.dice,
            now_ms=self.now_ms,
        )

    def case(self, body: bodies.Body, person: Known) -> Case:
        """The same as a record's plan."""
        return Case(
            conn=self.conn,
            terminal=self.terminal,
            region=self.centre.region,
            body=body,
            person=person,
            mark=self.mark,
            epoch=0,
            seq=self.number,
            at_ms=self.now_ms,
            now_ms=self.now_ms,
        )

    def body(self, kind: str, bill_no: str, plan: list[bodies.Call]) -> bodies.Body:
        """A body as a terminal seals it, made of what the HIS sent."""
        e = self.envelope
        names = (
            "mdtrtarea_admvs", "insuplc_admdvs", "opter_type", "opter", "opter_name", "inf_time",
            "infver", "recer_sys_code",
        )  # fmt: skip
        head: dict[str, Any] = {name: e[name] for name in names}
        return bodies.Body(
            plan=plan,
            fixmedins_code=self.client.fixmedins_code,
            fixmedins_name=self.client.fixmedins_name,
            bill_no=bill_no,
            kind=kind,
            identity=bodies.IdentityIn("card"),
            verdict=None,
            estimate=None,
            consent=None,
            **head,
        )


# -- who -------------------------------------------------------------------------------------------
def by_cert(call: Call, *, pays: str = "") -> Known | No:
    """The person whose certificate the form carries: a token that this institution was given and
    that no bill used up, or a card. `pays`: the bill that uses it up now."""
    kind, number = call.data["mdtrt_cert_type"], call.data["mdtrt_cert_no"]
    if kind == EC:
        where = (call.client.door, call.client.fixmedins_code)
        held = tokens.at_institution(call.conn, number, *where, call.now_ms)
        if held is None:
            return No("identity_unknown")
        if call.data.get("psn_no", held.psn_no) != held.psn_no:
            return No("identity_unknown")  # another person's: it stays theirs
        if pays and held.by_face_alone and _above(call):
            return No("password_needed")
        by = tokens.by_bill(pays)
        if not (tokens.use(call.conn, held, by) if pays else tokens.free(held, by)):
            return No("token_used")
        psn_no = held.psn_no
    else:
        if why := cards.why_not(call.conn, number, kind):
            return No(why)
        psn_no = people.by_card(call.conn, number, kind)
    person = people.find(call.conn, psn_no) if psn_no else None
    if person is None:
        return No("no_person")
    if call.data.get("psn_no", person.psn_no) != person.psn_no:
        return No("identity_unknown")  # another person's token
    return No(why) if (why := insured(person)) else person


def _above(call: Call) -> bool:
    """The bill is above what a face alone may pay here."""
    return money.fen(call.data["medfee_sumamt"]) > proving.nopassword_fen(call.client.level)


def of_visit(call: Call, mdtrt_id: str, psn_no: str) -> Known | No:
    """The person of a visit of this institution."""
    key = t.at(mdtrt_id=mdtrt_id, fixmedins_code=call.client.fixmedins_code)
    owner = call.conn.execute(_OWNER, key).scalar()
    person = people.find(call.conn, owner) if owner and owner == psn_no else None
    return No("mdtrt_unknown") if person is None else person


def seen_here(call: Call, psn_no: str) -> Known | No:
    """A person whom this institution treats: nobody reads the account of a stranger."""
    code = call.client.fixmedins_code
    key = t.at(fixmedins_code=code, psn_no=psn_no)
    mine = (one.fixmedins_code == code for one in stays.of_person(call.conn, psn_no))
    met = call.conn.execute(_SEEN, key).first() or call.conn.execute(_SOLD, key).first()
    known = met is not None or any(mine)
    person = people.find(call.conn, psn_no) if known else None
    return No("not_seen_here") if person is None else person
