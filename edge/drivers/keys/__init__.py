"""Where this terminal's keys live: one file per provider; the file name is the provider's name in
every record."""

from __future__ import annotations

from typing import Protocol

from edge.wire.cose import Opener, Signer


class Locker(Protocol):
    """Encrypts what stays on this device; `aad` binds the place. EdgeError E-KEY-05 when it does
    not unlock."""

    def lock(self, plain: bytes, aad: bytes) -> bytes: ...
    def unlock(self, data: bytes, aad: bytes) -> bytes: ...


class Keys(Protocol):
    """The three private keys of a terminal and their public halves."""

    @property
    def provider(self) -> str: ...
    @property
    def signer(self) -> Signer: ...
    @property
    def opener(self) -> Opener: ...
    @property
    def locker(self) -> Locker: ...
    @property
    def sign_public_pem(self) -> bytes: ...
    @property
    def seal_public_bytes(self) -> bytes: ...
