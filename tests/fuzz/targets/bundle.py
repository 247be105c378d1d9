"""A bundle from a stranger: read, judged and drawn, whatever it is."""

from edge.core.types import Outcome
from edge.field.proof import page
from edge.field.proof.judge import Judge, Keys
from edge.wire import bundle, commit, record
from edge.wire.log import receipt
from tests.wire.kit import EPOCH, TERMINAL, Desk, header, sign_key, terminal

MAX_BYTES = 8_192
KEYS = Keys(sign_key("centre").public_key(), sign_key("terminal").public_key())
BODY = {"bill_no": "B1", "verdict": {"live": True, "score": 0.9, "threshold": 0.5}, "consent": {"at_ms": 1}}


def made() -> bytes:
    """A settled record's bundle."""
    opening = commit.open_all(BODY, b"s" * commit.SALT_BYTES)
    desk = Desk([record.encode(header(commit=opening.commitment()), terminal.signer)])
    desk.decide(1)
    _, plain, outcome = desk.decided[1]
    data = desk.records[0]
    assert outcome is Outcome.SETTLED
    return bundle.encode(
        bundle.Bundle(
            made_utc_ms=1,
            record=data,
            opening=opening,
            outcome=str(outcome),
            result=plain,
            receipt=desk.receipt(1),
            leaf=receipt.leaf_bytes(record.record_hash(data), TERMINAL, EPOCH, 1, outcome, plain),
        )
    )


def seeds() -> list[bytes]:
    return [made()]


def eat(data: bytes) -> None:
    judged = Judge(bundle.decode(data), KEYS).judge()
    for lang in ("en", "zh-CN"):
        page.text(judged, lang)
        page.page(judged, lang)
    page.as_json(judged)
