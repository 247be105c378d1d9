"""Every decoder, fed with rubbish: random bytes, changed messages, and rubbish with a good
signature. Only EdgeError comes out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.types import Caps, Outcome, Policy
from edge.errors import EdgeError
from edge.wire import answer, ask, cbor, cose, envelope, policy, record, topics
from edge.wire.log import receipt
from tests.wire.kit import (
    EPOCH,
    TERMINAL,
    Desk,
    centre,
    chain,
    door,
    header,
    many,
    terminal,
    values,
)

RECORDS = chain(3)
DESK = Desk(RECORDS)
DESK.others(3)
DESK.decide(1)
DESK.decide(2, Outcome.REJECTED)
ANSWER = DESK.answer([1, 2], named=2)
RECEIPT = DESK.receipt(1)
SIGNED_ROOT = receipt.SignedRoot.make(DESK.tree.root(), centre.signer)
CONSISTENCY = receipt.consistency_from(DESK.tree, [2, 3], DESK.tree.size, SIGNED_ROOT)
LEAF = receipt.leaf_bytes(
    record.record_hash(RECORDS[0]), TERMINAL, EPOCH, 1, Outcome.SETTLED, DESK.decided[1][1]
)
ASK = ask.encode_ask(
    ask.Ask(TERMINAL, b"a" * 16, "1101", 5, {"means": "qr"}), terminal.signer, centre.sealer
)
TELL = ask.encode_tell(
    ask.Tell(TERMINAL, b"a" * 16, "1101", 0, "", {"authNo": "A"}, 5), centre.signer, terminal.sealer
)
POLICY = policy.encode(Policy("P1", 1, 0, 9, Caps(), ("settle",), 0, 0.8, 2), "*", centre.signer)
ENVELOPE = envelope.encode(envelope.Envelope(TERMINAL, EPOCH, 1, tuple(RECORDS)))

DECODERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "record": (lambda data: record.decode(data, terminal.verifier), RECORDS[0]),
    "peek": (record.peek, RECORDS[0]),
    "envelope": (envelope.decode, ENVELOPE),
    "ask": (lambda data: ask.open_ask(ask.decode_ask(data, terminal.verifier), centre.opener), ASK),
    "tell": (
        lambda data: ask.open_tell(ask.decode_tell(data, centre.verifier), terminal.opener),
        TELL,
    ),
    "answer": (lambda data: answer.decode(data, centre.verifier), ANSWER),
    "trusted": (lambda data: door().accept(data, DESK.ours), ANSWER),
    "policy": (lambda data: policy.decode(data, centre.verifier, terminal=TERMINAL), POLICY),
    "inclusion": (lambda data: receipt.check_inclusion(data, LEAF, centre.verifier), RECEIPT),
    "consistency": (
        lambda data: receipt.check_consistency(data, 3, DESK.tree.root(3), centre.verifier),
        CONSISTENCY,
    ),
    "signed root": (
        lambda data: receipt.SignedRoot.check(data, DESK.tree.root(), centre.verifier),
        SIGNED_ROOT.bare,
    ),
    "result": (lambda data: answer.result_map(data), cbor.dumps({"infcode": 0})),
    "topic": (lambda data: topics.parse(data.decode("latin-1")), topics.up(TERMINAL).encode()),
}
SIGNED: dict[str, tuple[str, cose.Signer, str]] = {
    "record": (record.DOMAIN, terminal.signer, record.CONTENT_TYPE),
    "ask": (ask.ASK_DOMAIN, terminal.signer, ""),
    "tell": (ask.TELL_DOMAIN, centre.signer, ""),
    "answer": (answer.DOMAIN, centre.signer, ""),
    "trusted": (answer.DOMAIN, centre.signer, ""),
    "policy": (policy.DOMAIN, centre.signer, ""),
}


def survives(decode: Callable[[bytes], object], data: bytes) -> None:
    """Either a value or EdgeError; anything else fails the test by itself."""
    try:
        decode(data)
    except EdgeError as error:
        assert error.code


def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """A few edits: flipped, cut, doubled, inserted bytes; lengths that lie."""
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(out) - 1)))
        match draw(st.integers(0, 4)):
            case 0 if out:
                out[at] = draw(st.integers(0, 255))
            case 1:
                del out[at : at + draw(st.integers(1, 40))]
            case 2:
                out[at:at] = draw(st.binary(min_size=1, max_size=9))
            case 3:
                out[at:at] = out[at : at + draw(st.integers(1, 40))]
            case _:
                out[at:at] = draw(
                    st.sampled_from(
                        [
                            b"\x9b" + b"\xff" * 8,
                            b"\x5b\x7f" + b"\xff" * 7,
                            b"\x81" * 20,
                            b"\xd2",
                            b"\xbf",
                            b"\xf6",
                        ]
                    )
                )
    return bytes(out)


@pytest.mark.parametrize("name", DECODERS)
def test_the_untouched_message_is_good(name: str) -> None:
    decode, good = DECODERS[name]
    assert decode(good) is not None


@pytest.mark.parametrize("name", DECODERS)
@many
@given(data=st.binary(max_size=300))
def test_random_bytes_do_no_harm(name: str, data: bytes) -> None:
    survives(DECODERS[name][0], data)
    survives(DECODERS[name][0], b"\xd2\x84" + data)


@pytest.mark.parametrize("name", DECODERS)
@many
@given(draw=st.data())
def test_changed_messages_do_no_harm(name: str, draw: st.DataObject) -> None:
    decode, good = DECODERS[name]
    survives(decode, draw.draw(st.composite(mutated)(good)))


@pytest.mark.parametrize("name", SIGNED)
@many
@given(draw=st.data())
def test_rubbish_with_a_good_signature_does_no_harm(name: str, draw: st.DataObject) -> None:
    """What a broken or hostile peer with a real key could send: the inner parsers get the bytes."""
    decode, good = DECODERS[name]
    domain, signer, content_type = SIGNED[name]
    payload = cose.peek1(good, max_bytes=1 << 20).payload
    fields = cbor.loads(payload, max_bytes=1 << 20)
    keys = sorted(fields, key=str)
    payload = draw.draw(
        st.composite(mutated)(payload)
        | values.map(cbor.dumps)
        | st.builds(
            lambda key, value: cbor.dumps(fields | {key: value}), st.sampled_from(keys), values
        )
        | st.builds(
            lambda key: cbor.dumps({k: v for k, v in fields.items() if k != key}),
            st.sampled_from(keys),
        )
    )
    survives(decode, cose.sign1(payload, signer, domain=domain, content_type=content_type))


@many
@given(draw=st.data())
def test_rubbish_that_opens_with_our_key_does_no_harm(draw: st.DataObject) -> None:
    plain = draw.draw(st.binary(max_size=100) | values.map(cbor.dumps))
    aad = cbor.dumps([TERMINAL, EPOCH, 1, bytes(range(16))])
    made = header(sealed=centre.sealer.seal(record.DOMAIN, aad, plain))
    survives(lambda _: record.open_body(made, centre.opener), b"")
