"""Putting a bundle together from what the ledger holds. Reads only; the judge is `edge.field.proof`."""

from __future__ import annotations

import base64
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from edge.core.books import bills
from edge.core.parts.centre_word import POLICIES_SPACE, POLICY_KEY, POLICY_SPACE
from edge.core.types import BillState, Json
from edge.drivers.store import OPENING_SPACE, Decided, Store
from edge.errors import EdgeError
from edge.wire import cbor, commit, policy
from edge.wire.bundle import Bundle, encode
from edge.wire.log.receipt import leaf_bytes
from edge.wire.record import peek, record_hash

NOTHING: Final = commit.Opening({}, {})


class Papers(Struct, frozen=True):
    """What lies beside the ledger: certificates (DER, b"" = none) and the policy to start with."""

    terminal_cert: bytes = b""
    centre_cert: bytes = b""
    first_policy: bytes = b""


def bundle_of(store: Store, seq: int, papers: Papers, now_ms: int) -> bytes:
    """The bundle of record `seq`. EdgeError E-PRF-08 when there is no such record here (any more)."""
    if not 0 < seq <= store.head.seq:
        raise EdgeError("E-PRF-08", f"there is no record {seq} here", "facepay status")
    try:
        (data,) = store.records(seq, seq)  # also below the base, when it was kept for a dispute
    except EdgeError as error:
        if error.code != "E-STO-08":
            raise
        raise EdgeError("E-PRF-08", f"record {seq} was pruned", "the centre has it") from error
    header = peek(data)
    opening = store.doc(OPENING_SPACE, f"{seq:012d}")
    bundle = Bundle(
        made_utc_ms=now_ms,
        record=data,
        opening=NOTHING if opening is None else commit.decode(opening),
        policy=_policy(store, header.policy, papers.first_policy),
        terminal_cert=papers.terminal_cert,
        centre_cert=papers.centre_cert,
    )
    decided = store.result(seq)
    if decided is None:
        return encode(bundle)
    leaf, plain = _leaf(data, decided)
    return encode(
        replace(
            bundle,
            outcome=str(decided.outcome),
            result=plain,
            receipt=decided.receipt,
            leaf=leaf,
        )
    )


def receipt_of(store: Store, seq: int) -> Json | None:
    """The record, the log's leaf about it and the centre's receipt, which proves the leaf with
    nothing but the centre's public key; the newest checkpoint beside them. None before the answer.
    E-HIS-34 when the record was pruned."""
    decided = store.result(seq)  # also below the base, when it was kept for a dispute
    if decided is None:
        if 0 < seq <= store.base.seq:
            raise EdgeError("E-HIS-34", f"record {seq} was pruned")
        return None
    size, root = store.checkpoint
    (data,) = store.records(seq, seq)
    leaf, _ = _leaf(data, decided)
    return {
        "seq": seq,
        "outcome": str(decided.outcome),
        "record": b64(data),
        "receipt": b64(decided.receipt),
        "leaf": b64(leaf),
        "checkpoint": {"tree_size": size, "root": b64(root)},
    }


def b64(data: bytes) -> str:
    """For JSON."""
    return base64.b64encode(data).decode()


def _leaf(data: bytes, decided: Decided) -> tuple[bytes, bytes]:
    """The log's leaf about a record, and the plaintext of the decision."""
    header = peek(data)
    plain = cbor.dumps(decided.body)  # deterministic, so these are the bytes that were hashed
    place = (header.terminal, header.epoch, header.seq)
    return leaf_bytes(record_hash(data), *place, decided.outcome, plain), plain


def seq_of(state: BillState, *, cancel: bool) -> int:
    """The record that settles (or cancels) a bill. EdgeError E-PRF-07 when there is none yet."""
    seq = state.cancel_seq if cancel else state.seq
    if not seq:
        raise EdgeError(
            "E-PRF-07",
            f"bill {state.bill_id} is {state.status}: there is no record of it",
            "a bundle is of a signed record",
        )
    return seq


def bill_by_number(store: Store, bill_no: str) -> BillState:
    """The newest bill with this number of the HIS, among those that a start would know. E-PRF-08."""
    docs = store.restore(bills.keep).docs.get(bills.BILL_SPACE, {})
    found = [bills.decode(data) for data in docs.values()]
    mine = [state for state in found if state.bill.bill_no == bill_no]
    if not mine:
        raise EdgeError("E-PRF-08", f"no bill {bill_no} is known here", "use the bill id")
    return max(mine, key=lambda state: (state.seq > 0, state.order))


def _policy(store: Store, digest: bytes, first: bytes) -> bytes:
    """The document with this hash; b"" for the built-in P0, and when it is not kept any more."""
    found = store.doc(POLICIES_SPACE, digest.hex()) or store.doc(POLICY_SPACE, POLICY_KEY) or b""
    for document in (found, first):
        if document and policy.document_hash(document) == digest:
            return document
    return b""
