"""An answer of the centre as it travels (PROTOCOL "Answer"). `wire.trusted` decides whether it is
believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from edge.core.types import Credit, Json, Outcome
from edge.errors import EdgeError
from edge.wire import cbor, cose, shape
from edge.wire.log import merkle
from edge.wire.record import plain_map

DOMAIN = "facepay/answer/1"
RESULTS_DOMAIN = "facepay/results/1"
RESULTS_MAX = 64
RESULT_BYTES_MAX = 48 * 1024  # one result's plaintext
ANSWER_BYTES_MAX = 256 * 1024  # the centre spreads large results over several answers
RECEIPT_BYTES_MAX = 8 * 1024
PATH_BYTES_MAX = merkle.PATH_MAX * shape.HASH_BYTES
WINDOW_MAX = 1000
PACE_MS_MAX = 3_600_000
SPREAD_MS_MAX = 24 * 3_600_000



def _path(value: object) -> bool:
    """The hashes of an inclusion path, joined."""
    if not isinstance(value, bytes) or len(value) > PATH_BYTES_MAX:
        return False
    return len(value) % shape.HASH_BYTES == 0


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
    13: ("signed_root", shape.octets(RECEIPT_BYTES_MAX, 1)),
    14: ("sealed", shape.octets(ANSWER_BYTES_MAX, 1)),
}
_CREDIT: shape.Table = {
    1: ("window", shape.uint(1, WINDOW_MAX)),
    2: ("pace_ms", shape.uint(0, PACE_MS_MAX)),
    3: ("spread_ms", shape.uint(0, SPREAD_MS_MAX)),
}
_RESULT: shape.Table = {
    1: ("seq", shape.uint(1)),
    2: ("outcome", shape.one_of(*(str(outcome) for outcome in Outcome))),
    3: ("index", shape.uint()),
    4: ("path", _path),
}
_OPTIONAL = frozenset({12, 13, 14})


class WireResult(Struct, frozen=True):
    """One decision: it is leaf `index` of the log, and `path` (its hashes, joined) leads from there
    to the answer's root. What was decided is in the answer's `sealed`."""

    seq: int
    outcome: Outcome
    index: int
    path: bytes


class WireAnswer(Struct, frozen=True):
    """The cumulative answer. `consistency` is b"" when the envelope named no tree size, or this
    very one; `signed_root` (`receipt.SignedRoot`) and `sealed` (`seal_results`) are b"" without
    results."""

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
    signed_root: bytes = b""
    sealed: bytes = b""


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
    for name in ("consistency", "signed_root", "sealed"):
        if part := getattr(answer, name):
            fields[name] = part
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
    made = WireAnswer(**fields)
    if not bool(made.results) == bool(made.signed_root) == bool(made.sealed):
        raise EdgeError("E-WIR-02", "answer: results, their root and what they say come together")
    return made


def peek_number(data: bytes) -> int:
    """The number of an answer, signature not checked: to see whether it is news. EdgeError
    E-WIR-01..04."""
    opened = cose.peek1(data, max_bytes=ANSWER_BYTES_MAX)
    value = cbor.loads(opened.payload, max_bytes=ANSWER_BYTES_MAX)
    number = value.get(6) if isinstance(value, dict) else None
    if type(number) is not int or number < 1:
        raise EdgeError("E-WIR-02", "answer: no number")
    return number


def seal_results(
    plains: Sequence[bytes], sealer: cose.Sealer, *, terminal: str, epoch: int, number: int
) -> bytes:
    """Seal the plaintexts of all results of answer `number` to the terminal, in their order: each is
    `cbor.dumps` of its map, and the log's leaf holds its hash. EdgeError E-WIR-01."""
    most = max(map(len, plains), default=0)
    if most > RESULT_BYTES_MAX:
        raise EdgeError("E-WIR-01", f"a result has {most} bytes, at most {RESULT_BYTES_MAX} fit")
    aad = cbor.dumps([terminal, epoch, number])
    return sealer.seal(RESULTS_DOMAIN, aad, cbor.dumps(list(plains)))


def open_results(wire: WireAnswer, opener: cose.Opener) -> list[bytes]:
    """The plaintexts, one for each of `wire.results`, exactly as they were hashed into the log.
    EdgeError E-WIR-06 when they do not open, E-WIR-01..03 when they are not that."""
    if not wire.results:
        return []
    aad = cbor.dumps([wire.terminal, wire.epoch, wire.number])
    opened = opener.open(RESULTS_DOMAIN, aad, wire.sealed)
    plains = cbor.loads(opened, max_bytes=ANSWER_BYTES_MAX, max_depth=1)
    if not isinstance(plains, list) or len(plains) != len(wire.results):
        raise EdgeError("E-WIR-02", "answer: not one plaintext for each result")
    if not all(isinstance(plain, bytes) for plain in plains):
        raise EdgeError("E-WIR-02", "answer: a plaintext is not a byte string")
    return plains


def result_map(plain: bytes) -> Json:
    """A result's plaintext as a map. EdgeError E-WIR-01..03."""
    return plain_map(plain, max_bytes=RESULT_BYTES_MAX)


def _write_result(result: WireResult) -> dict[int, Any]:
    fields = {
        "seq": result.seq,
        "outcome": str(result.outcome),
        "index": result.index,
        "path": result.path,
    }
    return shape.write(fields, _RESULT, what="result")


def _read_result(value: object) -> WireResult:
    fields = shape.read(value, _RESULT, what="result")
    return WireResult(**fields | {"outcome": Outcome(fields["outcome"])})
