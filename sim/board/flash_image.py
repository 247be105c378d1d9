"""The flash of a simulated board: a real littlefs image in a host file, with the firmware as the
manifest lists it."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from littlefs import LittleFS, UserContext

ROOT = Path(__file__).resolve().parents[2]
BLOCK_BYTES = 4096
BLOCKS = 352  # what the rp2 port leaves for files on a Pico
PROG_BYTES = 256


def firmware_files(root: Path = ROOT) -> tuple[dict[str, bytes], str]:
    """(path on the board -> bytes, build): the build is 16 hex digits over paths and bytes of
    the application."""
    manifest = tomllib.loads((root / "firmware" / "manifest.toml").read_text(encoding="utf-8"))
    files = {place: (root / source).read_bytes() for place, source in manifest["root"].items()}
    digest = hashlib.sha256()
    for place, source in sorted(manifest["application"].items()):
        data = (root / source).read_bytes()
        digest.update(place.encode() + b"\0" + hashlib.sha256(data).digest())
        files[f"{manifest['slot']}/{place}"] = data
    build = digest.hexdigest()[:16]
    files["/build"] = build.encode()
    return files, build


def write_files(image: Path, files: dict[str, bytes]) -> None:
    """Put the files into the image, made and formatted when it is not there; other files in it
    stay."""
    size = BLOCK_BYTES * BLOCKS
    fresh = not image.exists()
    context = UserContext(size)
    fs = LittleFS(
        context=context,
        block_size=BLOCK_BYTES,
        block_count=BLOCKS,
        prog_size=PROG_BYTES,
        mount=False,
    )
    if fresh:
        context.buffer = bytearray(b"\xff" * size)
        fs.format()
    else:
        context.buffer = bytearray(image.read_bytes())
        assert len(context.buffer) == size, f"{image} is not a flash of {size} bytes"
    fs.mount()
    for place, data in files.items():
        folder = place.rpartition("/")[0]
        if folder:
            fs.makedirs(folder, exist_ok=True)
        with fs.open(place, "wb") as file:
            file.write(data)
    fs.unmount()
    image.write_bytes(bytes(context.buffer))
    image.chmod(0o600)  # the pairing key is in it


def read_file(image: Path, place: str) -> bytes:
    """A file of the image, for tests that look at what the firmware left there."""
    context = UserContext(BLOCK_BYTES * BLOCKS)
    context.buffer = bytearray(image.read_bytes())
    fs = LittleFS(
        context=context,
        block_size=BLOCK_BYTES,
        block_count=BLOCKS,
        prog_size=PROG_BYTES,
        mount=True,
    )
    with fs.open(place, "rb") as file:
        return bytes(file.read())
