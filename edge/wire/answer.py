"""An answer of the centre as it travels (PROTOCOL "Answer"). `wire.trusted` decides whether it is
believed."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from edge.core.types import Credit, Json, Outcome
from edge.errors import EdgeError
from edge.wire import cbor, cose, shape
from edge.wire.record import plain_map

DOMAIN = "facepay/answer/1"
RESULT_DOMAIN = "facepay/result/1"
RESULTS_MAX = 64
RESULT_BYTES_MAX = 48 * 1024  # one result's plaintext
ANSWER_BYTES_MAX = 256 * 1024  # the centre spreads large results over several answers
RECEIPT_BYTES_MAX = 8 * 1024
WINDOW_MAX = 1000
PACE_MS_MAX = 3_600_000
SPREAD_MS_MAX = 24 * 3_600_000

_TABLE: shape.Table = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("epoch", shape.uint()),
    4: ("upto", shape.uint()),
    5: ("chain", shape.HASH),
    6: ("number", shape.uint(1)),
    7: ("centre_ms", shape.uint()),
    8: ("credit", shape.table),
    9: ("results", shape.array(RESULTS_MAX)),
    10: ("tree_size", shape.uint()),
    11: ("root", shape.HASH),
    12: ("consistency", shape.octets(RECEIPT_BYTES_MAX, 1)),
}
_CREDIT: shape.Table = {
    1: ("window", shape.uint(1, WINDOW_MAX)),
    2: ("pace_ms", shape.uint(0, PACE_MS_MAX)),
    3: ("spread_ms", shape.uint(0, SPREAD_MS_MAX)),
}
_RESULT: shape.Table = {
    1: ("seq", shape.uint(1)),
    2: ("outcome", shape.one_of(*(str(outcome) for outcome in Outcome))),
    3: ("result", shape.octets(RESULT_BYTES_MAX + 2048, 1)),
    4: ("receipt", shape.octets(RECEIPT_BYTES_MAX, 1)),
    5: ("index", shape.uint()),
}
_OPTIONAL = frozenset({12})


class WireResult(Struct, frozen=True):
    """One decision: `result` is sealed to the terminal, `receipt` proves that the decision is leaf
    `index` of the log."""

    seq: int
    outcome: Outcome
    result: bytes
    receipt: bytes
    index: int


class WireAnswer(Struct, frozen=True):
    """The cumulative answer. `consistency` is b"" when the envelope named no tree size, or this
    very one."""

    terminal: str
    epoch: int
    upto: int
    chain: bytes
    number: int
    centre_ms: int
    credit: Credit
    results: tuple[WireResult, ...]
    tree_size: int
    root: bytes
    consistency: bytes = b""


def encode(answer: WireAnswer, signer: cose.Signer) -> bytes:
    """The signed answer. EdgeError E-WIR-01 when the results do not fit (put fewer in), E-WIR-07
    for a bad field."""
    credit = {
        "window": answer.credit.window,
        "pace_ms": answer.credit.pace_ms,
        "spread_ms": answer.credit.spread_ms,
    }
    fields: dict[str, Any] = {
        "v": shape.VERSION,
        "terminal": answer.terminal,
        "epoch": answer.epoch,
        "upto": answer.upto,
        "chain": answer.chain,
        "number": answer.number,
        "centre_ms": answer.centre_ms,
        "credit": shape.write(credit, _CREDIT, what="credit"),
        "results": [_write_result(result) for result in answer.results],
        "tree_size": answer.tree_size,
        "root": answer.root,
    }
    if answer.consistency:
        fields["consistency"] = answer.consistency
    data = cose.sign1(cbor.dumps(shape.write(fields, _TABLE, what="answer")), signer, domain=DOMAIN)
    if len(data) > ANSWER_BYTES_MAX:
        raise EdgeError(
            "E-WIR-01",
            f"the answer has {len(data)} bytes, at most {ANSWER_BYTES_MAX} fit",
            "fewer results",
        )
    return data


def decode(data: bytes, verifier: cose.Verifier) -> WireAnswer:
    """An answer whose signature is good, and nothing more: see `wire.trusted`. EdgeError
    E-WIR-01..05."""
    opened = cose.open1(data, verifier, domain=DOMAIN, max_bytes=ANSWER_BYTES_MAX)
    value = cbor.loads(opened.payload, max_bytes=ANSWER_BYTES_MAX)
    fields = shape.read(value, _TABLE, what="answer", optional=_OPTIONAL)
    del fields["v"]
    fields["credit"] = Credit(**shape.read(fields["credit"], _CREDIT, what="credit"))
    fields["results"] = tuple(_read_result(result) for result in fields["results"])
    return WireAnswer(**fields)


def seal_result(plain: bytes, sealer: cose.Sealer, *, terminal: str, epoch: int, seq: int) -> bytes:
    """Seal a result's plaintext (`cbor.dumps` of its map; the log's leaf holds its hash) to the
    terminal."""
    if len(plain) > RESULT_BYTES_MAX:
        raise EdgeError(
            "E-WIR-01", f"the result has {len(plain)} bytes, at most {RESULT_BYTES_MAX} fit"
        )
    return sealer.seal(RESULT_DOMAIN, cbor.dumps([terminal, epoch, seq]), plain)


def open_result(
    sealed: bytes, opener: cose.Opener, *, terminal: str, epoch: int, seq: int
) -> bytes:
    """A result's plaintext, exactly as it was hashed into the log. EdgeError E-WIR-06."""
    return opener.open(RESULT_DOMAIN, cbor.dumps([terminal, epoch, seq]), sealed)


def result_map(plain: bytes) -> Json:
    """A result's plaintext as a map. EdgeError E-WIR-01..03."""
    return plain_map(plain, max_bytes=RESULT_BYTES_MAX)


def _write_result(result: WireResult) -> dict[int, Any]:
    fields = {
        "seq": result.seq,
        "outcome": str(result.outcome),
        "result": result.result,
        "receipt": result.receipt,
        "index": result.index,
    }
    return shape.write(fields, _RESULT, what="result")


def _read_result(value: object) -> WireResult:
    fields = shape.read(value, _RESULT, what="result")
    return WireResult(**fields | {"outcome": Outcome(fields["outcome"])})
