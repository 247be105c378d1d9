"""What every crypto suite promises. A new suite is picked up by its file."""

from __future__ import annotations

import importlib

import pytest

from edge import loader
from edge.errors import EdgeError
from edge.wire import cose

SUITES = loader.choices("suite")


@pytest.fixture(params=SUITES)
def suite(request):
    return importlib.import_module(f"edge.suites.{request.param}")


@pytest.fixture
def key(suite):
    return suite.generate_sign_key()


@pytest.fixture
def seal(suite):
    return suite.generate_seal_key()


def test_there_is_a_suite():
    assert "es256" in SUITES


def test_a_suite_is_called_what_its_file_is_called(suite):
    assert suite.__name__.rsplit(".", 1)[1] == suite.NAME
    assert isinstance(suite.ALG, int)


def test_what_was_signed_verifies_and_nothing_else_does(suite, key):
    signer, verifier = suite.Signer(key), suite.Verifier.of(key.public_key())
    signature = signer.sign(b"message")
    assert signer.alg == suite.ALG
    assert verifier.verify(signer.kid, signer.alg, b"message", signature)
    assert not verifier.verify(signer.kid, signer.alg, b"Message", signature)
    assert not verifier.verify(signer.kid, signer.alg - 1, b"message", signature)
    assert not verifier.verify(b"somebody", signer.alg, b"message", signature)
    for at in range(len(signature)):
        assert not verifier.verify(
            signer.kid,
            signer.alg,
            b"message",
            signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :],
        )


@pytest.mark.parametrize(
    "signature", [b"", b"x", bytes(64), b"\xff" * 64, bytes(63), bytes(65), bytes(10_000)], ids=len
)
def test_no_signature_at_all_is_a_no_and_never_an_error(suite, key, signature):
    signer = suite.Signer(key)
    assert not suite.Verifier.of(key.public_key()).verify(
        signer.kid, signer.alg, b"message", signature
    )


def test_a_key_has_one_kid_wherever_it_is_computed(suite, key):
    assert (
        suite.Signer(key).kid
        == suite.kid_of(key.public_key())
        == suite.kid_of(suite.load_sign_public(suite.public_pem(key.public_key())))
    )
    assert len(suite.Signer(key).kid) == 8
    assert suite.Signer(key).kid != suite.Signer(suite.generate_sign_key()).kid


def test_a_verifier_of_several_keys_tells_them_apart(suite):
    keys = [suite.generate_sign_key() for _ in range(3)]
    verifier = suite.Verifier.of(*(one.public_key() for one in keys))
    for one in keys:
        signer = suite.Signer(one)
        signature = signer.sign(b"m")
        assert [
            verifier.verify(suite.Signer(other).kid, signer.alg, b"m", signature) for other in keys
        ] == [other is one for other in keys]


def test_nobody_without_the_key_can_make_a_second_signature_of_the_same_message(suite, key):
    """A record is named by the hash of its bytes, signature included."""
    signer, verifier = suite.Signer(key), suite.Verifier.of(key.public_key())
    for number in range(20):
        signature = signer.sign(b"%d" % number)
        if suite.NAME == "es256":
            twin = signature[:32] + (suite._ORDER - int.from_bytes(signature[32:], "big")).to_bytes(
                32, "big"
            )
            assert not verifier.verify(signer.kid, signer.alg, b"%d" % number, twin)
        assert verifier.verify(signer.kid, signer.alg, b"%d" % number, signature)


def test_signing_needs_no_randomness(suite, key):
    assert suite.Signer(key).sign(b"m") == suite.Signer(key).sign(b"m")


@pytest.mark.parametrize("plain", [b"", b"x", b"x" * 48 * 1024], ids=len)
def test_what_was_sealed_opens_for_its_purpose_place_and_key_only(suite, seal, plain):
    sealer, opener = suite.Sealer(seal.public_key()), suite.Opener(seal)
    sealed = sealer.seal("purpose", b"place", plain)
    assert opener.open("purpose", b"place", sealed) == plain
    assert len(plain) < 8 or plain not in sealed  # a byte or two may stand there by chance
    for info, aad in [
        ("Purpose", b"place"),
        ("purpose", b"Place"),
        ("", b"place"),
        ("purpose", b""),
        ("purposep", b"lace"),
    ]:
        with pytest.raises(EdgeError, match="E-WIR-06"):
            opener.open(info, aad, sealed)
    with pytest.raises(EdgeError, match="E-WIR-06"):
        suite.Opener(suite.generate_seal_key()).open("purpose", b"place", sealed)


def test_every_changed_byte_and_every_cut_of_a_sealed_message_is_noticed(suite, seal):
    """Also the top bit of an X25519 coordinate, which the curve ignores (RFC 7748 §5): HPKE
    binds enc."""
    sealed = suite.Sealer(seal.public_key()).seal("p", b"a", b"secret")
    opener = suite.Opener(seal)
    for at in range(len(sealed)):
        for bad in (
            sealed[:at] + bytes([sealed[at] ^ 0x80]) + sealed[at + 1 :],
            sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :],
            sealed[:at],
        ):
            with pytest.raises(EdgeError, match="E-WIR-06"):
                opener.open("p", b"a", bad)


def test_the_same_plaintext_is_sealed_differently_each_time(suite, seal):
    sealer = suite.Sealer(seal.public_key())
    assert len({sealer.seal("p", b"a", b"same") for _ in range(20)}) == 20


def test_a_degenerate_point_opens_nothing(suite, seal):
    """X25519 low-order points would give a shared secret everybody knows (RFC 9180 §7.1.4)."""
    for point in (bytes(32), (1).to_bytes(32, "little")):
        with pytest.raises(EdgeError, match="E-WIR-06"):
            suite.Opener(seal).open("p", b"a", point + bytes(22))


def test_the_parts_fit_the_ports_of_cose(suite, key):
    verifier = suite.Verifier.of(key.public_key())
    data = cose.sign1(b"payload", suite.Signer(key), domain="d")
    assert cose.open1(data, verifier, domain="d", max_bytes=9999).payload == b"payload"


@pytest.mark.parametrize(
    "pem",
    [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ids=len,
)
def test_damaged_keys_are_an_error_of_the_world(suite, key, seal, pem):
    for load in (suite.load_sign_private, suite.load_seal_private, suite.load_sign_public):
        with pytest.raises(EdgeError, match="E-KEY-03"):
            load(pem)
    with pytest.raises(EdgeError, match="E-KEY-03"):
        suite.load_sign_private(suite.private_pem(seal))
    with pytest.raises(EdgeError, match="E-KEY-03"):
        suite.load_seal_private(suite.private_pem(key))
    with pytest.raises(EdgeError, match="E-KEY-03"):
        suite.load_seal_public(b"short")


def test_keys_survive_being_written_down(suite, key, seal):
    assert (
        suite.Signer(suite.load_sign_private(suite.private_pem(key))).kid == suite.Signer(key).kid
    )
    sealed = suite.Sealer(suite.load_seal_public(suite.seal_public_bytes(seal.public_key()))).seal(
        "p", b"a", b"x"
    )
    assert (
        suite.Opener(suite.load_seal_private(suite.private_pem(seal))).open("p", b"a", sealed)
        == b"x"
    )
