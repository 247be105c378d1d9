"""COSE_Sign1: only what our key signed, in one encoding, for one purpose; and both ways with
another implementation."""

from __future__ import annotations

import cbor2
import pytest
from cwt import COSE, COSEAlgs, COSEHeaders, COSEKey

from edge.errors import EdgeError
from edge.suites import es256
from edge.wire import answer, ask, cbor, cose, policy, record
from edge.wire.log import merkle, receipt
from tests.wire.kit import Desk, centre, chain, header, sign_key, stranger, terminal

DOMAINS = [
    record.DOMAIN,
    ask.ASK_DOMAIN,
    ask.TELL_DOMAIN,
    answer.DOMAIN,
    policy.DOMAIN,
    receipt.DOMAIN,
]
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signed(payload: bytes = b"payload", **options: object) -> bytes:
    return cose.sign1(payload, terminal.signer, domain="d", **options)


def opened(data: bytes, **options: object) -> cose.Opened:
    return cose.open1(data, terminal.verifier, **{"domain": "d", "max_bytes": 4096} | options)


def parts(data: bytes) -> list:
    return list(cbor2.loads(data).value)


def joined(value: list) -> bytes:
    return b"\xd2" + cbor2.dumps(value, canonical=True)


def test_what_was_signed_is_opened() -> None:
    back = opened(signed(content_type="a/b", protected={395: 1}))
    assert (back.payload, back.kid, back.alg) == (b"payload", terminal.signer.kid, -7)
    assert back.protected == {1: -7, 3: "a/b", 4: terminal.signer.kid, 395: 1}


def test_every_changed_byte_is_noticed() -> None:
    data = signed()
    for at in range(len(data)):
        for bit in (0x01, 0x80):
            changed = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
            with pytest.raises(EdgeError, match=r"E-WIR-0[2345]"):
                opened(changed)


@pytest.mark.parametrize("made_for", DOMAINS)
def test_a_signature_for_one_purpose_is_good_for_no_other(made_for: str) -> None:
    data = cose.sign1(b"p", terminal.signer, domain=made_for)
    for domain in DOMAINS:
        if domain == made_for:
            assert cose.open1(data, terminal.verifier, domain=domain, max_bytes=999).payload == b"p"
        else:
            with pytest.raises(EdgeError, match="E-WIR-05"):
                cose.open1(data, terminal.verifier, domain=domain, max_bytes=999)


def test_a_key_that_is_not_known_is_refused_even_with_a_good_signature() -> None:
    with pytest.raises(EdgeError, match="E-WIR-05"):
        cose.open1(signed(), stranger.verifier, domain="d", max_bytes=999)


def test_another_key_under_our_kid_is_refused() -> None:
    class Liar:
        kid, alg = terminal.signer.kid, -7
        sign = staticmethod(stranger.signer.sign)

    with pytest.raises(EdgeError, match="E-WIR-05"):
        opened(cose.sign1(b"p", Liar(), domain="d"))


def test_the_other_half_of_the_signature_space_is_refused() -> None:
    value = parts(signed())
    r, s = value[3][:32], int.from_bytes(value[3][32:], "big")
    assert s <= N // 2
    value[3] = r + (N - s).to_bytes(32, "big")
    sign_key("terminal").public_key().verify(  # plain ECDSA would take it
        es256.encode_dss_signature(int.from_bytes(r, "big"), N - s),
        cose.sig_structure(value[0], "d", b"payload"),
        es256._VERIFY,
    )
    with pytest.raises(EdgeError, match="E-WIR-05"):
        opened(joined(value))


def test_headers_that_nobody_signed_are_refused() -> None:
    value = parts(signed())
    value[1] = {99: b"smuggled"}
    with pytest.raises(EdgeError, match="E-WIR-04"):
        opened(joined(value))


@pytest.mark.parametrize(
    "protected",
    [
        {1: -7},
        {4: b"k"},
        {1: "ES256", 4: b"k"},
        {1: -7, 4: ""},
        {1: -7, 4: b""},
        {1: -7, 4: b"k" * 65},
        {1: -7, 2: [99], 4: b"k", 99: 1},
        [1, 2],
        b"",
    ],
    ids=repr,
)
def test_protected_headers_must_name_key_and_algorithm_and_nothing_critical(
    protected: object,
) -> None:
    value = parts(signed())
    value[0] = cbor2.dumps(protected, canonical=True)
    with pytest.raises(EdgeError, match="E-WIR-04"):
        opened(joined(value))


def test_another_algorithm_under_a_known_key_is_refused() -> None:
    class Es384:
        kid, alg = terminal.signer.kid, -35
        sign = staticmethod(terminal.signer.sign)

    with pytest.raises(EdgeError, match="E-WIR-05"):
        opened(cose.sign1(b"p", Es384(), domain="d"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xd2",
        b"\xd2\x80",
        b"\xd2\x84\x40\xa0\x40",
        b"\xd2\x84\x40\xa0\x40\x40\x00",
        b"\xd1\x84\x40\xa0\x40\x40",
        b"\xd2\xd2\x84\x40\xa0\x40\x40",
        b"\xd2\x84\xa0\xa0\x40\x40",
        b"\xd2\x84\x40\x80\x40\x40",
        b"\xd2\x84\x40\xa0\x01\x40",
    ],
    ids=bytes.hex,
)
def test_what_is_no_cose_sign1_is_refused(data: bytes) -> None:
    with pytest.raises(EdgeError, match=r"E-WIR-0[24]"):
        opened(data)


def test_an_untagged_message_is_refused_so_that_there_is_one_encoding() -> None:
    with pytest.raises(EdgeError, match="E-WIR-04"):
        opened(signed()[1:])


def test_a_message_over_its_limit_is_refused_before_it_is_read() -> None:
    data = signed()
    with pytest.raises(EdgeError, match="E-WIR-01"):
        opened(data, max_bytes=len(data) - 1)


def test_a_detached_payload_is_bound_but_not_carried() -> None:
    data = signed(b"root", detached=True)
    assert b"root" not in data
    assert opened(data, payload=b"root").payload == b"root"
    with pytest.raises(EdgeError, match="E-WIR-05"):
        opened(data, payload=b"Root")
    with pytest.raises(EdgeError, match="E-WIR-04"):
        opened(data)
    with pytest.raises(EdgeError, match="E-WIR-04"):
        opened(signed(b"root"), payload=b"root")


# -- another implementation: cwt -------------------------------------------------------------------
def cwt_key(name: str, *, private: bool) -> object:
    key = sign_key(name)
    pem = es256.private_pem(key) if private else es256.public_pem(key.public_key())
    return COSEKey.from_pem(pem, alg="ES256", kid=es256.kid_of(key.public_key()))


def test_cwt_verifies_our_record() -> None:
    data = chain(1)[0]
    protected, unprotected, payload = COSE.new().decode_with_headers(
        data, cwt_key("terminal", private=False), external_aad=record.DOMAIN.encode()
    )
    assert protected == {1: -7, 3: record.CONTENT_TYPE, 4: terminal.signer.kid}
    assert unprotected == {}
    assert cbor2.loads(payload)[4] == 1


def test_we_verify_a_record_that_cwt_signed() -> None:
    payload = cose.peek1(chain(1)[0], max_bytes=9999).payload
    for _ in range(
        64
    ):  # cwt draws a random nonce and keeps a high s: about every second signature is ours
        data = COSE.new(deterministic_header=True).encode_and_sign(
            payload,
            cwt_key("terminal", private=True),
            protected={
                COSEHeaders.ALG: COSEAlgs.ES256,
                3: record.CONTENT_TYPE,
                COSEHeaders.KID: terminal.signer.kid,
            },
            external_aad=record.DOMAIN.encode(),
        )
        if int.from_bytes(parts(data)[3][32:], "big") <= N // 2:
            break
    assert record.decode(data, terminal.verifier) == record.peek(chain(1)[0]).__class__(
        **{name: getattr(record.peek(data), name) for name in record.RecordHeader.__struct_fields__}
    )
    assert record.decode(data, terminal.verifier).seq == 1


def test_cwt_verifies_our_receipts_with_the_root_as_detached_payload() -> None:
    desk = Desk(chain(2))
    desk.others(5)
    desk.decide(1)
    made = desk.receipt(1)
    protected, unprotected, payload = COSE.new().decode_with_headers(
        made, cwt_key("centre", private=False), detached_payload=desk.tree.root()
    )
    assert payload == desk.tree.root()
    assert protected == {1: -7, 4: centre.signer.kid, 395: 1}
    size, index, path = cbor2.loads(unprotected[396][-1][0])
    assert (size, index) == (6, 5)
    assert merkle.inclusion_root(desk.tree._levels[0][5], index, size, path) == desk.tree.root()


def test_we_verify_a_receipt_that_cwt_signed() -> None:
    tree = merkle.Tree()
    for number in range(7):
        tree.append(b"leaf %d" % number)
    proof = cbor.dumps([7, 3, tree.inclusion(3)])
    for _ in range(64):
        attached = COSE.new(deterministic_header=True).encode_and_sign(
            tree.root(),
            cwt_key("centre", private=True),
            protected={COSEHeaders.ALG: COSEAlgs.ES256, COSEHeaders.KID: centre.signer.kid, 395: 1},
            unprotected={396: {-1: [proof]}},
        )
        value = parts(attached)
        if int.from_bytes(value[3][32:], "big") <= N // 2:
            break
    value[2] = None  # cwt signs with the payload inside; detaching it changes no signed byte
    assert receipt.check_inclusion(joined(value), b"leaf 3", centre.verifier) == (7, 3, tree.root())


def test_header_defaults_are_those_of_a_settlement() -> None:
    assert record.decode(record.encode(header(), terminal.signer), terminal.verifier) == header()
