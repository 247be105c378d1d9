"""The SM2 signature algorithm with SM3 (GB/T 32918), for national messages that are signed with it.

The arithmetic is that of the machine's own libcrypto, called through ctypes: the `cryptography`
package has SM3 and no SM2. Nothing here is a certified module, and nothing may call it one. A
signature is raw r || s, 64 bytes. The signer's id goes into the hash; implementations differ in it
(DOMAIN §2.7), so it is a parameter.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from edge.errors import EdgeError

ID: Final = b"1234567812345678"  # of the standard's examples; the usual default
SIGNATURE_BYTES: Final = 64
KEY_BYTES_MAX: Final = 1024
_EC: Final = 408  # EVP_PKEY_EC
_HALF: Final = 32
_ROOM: Final = 128
_HINT: Final = "OpenSSL 3 with SM2 is needed; see facepay explain E-KEY-31"
_PTR: Final = ctypes.c_void_p
_BYTES: Final = ctypes.c_char_p
_INT: Final = ctypes.c_int
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "EVP_MD_CTX_new": (_PTR, ()),
    "EVP_MD_CTX_free": (None, (_PTR,)),
    "EVP_PKEY_CTX_new": (_PTR, (_PTR, _PTR)),
    "EVP_PKEY_CTX_new_id": (_PTR, (_INT, _PTR)),
    "EVP_PKEY_CTX_free": (None, (_PTR,)),
    "EVP_PKEY_CTX_set1_id": (_INT, (_PTR, _BYTES, _INT)),
    "EVP_PKEY_CTX_ctrl_str": (_INT, (_PTR, _BYTES, _BYTES)),
    "EVP_MD_CTX_set_pkey_ctx": (None, (_PTR, _PTR)),
    "EVP_PKEY_keygen_init": (_INT, (_PTR,)),
    "EVP_PKEY_keygen": (_INT, (_PTR, ctypes.POINTER(_PTR))),
    "EVP_PKEY_free": (None, (_PTR,)),
    "EVP_sm3": (_PTR, ()),
    "EVP_DigestSignInit": (_INT, (_PTR, _PTR, _PTR, _PTR, _PTR)),
    "EVP_DigestVerifyInit": (_INT, (_PTR, _PTR, _PTR, _PTR, _PTR)),
    "EVP_DigestSign": (
        _INT,
        (_PTR, _BYTES, ctypes.POINTER(ctypes.c_size_t), _BYTES, ctypes.c_size_t),
    ),
    "EVP_DigestVerify": (_INT, (_PTR, _BYTES, ctypes.c_size_t, _BYTES, ctypes.c_size_t)),
    "d2i_AutoPrivateKey": (_PTR, (_PTR, ctypes.POINTER(_BYTES), ctypes.c_long)),
    "d2i_PUBKEY": (_PTR, (_PTR, ctypes.POINTER(_BYTES), ctypes.c_long)),
    "i2d_PrivateKey": (_INT, (_PTR, ctypes.POINTER(_PTR))),
    "i2d_PUBKEY": (_INT, (_PTR, ctypes.POINTER(_PTR))),
}


@cache
def _library() -> Any:
    """libcrypto with the types of what is called. EdgeError E-KEY-31 when it cannot do SM2."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise EdgeError("E-KEY-31", f"this machine has no SM2: {error}", _HINT) from error
    return library


def generate() -> tuple[bytes, bytes]:
    """A fresh key pair: (private DER, public SubjectPublicKeyInfo DER)."""
    crypto = _library()
    maker, key = crypto.EVP_PKEY_CTX_new_id(_EC, None), _PTR()
    try:
        ready = maker and crypto.EVP_PKEY_keygen_init(maker) == 1
        named = ready and crypto.EVP_PKEY_CTX_ctrl_str(maker, b"ec_paramgen_curve", b"SM2") == 1
        if not named or crypto.EVP_PKEY_keygen(maker, ctypes.byref(key)) != 1:
            raise EdgeError("E-KEY-31", "libcrypto makes no SM2 key", _HINT)
        return _write(crypto.i2d_PrivateKey, key), _write(crypto.i2d_PUBKEY, key)
    finally:
        crypto.EVP_PKEY_free(key)
        crypto.EVP_PKEY_CTX_free(maker)


def sign(private: bytes, message: bytes, user_id: bytes = ID) -> bytes:
    """r || s. EdgeError E-KEY-32 when `private` is no SM2 key."""
    crypto = _library()
    with _key(crypto.d2i_AutoPrivateKey, private) as key, _digest(key, user_id) as digest:
        size, room = ctypes.c_size_t(_ROOM), ctypes.create_string_buffer(_ROOM)
        begun = crypto.EVP_DigestSignInit(digest, None, crypto.EVP_sm3(), None, key) == 1
        if not begun or crypto.EVP_DigestSign(digest, room, size, message, len(message)) != 1:
            raise EdgeError("E-KEY-32", "this key does not sign with SM2", _HINT)
        return _raw(room.raw[: size.value])


def verify(public: bytes, signature: bytes, message: bytes, user_id: bytes = ID) -> bool:
    """Whether the holder of `public` signed the message. EdgeError E-KEY-32 for a broken key."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    crypto = _library()
    with _key(crypto.d2i_PUBKEY, public) as key, _digest(key, user_id) as digest:
        if crypto.EVP_DigestVerifyInit(digest, None, crypto.EVP_sm3(), None, key) != 1:
            raise EdgeError("E-KEY-32", "this key does not verify with SM2", _HINT)
        der = _der(signature)
        done = crypto.EVP_DigestVerify(digest, der, len(der), message, len(message))
        return bool(done == 1)


# -- libcrypto's objects ---------------------------------------------------------------------------
@contextmanager
def _key(read: Any, der: bytes) -> Iterator[Any]:
    if len(der) > KEY_BYTES_MAX:
        raise EdgeError("E-KEY-32", "that is no SM2 key", "send the DER of one")
    at = _BYTES(der)
    key = read(None, ctypes.byref(at), len(der))
    if not key:
        raise EdgeError("E-KEY-32", "that is no SM2 key", "send the DER of one")
    try:
        yield key
    finally:
        _library().EVP_PKEY_free(key)


@contextmanager
def _digest(key: Any, user_id: bytes) -> Iterator[Any]:
    """A digest context that knows the signer's id."""
    crypto = _library()
    digest, inner = crypto.EVP_MD_CTX_new(), crypto.EVP_PKEY_CTX_new(key, None)
    try:
        if crypto.EVP_PKEY_CTX_set1_id(inner, user_id, len(user_id)) != 1:
            raise EdgeError("E-KEY-32", "this key takes no signer's id: not SM2", _HINT)
        crypto.EVP_MD_CTX_set_pkey_ctx(digest, inner)
        yield digest
    finally:
        crypto.EVP_MD_CTX_free(digest)
        crypto.EVP_PKEY_CTX_free(inner)


def _write(write: Any, key: Any) -> bytes:
    size = write(key, None)
    assert 0 < size <= KEY_BYTES_MAX, "a key of ours can be written"
    room = ctypes.create_string_buffer(size)
    at = ctypes.cast(room, _PTR)
    assert write(key, ctypes.byref(at)) == size, "the same key has the same size"
    return room.raw


# -- r || s and DER --------------------------------------------------------------------------------
def _raw(der: bytes) -> bytes:
    at, out = 2, b""
    for _ in range(2):
        size = der[at + 1]
        out += int.from_bytes(der[at + 2 : at + 2 + size], "big").to_bytes(_HALF, "big")
        at += 2 + size
    return out


def _der(raw: bytes) -> bytes:
    numbers = b"".join(_number(raw[at : at + _HALF]) for at in (0, _HALF))
    return bytes([0x30, len(numbers)]) + numbers


def _number(raw: bytes) -> bytes:
    short = raw.lstrip(b"\0") or b"\0"
    padded = b"\0" + short if short[0] & 0x80 else short
    return bytes([2, len(padded)]) + padded
