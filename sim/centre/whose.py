"""Whose record it is: proved by a token of 1101, or by a card with a face beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from edge.core.types import Mode
from edge.wire.record import RecordHeader
from sim.centre.bodies import Body
from sim.centre.books import cards, people, tokens
from sim.centre.books.people import Known
from sim.centre.books.tokens import Token
from sim.centre.deciding import plans
from sim.centre.deciding.case import No

if TYPE_CHECKING:
    from sim.centre.intake import Turn


class Proved(Struct, frozen=True):
    """The person of a record, and the token of 1101 when the centre itself had told the terminal
    who it is."""

    person: Known
    token: Token | None = None


def person(turn: Turn, header: RecordHeader, body: Body) -> Proved | No:
    """The person of the record, proved in the way its mode needs."""
    conn, faces, said = turn.conn, turn.counter.faces, body.identity
    if body.kind == "cancel":
        psn_no = plans.person_undone(conn, body)
        found = people.find(conn, psn_no) if psn_no else None
        return No("setl_unknown") if found is None else Proved(found)
    if header.mode is Mode.ONLINE or said.ec_token:
        held = _by_token(turn, header, body)
        if isinstance(held, No):
            return held
        found = people.find(conn, held.psn_no)
        if found is None:
            return No("identity_unknown")
        if said.template and not faces.same(conn, found.psn_no, said.template, said.template_model):
            return No("face_mismatch")  # the card was another's
        return Proved(found, held)
    if why := cards.why_not(conn, said.card_no, said.cert_type):
        return No(why)
    psn_no = people.by_card(conn, said.card_no, said.cert_type)
    found = people.find(conn, psn_no) if psn_no else None
    if found is None or said.psn_no not in ("", psn_no):
        return No("no_person")
    face, model = said.template, said.template_model
    if header.mode is Mode.PROVISIONAL and not face:
        return No("policy_violation")
    if face and not faces.same(conn, psn_no, face, model):
        return No("face_mismatch")
    return Proved(found)


def _by_token(turn: Turn, header: RecordHeader, body: Body) -> Token | No:
    """psn_no when the record carries a token that 1101 gave to this terminal for this person not
    long before, and nothing came of it yet."""
    said = body.identity
    held = tokens.at_terminal(turn.conn, said.ec_token, turn.terminal.name)
    if held is None or (said.auth_no, said.psn_no, said.means) != (
        held.auth_no,
        held.psn_no,
        held.means,
    ):
        return No("identity_unknown")
    if abs(header.wall_ms - held.at_ms) > tokens.TOKEN_MS + header.error_ms:
        return No("identity_unknown")
    return held if tokens.free(held, tokens.by_record(header.txid)) else No("token_used")
