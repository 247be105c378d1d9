"""Keys in files: sign.pem (P-256), seal.pem (X25519), local.key (AES-256). Weak: who can read the
disk has them; every record says so ("file"). Modes looser than 0600 in a 0700 directory are
refused."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.durable import sync_folder
from edge.errors import EdgeError
from edge.suites import es256
from edge.wire.cose import Opener, Signer

PROVIDER = "file"
SIGN_FILE, SEAL_FILE, LOCAL_FILE = "sign.pem", "seal.pem", "local.key"
KEY_FILE_BYTES_MAX = 4096
_LOCAL_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LOCKED_V1 = b"\x01"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class AesLocker:
    """AES-256-GCM with a random nonce: version 1 byte, nonce 12, ciphertext and tag. Good for 2^32
    values (SP 800-38D)."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == _LOCAL_BYTES, "an AES-256 key"
        self._aes = AESGCM(key)

    def lock(self, plain: bytes, aad: bytes) -> bytes:
        """29 bytes longer than the plaintext; different each time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _LOCKED_V1 + nonce + self._aes.encrypt(nonce, plain, aad)

    def unlock(self, data: bytes, aad: bytes) -> bytes:
        """EdgeError E-KEY-05 when it was locked by another key or for another place, or changed."""
        nonce, sealed = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
        if data[:1] != _LOCKED_V1 or len(sealed) < _TAG_BYTES:
            raise EdgeError("E-KEY-05", "a locked value is damaged")
        try:
            return self._aes.decrypt(nonce, sealed, aad)
        except InvalidTag as error:
            raise EdgeError(
                "E-KEY-05",
                "a locked value does not open with this key",
                "is this the store's own key?",
            ) from error


class Driver:
    """The keys of one directory, read once. EdgeError E-KEY-01 missing, E-KEY-02 readable by
    others, E-KEY-03 damaged."""

    provider: str = PROVIDER

    def __init__(self, directory: Path | str) -> None:
        directory = Path(directory)
        _check_directory(directory)
        sign = es256.load_sign_private(_read(directory / SIGN_FILE))
        seal = es256.load_seal_private(_read(directory / SEAL_FILE))
        local = _read(directory / LOCAL_FILE)
        if len(local) != _LOCAL_BYTES:
            raise EdgeError(
                "E-KEY-03",
                f"{LOCAL_FILE} is damaged: {len(local)} bytes",
                "restore it, or re-enrol the terminal",
            )
        self.signer: Signer = es256.Es256Signer(sign)
        self.opener: Opener = es256.HpkeOpener(seal)
        self.locker = AesLocker(local)
        self.sign_public_pem = es256.public_pem(sign.public_key())
        self.seal_public_bytes = es256.seal_public_bytes(seal.public_key())

    @classmethod
    def create(cls, directory: Path | str) -> Driver:
        """Make all three keys, durably and all at once; never over anything: E-KEY-04."""
        directory = Path(directory)
        try:
            directory.parent.mkdir(parents=True, exist_ok=True)
            _make(directory)
        except OSError as error:
            raise EdgeError(
                "E-KEY-04",
                f"keys cannot be made in {directory}: {error.strerror}",
                "choose an empty directory; keys are never overwritten",
            ) from error
        return cls(directory)


def _make(directory: Path) -> None:
    """Made beside and renamed: a power cut leaves all keys or none. OSError also when not empty."""
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))  # mode 0700
    try:
        _write(fresh / SIGN_FILE, es256.private_pem(es256.generate_sign_key()))
        _write(fresh / SEAL_FILE, es256.private_pem(es256.generate_seal_key()))
        _write(fresh / LOCAL_FILE, secrets.token_bytes(_LOCAL_BYTES))
        sync_folder(fresh)
        fresh.rename(directory)  # the system refuses it when there is a file or a directory in use
        sync_folder(directory.parent)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _check_directory(directory: Path) -> None:
    try:
        found = directory.stat()
    except OSError as error:
        raise EdgeError(
            "E-KEY-01", f"no key directory {directory}: {error.strerror}", "facepay keys create"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise EdgeError("E-KEY-01", f"{directory} is not a directory", "facepay keys create")
    _check_mode(directory, found, "chmod 700")


def _read(path: Path) -> bytes:
    """A key file's content; a symbolic link is not followed, and the mode is that of the very file
    which is read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise EdgeError(
            "E-KEY-01", f"key file {path} cannot be opened: {error.strerror}", "restore it"
        ) from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise EdgeError("E-KEY-01", f"{path} is not a file", "restore it")
        _check_mode(path, found, "chmod 600")
        content = os.read(handle, KEY_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise EdgeError(
            "E-KEY-03", f"key file {path} cannot be read: {error.strerror}", "restore it"
        ) from error
    finally:
        os.close(handle)
    if len(content) > KEY_FILE_BYTES_MAX:
        raise EdgeError("E-KEY-03", f"{path} is too large for a key", "restore it")
    return content


def _check_mode(path: Path, found: os.stat_result, remedy: str) -> None:
    if found.st_mode & _OTHERS:
        raise EdgeError(
            "E-KEY-02",
            f"others may reach {path} (mode {stat.S_IMODE(found.st_mode):o})",
            f"{remedy} {path}",
        )
    if found.st_uid != os.geteuid():
        raise EdgeError(
            "E-KEY-02",
            f"{path} belongs to another user",
            f"chown it to the service, then {remedy} {path}",
        )


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
