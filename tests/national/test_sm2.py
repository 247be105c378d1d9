"""The SM2 algorithm through the machine's libcrypto, held against the published example."""

from __future__ import annotations

import pytest

from edge.errors import EdgeError
from edge.suites import sm2

# the example of the standard's recommended curve (GM/T 0003.5), message "message digest"
POINT = (
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004" + POINT)
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)


def test_the_published_example_verifies_and_nothing_near_it_does():
    assert sm2.verify(SPKI, SIGNATURE, b"message digest")
    assert not sm2.verify(SPKI, SIGNATURE, b"message digesT")
    assert not sm2.verify(SPKI, SIGNATURE, b"message digest", b"another id")
    for at in (0, 31, 32, 63):
        flipped = bytearray(SIGNATURE)
        flipped[at] ^= 1
        assert not sm2.verify(SPKI, bytes(flipped), b"message digest")


def test_what_is_signed_verifies_with_that_key_alone():
    private, public = sm2.generate()
    signature = sm2.sign(private, b"a bill", b"ALICE")
    assert len(signature) == sm2.SIGNATURE_BYTES
    assert sm2.verify(public, signature, b"a bill", b"ALICE")
    assert not sm2.verify(sm2.generate()[1], signature, b"a bill", b"ALICE")


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), b"\xff" * 64, bytes(65)])
def test_a_signature_that_is_none_is_a_no_and_never_an_error(signature):
    assert not sm2.verify(SPKI, signature, b"message digest")


@pytest.mark.parametrize("key", [b"", b"\x30", bytes(100), b"k" * 5000])
def test_a_key_that_is_none_is_said_with_a_code(key):
    with pytest.raises(EdgeError) as caught:
        sm2.verify(key, SIGNATURE, b"")
    assert caught.value.code == "E-KEY-32"
    with pytest.raises(EdgeError):
        sm2.sign(key, b"")
