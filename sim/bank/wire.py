"""What goes between the centre and the bank: JSON over HTTP, both ways signed (ES256), each question
idempotent, so a replayed one gets the answer it had. The answer's signature covers the question.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge.errors import EdgeError
from edge.suites.es256 import Es256Signer, Es256Verifier
from sim.bank.port import Fen, Loan, Short, Wish, Word

DOMAIN: Final = b"facepay-bank-1"
HEADER: Final = "Fp-Signature"
BODY_BYTES_MAX: Final = 16 * 1024
SIGNATURE_CHARS_MAX: Final = 512
ASK, ANSWER, TELL = b"ask", b"answer", b"tell"
T = TypeVar("T")


class Take(Struct, frozen=True, forbid_unknown_fields=True):
    """Capture so much."""

    pay_ordid: Annotated[str, Meta(min_length=1, max_length=64)]
    fen: Fen


class Back(Struct, frozen=True, forbid_unknown_fields=True):
    """Give everything back."""

    pay_ordid: Annotated[str, Meta(min_length=1, max_length=64)]


class Refund(Struct, frozen=True, forbid_unknown_fields=True):
    """Return so much of it."""

    pay_ordid: Annotated[str, Meta(min_length=1, max_length=64)]
    refd_sn: Annotated[str, Meta(min_length=1, max_length=64)]
    fen: Fen


class Who(Struct, frozen=True, forbid_unknown_fields=True):
    """What may this person pay later?"""

    psn_no: Short
    med_type: Short


class Good(Struct, frozen=True, forbid_unknown_fields=True):
    """Done, or not."""

    good: bool


QUESTIONS: Final[dict[str, tuple[type, type]]] = {  # op -> what is asked, what is answered
    "hold": (Wish, Word),
    "capture": (Take, Good),
    "give_back": (Back, Good),
    "refund": (Refund, Good),
    "standing": (Who, Loan),
}


def decode(data: bytes, form: type[T]) -> T:
    """A typed message. EdgeError E-WIR-20."""
    try:
        if len(data) > BODY_BYTES_MAX:
            raise EdgeError("E-WIR-20", "a bank's message is too long", f"{BODY_BYTES_MAX} bytes")
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EdgeError("E-WIR-20", "a bank's message is malformed", str(error)[:120]) from error


def sign(signer: Es256Signer, *parts: bytes) -> str:
    """The header of a message made of these parts."""
    return f"{signer.kid.hex()}.{signer.alg}.{signer.sign(_bytes(parts)).hex()}"


def check(verifier: Es256Verifier, header: str, *parts: bytes) -> None:
    """EdgeError E-WIR-05 when it is not signed by who must have."""
    try:
        if len(header) > SIGNATURE_CHARS_MAX:
            raise ValueError("too long")
        kid, alg, signature = header.split(".")
        good = verifier.verify(bytes.fromhex(kid), int(alg), _bytes(parts), bytes.fromhex(signature))
    except ValueError:
        good = False
    if not good:
        raise EdgeError("E-WIR-05", "a bank's message is not signed by who must have", "keys")


def _bytes(parts: tuple[bytes, ...]) -> bytes:
    """Each part by its hash: where one ends is never a question."""
    return DOMAIN + b"".join(hashlib.sha256(part).digest() for part in parts)


def plain(value: Any) -> bytes:
    """As it is sent."""
    return msgspec.json.encode(value)
