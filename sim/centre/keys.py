"""The centre's own keys: one that signs, one that opens. Files of mode 0600 in the centre's
directory."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from edge.errors import EdgeError
from edge.suites import _certs, es256

SIGN_FILE: Final = "centre-sign.pem"
SEAL_FILE: Final = "centre-seal.pem"
FILE_MODE: Final = 0o600
CENTRE_NAME: Final = "centre"
CENTRE_DAYS: Final = 3650
TERMINAL_DAYS: Final = 1825  # a record must stay provable for years


class CentreKeys:
    """Signs answers, receipts, tells and policies; opens what terminals sealed."""

    def __init__(self, sign: es256.SignPrivate, seal: es256.SealPrivate) -> None:
        self.signer = es256.Es256Signer(sign)
        self.opener = es256.HpkeOpener(seal)
        self.verifier = es256.Es256Verifier.of(sign.public_key())
        self.sealer = es256.HpkeSealer(seal.public_key())
        self.sign_public_pem = es256.public_pem(sign.public_key())
        self.seal_public_bytes = es256.seal_public_bytes(seal.public_key())
        self._sign = sign

    def own_cert(self, now_ms: int) -> bytes:
        """The centre's certificate, PEM."""
        return _certs.pem_of(_certs.self_signed(self._sign, CENTRE_NAME, now_ms, CENTRE_DAYS))

    def terminal_cert(self, name: str, institution: str, sign_public: bytes, now_ms: int) -> bytes:
        """A terminal's certificate at enrolment, PEM. `sign_public`: its key, PEM."""
        public = es256.load_sign_public(sign_public)
        issued = _certs.issue(
            self._sign, CENTRE_NAME, public, name, institution, now_ms, TERMINAL_DAYS
        )
        return _certs.pem_of(issued)

    @classmethod
    def open(cls, directory: Path) -> CentreKeys:
        """Load the keys of a centre directory. EdgeError E-KEY-01 missing, E-KEY-03 damaged."""
        try:
            sign = (directory / SIGN_FILE).read_bytes()
            seal = (directory / SEAL_FILE).read_bytes()
        except OSError as error:
            raise EdgeError(
                "E-KEY-01", f"the centre's keys are missing: {error}", "sim.centre.setup"
            ) from error
        return cls(es256.load_sign_private(sign), es256.load_seal_private(seal))

    @classmethod
    def create(cls, directory: Path) -> CentreKeys:
        """Make fresh keys; keys that are there already stay."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (directory / SIGN_FILE).exists():
            _write(directory / SIGN_FILE, es256.private_pem(es256.generate_sign_key()))
            _write(directory / SEAL_FILE, es256.private_pem(es256.generate_seal_key()))
        return cls.open(directory)


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=FILE_MODE)
    path.write_bytes(data)
