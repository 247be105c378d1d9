"""A bundle: one file with all that is needed to judge one transaction without asking anybody
(PROTOCOL "Bundle"). Pure bytes; `edge.field.proof` judges.

Nothing in it is signed anew: each part carries the signature it was made with, so it does not matter
who put the bundle together or carried it.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import answer, cbor, commit, policy, record, shape
from edge.wire.log import receipt

MAGIC: Final = "facepay-bundle/1"
CERT_BYTES_MAX: Final = 4096
LEAF_BYTES_MAX: Final = 512
ITEMS_MAX: Final = 4096
BUNDLE_BYTES_MAX: Final = (
    record.RECORD_BYTES_MAX
    + commit.FIELDS_BYTES_MAX
    + policy.DOCUMENT_BYTES_MAX
    + answer.RESULT_BYTES_MAX
    + 64 * 1024
)
_OUTCOMES = shape.one_of("", *(str(outcome) for outcome in Outcome))
_TABLE: shape.Table = {
    1: ("magic", shape.one_of(MAGIC)),
    2: ("made_utc_ms", shape.uint()),
    3: ("record", shape.octets(record.RECORD_BYTES_MAX, 1)),
    4: ("opening", shape.table),
    5: ("policy", shape.octets(policy.DOCUMENT_BYTES_MAX)),
    6: ("outcome", _OUTCOMES),
    7: ("result", shape.octets(answer.RESULT_BYTES_MAX)),
    8: ("receipt", shape.octets(receipt.RECEIPT_BYTES_MAX)),
    9: ("leaf", shape.octets(LEAF_BYTES_MAX)),
    10: ("terminal_cert", shape.octets(CERT_BYTES_MAX)),
    11: ("centre_cert", shape.octets(CERT_BYTES_MAX)),
}


class Bundle(Struct, frozen=True, kw_only=True):
    """The parts. Empty: `policy` (built-in P0, or not kept), `outcome`, `result`, `receipt`, `leaf` (no
    answer yet), certificates (then the judge needs the keys from elsewhere)."""

    made_utc_ms: int  # when it was put together; nobody vouches for it
    record: bytes  # the exact signed record
    opening: commit.Opening
    policy: bytes = b""  # the exact signed document
    outcome: str = ""
    result: bytes = b""  # the exact plaintext that was hashed into the log
    receipt: bytes = b""
    leaf: bytes = b""  # the log's leaf that the receipt proves, so that a judge can say what was altered
    terminal_cert: bytes = b""  # DER
    centre_cert: bytes = b""


def encode(bundle: Bundle) -> bytes:
    """The file. EdgeError E-WIR-07 when a part breaks its limit."""
    fields: dict[str, Any] = asdict(bundle) | {
        "magic": MAGIC,
        "opening": commit.form(bundle.opening),
    }
    return cbor.dumps(shape.write(fields, _TABLE, what="bundle"))


def decode(data: bytes) -> Bundle:
    """The parts of a file; nothing is verified. EdgeError E-PRF-01 when it is not a bundle."""
    try:
        value = cbor.loads(data, max_bytes=BUNDLE_BYTES_MAX, max_items=ITEMS_MAX)
        fields = shape.read(value, _TABLE, what="bundle")
        del fields["magic"]
        return Bundle(**fields | {"opening": commit.read(fields["opening"])})
    except EdgeError as error:
        raise EdgeError(
            "E-PRF-01", f"this is not a bundle: {error.message}", "was it cut off on the way?"
        ) from error
