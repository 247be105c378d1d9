"""A bank's directory: its database, its keys, and the key of the centre that may ask."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from edge.errors import EdgeError
from edge.suites import es256
from sim.bank.bank import SimBank
from sim.bank.server import Keys

SIGN_FILE: Final = "bank-sign.pem"
SIGN_PUBLIC: Final = "bank-sign.pub"
CENTRE_PUBLIC: Final = "centre-sign.pub"
FILE_MODE: Final = 0o600


def make(directory: Path, centre_public: bytes, customers: Iterable[tuple[str, int]] = ()) -> Path:
    """Make one; keys that are there already stay. The bank's public key."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = directory / SIGN_FILE
    if not private.exists():
        key = es256.generate_sign_key()
        private.touch(mode=FILE_MODE)
        private.write_bytes(es256.private_pem(key))
        (directory / SIGN_PUBLIC).write_bytes(es256.public_pem(key.public_key()))
    (directory / CENTRE_PUBLIC).write_bytes(centre_public)
    bank = open_(directory, customers)
    bank.close()
    return directory / SIGN_PUBLIC


def open_(directory: Path, customers: Iterable[tuple[str, int]] = ()) -> SimBank:
    """The bank of this directory."""
    return SimBank(directory / "bank.db", customers)


def keys(directory: Path) -> Keys:
    """EdgeError E-KEY-01 missing, E-KEY-03 damaged."""
    try:
        private = (directory / SIGN_FILE).read_bytes()
        centre = (directory / CENTRE_PUBLIC).read_bytes()
    except OSError as error:
        raise EdgeError("E-KEY-01", f"the bank's keys are missing: {error}", "sim.bank.setup") from error
    signer = es256.Es256Signer(es256.load_sign_private(private))
    return Keys(signer, es256.Es256Verifier.of(es256.load_sign_public(centre)))
