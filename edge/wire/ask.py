"""Ask and Tell: questions to the centre that change nothing there (PROTOCOL "Ask and Tell"). Both
signed, both sealed."""

from __future__ import annotations

from msgspec import Struct

from edge.core.types import BODY_BYTES_MAX, Json
from edge.errors import EdgeError
from edge.wire import cbor, cose, shape
from edge.wire.record import plain_map

ASK_DOMAIN = "facepay/ask/1"
TELL_DOMAIN = "facepay/tell/1"
OUTPUT_BYTES_MAX = 96 * 1024  # a policy with its rule data is the largest
ASK_BYTES_MAX = BODY_BYTES_MAX + 4 * 1024
TELL_BYTES_MAX = OUTPUT_BYTES_MAX + 8 * 1024
INFNO_CHARS = 16
ERR_CHARS = 1000

_ASK: shape.Table = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("ask", shape.ID),
    4: ("infno", shape.text(INFNO_CHARS, 1)),
    5: ("wall_ms", shape.uint()),
    6: ("sealed", shape.octets(ASK_BYTES_MAX, 1)),
}
_TELL: shape.Table = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("ask", shape.ID),
    4: ("infno", shape.text(INFNO_CHARS, 1)),
    5: ("infcode", shape.integer),
    6: ("err_msg", shape.text(ERR_CHARS)),
    7: ("sealed", shape.octets(TELL_BYTES_MAX, 1)),
    8: ("centre_ms", shape.uint()),
}


class Ask(Struct, frozen=True):
    """A question in the clear: `ask` is its 16-byte id, `infno` its kind, `body` what is asked."""

    terminal: str
    ask: bytes
    infno: str
    wall_ms: int
    body: Json


class AskHeader(Struct, frozen=True):
    """A question as it travels; `open_ask` gives the body."""

    terminal: str
    ask: bytes
    infno: str
    wall_ms: int
    sealed: bytes


class Tell(Struct, frozen=True):
    """A reply in the clear: infcode 0 = yes, -1 = a business "no" with `err_msg`; `output` is the
    body."""

    terminal: str
    ask: bytes
    infno: str
    infcode: int
    err_msg: str
    output: Json
    centre_ms: int


class TellHeader(Struct, frozen=True):
    """A reply as it travels; `open_tell` gives the output."""

    terminal: str
    ask: bytes
    infno: str
    infcode: int
    err_msg: str
    sealed: bytes
    centre_ms: int


def encode_ask(ask: Ask, signer: cose.Signer, sealer: cose.Sealer) -> bytes:
    """A question signed by the terminal and sealed to the centre. EdgeError E-WIR-01 too large,
    E-WIR-07 bad field."""
    plain = cbor.dumps(ask.body)
    if len(plain) > BODY_BYTES_MAX:
        raise EdgeError(
            "E-WIR-01", f"the question has {len(plain)} bytes, at most {BODY_BYTES_MAX} fit"
        )
    fields = {
        "v": shape.VERSION,
        "terminal": ask.terminal,
        "ask": ask.ask,
        "infno": ask.infno,
        "wall_ms": ask.wall_ms,
        "sealed": sealer.seal(ASK_DOMAIN, _ask_aad(ask.terminal, ask.ask, ask.infno), plain),
    }
    return cose.sign1(cbor.dumps(shape.write(fields, _ASK, what="ask")), signer, domain=ASK_DOMAIN)


def decode_ask(data: bytes, verifier: cose.Verifier) -> AskHeader:
    """A question whose signature is good (give a verifier with the keys of the topic's terminal).
    EdgeError E-WIR-01..05."""
    opened = cose.open1(data, verifier, domain=ASK_DOMAIN, max_bytes=ASK_BYTES_MAX)
    fields = shape.read(cbor.loads(opened.payload, max_bytes=ASK_BYTES_MAX), _ASK, what="ask")
    del fields["v"]
    return AskHeader(**fields)


def open_ask(header: AskHeader, opener: cose.Opener) -> Json:
    """What is asked. EdgeError E-WIR-06 when it does not open, E-WIR-01..03 when it is not a
    body."""
    aad = _ask_aad(header.terminal, header.ask, header.infno)
    return plain_map(opener.open(ASK_DOMAIN, aad, header.sealed), max_bytes=BODY_BYTES_MAX)


def encode_tell(tell: Tell, signer: cose.Signer, sealer: cose.Sealer) -> bytes:
    """A reply signed by the centre and sealed to the terminal. EdgeError E-WIR-01 too large,
    E-WIR-07 bad field."""
    plain = cbor.dumps(tell.output)
    if len(plain) > OUTPUT_BYTES_MAX:
        raise EdgeError(
            "E-WIR-01", f"the reply has {len(plain)} bytes, at most {OUTPUT_BYTES_MAX} fit"
        )
    fields = {
        "v": shape.VERSION,
        "terminal": tell.terminal,
        "ask": tell.ask,
        "infno": tell.infno,
        "infcode": tell.infcode,
        "err_msg": tell.err_msg[:ERR_CHARS],
        "sealed": sealer.seal(TELL_DOMAIN, _tell_aad(tell.terminal, tell.ask), plain),
        "centre_ms": tell.centre_ms,
    }
    return cose.sign1(
        cbor.dumps(shape.write(fields, _TELL, what="tell")), signer, domain=TELL_DOMAIN
    )


def decode_tell(data: bytes, verifier: cose.Verifier) -> TellHeader:
    """A reply whose signature is good; the caller checks the terminal and the ask id. EdgeError
    E-WIR-01..05."""
    opened = cose.open1(data, verifier, domain=TELL_DOMAIN, max_bytes=TELL_BYTES_MAX)
    fields = shape.read(cbor.loads(opened.payload, max_bytes=TELL_BYTES_MAX), _TELL, what="tell")
    del fields["v"]
    return TellHeader(**fields)


def open_tell(header: TellHeader, opener: cose.Opener) -> Json:
    """The reply's output. EdgeError E-WIR-06 when it does not open, E-WIR-01..03 when it is not a
    body."""
    aad = _tell_aad(header.terminal, header.ask)
    return plain_map(opener.open(TELL_DOMAIN, aad, header.sealed), max_bytes=OUTPUT_BYTES_MAX)


def _ask_aad(terminal: str, ask: bytes, infno: str) -> bytes:
    return cbor.dumps([terminal, ask, infno])


def _tell_aad(terminal: str, ask: bytes) -> bytes:
    return cbor.dumps([terminal, ask])
