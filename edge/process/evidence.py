"""Putting a bundle together from what the ledger holds. Reads only; the judge is `edge.field.proof`."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from edge.core.books import bills
from edge.core.types import BillState
from edge.drivers.store import OPENING_SPACE, Store
from edge.errors import EdgeError
from edge.wire import cbor, commit, policy
from edge.wire.bundle import Bundle, encode
from edge.wire.log.receipt import leaf_bytes
from edge.wire.record import peek, record_hash

POLICIES_SPACE: Final = "policies"  # every policy that a record may name, by its hash
NOTHING: Final = commit.Opening({}, {})


class Papers(Struct, frozen=True):
    """What lies beside the ledger: certificates (DER, b"" = none) and the policy to start with."""

    terminal_cert: bytes = b""
    centre_cert: bytes = b""
    first_policy: bytes = b""


def bundle_of(store: Store, seq: int, papers: Papers, now_ms: int) -> bytes:
    """The bundle of record `seq`. EdgeError E-PRF-08 when there is no such record here (any more)."""
    if not 1 <= seq <= store.head.seq or store.record_hash(seq) is None:
        raise EdgeError("E-PRF-08", f"there is no record {seq} here", "facepay status")
    (data,) = store.records(seq, seq)
    header = peek(data)
    opening = store.doc(OPENING_SPACE, f"{seq:012d}")
    made = Bundle(
        made_utc_ms=now_ms,
        record=data,
        opening=NOTHING if opening is None else commit.decode(opening),
        policy=_policy(store, header.policy, papers.first_policy),
        terminal_cert=papers.terminal_cert,
        centre_cert=papers.centre_cert,
    )
    decided = store.result(seq)
    if decided is None:
        return encode(made)
    plain = cbor.dumps(decided.body)  # deterministic, so these are the bytes that were hashed
    leaf = leaf_bytes(
        record_hash(data), header.terminal, header.epoch, header.seq, decided.outcome, plain
    )
    return encode(
        Bundle(
            made_utc_ms=made.made_utc_ms,
            record=made.record,
            opening=made.opening,
            policy=made.policy,
            outcome=str(decided.outcome),
            result=plain,
            receipt=decided.receipt,
            leaf=leaf,
            terminal_cert=made.terminal_cert,
            centre_cert=made.centre_cert,
        )
    )


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
    found = store.doc(POLICIES_SPACE, digest.hex()) or store.doc("policy", "current") or b""
    for document in (found, first):
        if document and policy.document_hash(document) == digest:
            return document
    return b""
