"""An envelope: the MQTT payload that carries records up (PROTOCOL "Envelope"). Unsigned: each
record is signed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from edge.errors import EdgeError
from edge.wire import cbor, shape
from edge.wire.record import RECORD_BYTES_MAX

RECORDS_MAX = 64
BYTES_MAX = 32 * 1024  # of records in one envelope; a single larger record travels alone
ENVELOPE_BYTES_MAX = max(BYTES_MAX, RECORD_BYTES_MAX) + 1024

_TABLE: shape.Table = {
    1: ("v", shape.one_of(shape.VERSION)),
    2: ("terminal", shape.is_name),
    3: ("epoch", shape.uint()),
    4: ("first_seq", shape.uint(1)),
    5: ("records", shape.array(RECORDS_MAX)),
    6: ("answer_seen", shape.uint()),
    7: ("tree_size", shape.uint()),
    8: ("policy", shape.HASH),
}
_RECORD = shape.octets(RECORD_BYTES_MAX, 1)


class Envelope(Struct, frozen=True):
    """`records` are exact bytes of records first_seq, first_seq+1, …; none = hello (first_seq is
    then the next number). `answer_seen`, `tree_size`: number of the last answer and size of the
    log's checkpoint held; `policy`: H(document)."""

    terminal: str
    epoch: int
    first_seq: int
    records: tuple[bytes, ...]
    answer_seen: int = 0
    tree_size: int = 0
    policy: bytes = shape.ZERO_HASH


def encode(envelope: Envelope) -> bytes:
    """The payload. EdgeError E-WIR-01 when the records do not fit into one envelope, E-WIR-07 for a
    bad field."""
    _fits(envelope.records)
    fields = {
        "v": shape.VERSION,
        "terminal": envelope.terminal,
        "epoch": envelope.epoch,
        "first_seq": envelope.first_seq,
        "records": list(envelope.records),
        "answer_seen": envelope.answer_seen,
        "tree_size": envelope.tree_size,
        "policy": envelope.policy,
    }
    return cbor.dumps(shape.write(fields, _TABLE, what="envelope"))


def decode(data: bytes) -> Envelope:
    """The envelope; its records are still to be judged one by one. EdgeError E-WIR-01..03."""
    fields = shape.read(cbor.loads(data, max_bytes=ENVELOPE_BYTES_MAX), _TABLE, what="envelope")
    del fields["v"]
    if not all(_RECORD(record) for record in fields["records"]):
        raise EdgeError("E-WIR-02", "envelope: a record is not a byte string of a record's size")
    _fits(fields["records"])
    return Envelope(**fields | {"records": tuple(fields["records"])})


def split(sizes: Sequence[int], first_seq: int) -> list[tuple[int, int]]:
    """Cut records with these sizes into envelopes: (first_seq, last_seq) each, in order, as few as
    fit."""
    batches: list[tuple[int, int]] = []
    start, held = 0, 0
    for index, size in enumerate(sizes):
        if index > start and (index - start == RECORDS_MAX or held + size > BYTES_MAX):
            batches.append((first_seq + start, first_seq + index - 1))
            start, held = index, 0
        held += size
    if sizes:
        batches.append((first_seq + start, first_seq + len(sizes) - 1))
    return batches


def _fits(records: Sequence[bytes]) -> None:
    total = sum(len(record) for record in records)
    if len(records) > RECORDS_MAX or (len(records) > 1 and total > BYTES_MAX):
        raise EdgeError(
            "E-WIR-01", f"{len(records)} records of {total} bytes do not fit into one envelope"
        )
