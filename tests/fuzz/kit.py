"""What a fuzz target is, and how the targets are found.

A target is one file in `targets/`: `seeds()` gives good inputs, `eat(data)` feeds the parser, and
`MAX_BYTES` bounds what the fuzzer makes. `eat` may raise EdgeError and nothing else: not another
exception, not more than INPUT_S seconds, not more than MEMORY_MB. A new parser is a new file here;
the command, the tests and the replay of the kept corpus find it by listing the folder.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from edge.errors import EdgeError
from edge.wire import cose
from tests.wire.kit import Side

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
INPUT_S = 5  # one input may take so long on a busy machine; the parsers need milliseconds
MEMORY_MB = 1024
NAMES = tuple(sorted(path.stem for path in (HERE / "targets").glob("[a-z]*.py")))


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
