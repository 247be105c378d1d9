"""The scribe: drafts become exact bytes in a chain, and the centre's bytes become events."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.core import effects
from edge.core.types import BODY_BYTES_MAX, Caps, Draft, Head, Mode, Now, Policy, Settings
from edge.drivers.keys.file import Driver
from edge.errors import EdgeError
from edge.scribe import CentreKeys, Scribe
from edge.suites import es256
from edge.wire import answer, ask, envelope, policy, record
from edge.wire.log.trusted import TrustedCentre
from tests.wire.kit import EPOCH, TERMINAL, ZERO, Desk, Side, centre, stranger

SETTINGS = Settings(TERMINAL, "H00000000001", "某卫生服务中心", "510100", "op1", "某某")
DRAFT = Draft(
    b"x" * 16,
    "settle",
    Mode.PROVISIONAL,
    {"bill_no": "B1"},
    {"bill_id": "b1"},
    b"p" * 32,
    Now(1_790_000_000_000, 4_000, 30),
)


class Terminal:
    """A scribe over real key files, and the centre's view of its keys."""

    def __init__(self, directory: Path) -> None:
        self.keys = Driver.create(directory)
        self.verifier = es256.Es256Verifier.of(es256.load_sign_public(self.keys.sign_public_pem))
        self.sealer = es256.HpkeSealer(es256.load_seal_public(self.keys.seal_public_bytes))
        self.trusted = TrustedCentre(TERMINAL, EPOCH, centre.verifier, self.keys.opener)
        self.scribe = Scribe(
            SETTINGS,
            EPOCH,
            b"b" * 16,
            self.keys,
            CentreKeys(centre.verifier, centre.sealer),
            self.trusted,
        )


@pytest.fixture
def side(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "keys")


def told(side: Terminal, signer: Side = centre, **changes: object) -> bytes:
    fields = {
        "terminal": TERMINAL,
        "ask": b"q" * 16,
        "infno": "1101",
        "infcode": -1,
        "err_msg": "无此人",
        "output": {"code": "no_person"},
        "centre_ms": 5,
    }
    return ask.encode_tell(ask.Tell(**fields | changes), signer.signer, side.sealer)


def test_drafts_become_a_chain_that_the_centre_can_read(side: Terminal) -> None:
    head = Head(EPOCH, 0, ZERO)
    for seq in (1, 2, 3):
        data, after, _ = side.scribe.write(DRAFT, head)
        header = record.decode(data, side.verifier)
        assert (header.seq, header.prev, header.terminal, header.epoch) == (
            seq,
            head.hash,
            TERMINAL,
            EPOCH,
        )
        assert (header.txid, header.kind, header.mode, header.policy, header.keys) == (
            b"x" * 16,
            "settle",
            Mode.PROVISIONAL,
            b"p" * 32,
            "file",
        )
        assert (header.boot, header.wall_ms, header.mono_ms, header.error_ms) == (
            b"b" * 16,
            1_790_000_000_000,
            4_000,
            30,
        )
        assert record.open_body(header, centre.opener) == {"bill_no": "B1"}
        assert after == Head(EPOCH, seq, record.record_hash(data))
        head = after


def test_what_only_this_terminal_must_know_does_not_leave(side: Terminal) -> None:
    data, _, _ = side.scribe.write(
        Draft(**{f: getattr(DRAFT, f) for f in DRAFT.__struct_fields__} | {"body": {}}),
        Head(EPOCH, 0, ZERO),
    )
    assert record.open_body(record.decode(data, side.verifier), centre.opener) == {}


def test_a_body_that_is_too_large_is_an_error_and_not_a_record(side: Terminal) -> None:
    big = Draft(b"x" * 16, "settle", Mode.ONLINE, {"x": "x" * BODY_BYTES_MAX}, {}, ZERO, Now(1, 1))
    with pytest.raises(EdgeError, match="E-WIR-01"):
        side.scribe.write(big, Head(EPOCH, 0, ZERO))


def test_a_question_reaches_the_centre_and_its_reply_comes_back(side: Terminal) -> None:
    sent = side.scribe.ask(effects.Ask(b"q" * 16, "1101", {"means": "qr"}), Now(7, 1))
    got = ask.decode_ask(sent, side.verifier)
    assert (got.terminal, got.ask, got.infno, got.wall_ms) == (TERMINAL, b"q" * 16, "1101", 7)
    assert ask.open_ask(got, centre.opener) == {"means": "qr"}
    infno, reply = side.scribe.tell(told(side))
    assert (infno, reply.ask, reply.infcode, reply.body, reply.err_msg) == (
        "1101",
        b"q" * 16,
        -1,
        {"code": "no_person"},
        "无此人",
    )


def test_a_reply_from_a_stranger_or_for_another_terminal_is_refused(side: Terminal) -> None:
    with pytest.raises(EdgeError, match="E-WIR-05"):
        side.scribe.tell(told(side, stranger))
    with pytest.raises(EdgeError, match="E-WIR-09"):
        side.scribe.tell(told(side, terminal="t-0002"))


def test_an_envelope_carries_the_exact_bytes_and_says_where_we_stand(side: Terminal) -> None:
    first, head, _ = side.scribe.write(DRAFT, Head(EPOCH, 0, ZERO))
    second, _, _ = side.scribe.write(DRAFT, head)
    sent = envelope.decode(side.scribe.envelope(1, [first, second], b"p" * 32))
    assert sent == envelope.Envelope(TERMINAL, EPOCH, 1, (first, second), 0, 0, b"p" * 32)
    assert side.scribe.envelope(1, [first, second]) == side.scribe.envelope(
        1, [first, second]
    )  # a resend is the same bytes


def test_after_an_answer_is_stored_the_next_envelope_names_its_checkpoint(side: Terminal) -> None:
    data, _, _ = side.scribe.write(DRAFT, Head(EPOCH, 0, ZERO))
    desk = Desk([data])
    desk.others(4)
    desk.decide(1)
    wire = desk.wire([1])
    wire = replace(wire, sealed=desk.sealed([desk.decided[1][1]], side.sealer))
    got = side.scribe.answer(answer.encode(wire, centre.signer), desk.ours)
    assert got is not None
    assert envelope.decode(side.scribe.envelope(2, [])).tree_size == 0
    side.scribe.trusted.confirm(got)
    hello = envelope.decode(side.scribe.envelope(2, []))
    assert (hello.answer_seen, hello.tree_size, hello.first_seq) == (1, 5, 2)
    assert side.scribe.answer(answer.encode(wire, centre.signer), desk.ours) is None


def test_a_policy_arrives_with_its_hash(side: Terminal) -> None:
    made = Policy("P1", 1, 0, 9, Caps(), ("settle",), 0, 0.8, 2)
    document = policy.encode(made, TERMINAL, centre.signer)
    got = side.scribe.policy(document)
    assert (got.policy, got.hash, got.document) == (made, policy.document_hash(document), document)
    with pytest.raises(EdgeError, match="E-POL-02"):
        side.scribe.policy(policy.encode(made, "t-0002", centre.signer))
