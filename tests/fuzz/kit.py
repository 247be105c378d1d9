"""What a fuzz target is, and how the targets are found.

A target is one file in `targets/`: `seeds()` gives good inputs, `eat(data)` feeds the parser, and
`MAX_BYTES` bounds what the fuzzer makes. `eat` may raise EdgeError and nothing else: not another
exception, not more than INPUT_S seconds, not more than MEMORY_MB. A new parser is a new file here;
the command, the tests and the replay of the kept corpus find it by listing the folder.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.suites import es256
from edge.wire import answer, cose, record
from tests.wire.kit import ZERO, Desk, Side, header, sign_key

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
INPUT_S = 5  # one input may take so long on a busy machine; the parsers need milliseconds
MEMORY_MB = 1024
NAMES = tuple(sorted(path.stem for path in (HERE / "targets").glob("[a-z]*.py")))


class Repeats:
    """A signer whose signatures are the same in every process (RFC 6979): the log of the targets is
    then always the same log, and what was kept of one run still gets deep in the next."""

    def __init__(self, name: str) -> None:
        self._key = sign_key(name)
        signer = es256.Es256Signer(self._key)
        self.kid, self.alg = signer.kid, signer.alg

    def sign(self, message: bytes) -> bytes:
        ecdsa = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return es256.raw_low_s(self._key.sign(message, ecdsa))


def _chain() -> list[bytes]:
    """Three records whose bytes never change."""
    records, prev, signer = [], ZERO, Repeats("terminal")
    for seq in range(1, 4):
        txid = hashlib.sha256(seq.to_bytes(8, "big")).digest()[:16]
        made = record.encode(header(seq=seq, prev=prev, txid=txid), signer)
        prev = record.record_hash(made)
        records.append(made)
    return records


RECORDS = _chain()
DESK = Desk(RECORDS)
DESK.others(3)
DESK.decide(1)
DESK.decide(2, Outcome.REJECTED)
ANSWER = DESK.answer([1, 2], named=2)


def accepted() -> answer.WireAnswer:
    """The next answer, with a proof from the tree of three leaves."""
    return DESK.wire([1, 2], named=3)


class Target(Protocol):
    """A module of `targets/`."""

    MAX_BYTES: int

    def seeds(self) -> list[bytes]: ...
    def eat(self, data: bytes) -> None: ...


def load(name: str) -> Target:
    """The target's module."""
    return cast(Target, importlib.import_module(f"tests.fuzz.targets.{name}"))


def survives(target: Target, data: bytes) -> None:
    """Feed one input; whatever is not an EdgeError with a code comes out."""
    try:
        target.eat(data)
    except EdgeError as error:
        assert error.code.startswith("E-"), error


def both(
    decode: Callable[[bytes], object],
    data: bytes,
    signer: Side,
    domain: str,
    content_type: str = "",
) -> None:
    """The input as a whole message from a stranger, then as the payload that the right key signed:
    a hostile or broken peer with a real key reaches the inner parsers."""
    try:
        decode(data)
    except EdgeError:
        pass
    else:
        return
    if data:
        decode(cose.sign1(data, signer.signer, domain=domain, content_type=content_type))


def payload(message: bytes) -> bytes:
    """What a good message carries, as a seed for the second half of `both`."""
    return cose.peek1(message, max_bytes=1 << 20).payload


def kept(name: str) -> list[Path]:
    """The inputs that are kept for a target: what the fuzzer found worth it, and old crashes."""
    return sorted(path for path in (CORPUS / name).glob("*") if path.is_file())
