"""The flash of a simulated board: a real littlefs image in a host file, with the firmware as the
manifest lists it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from littlefs import LittleFS, UserContext
from littlefs.errors import LittleFSError

from edge.wire import slot_manifest
from firmware import slots

ROOT = Path(__file__).resolve().parents[3]
BLOCK_BYTES = 4096
BLOCKS = 352  # what the rp2 port leaves for files on a Pico
PROG_BYTES = 256
FIRST_SLOT = "/a"


def firmware_files(root: Path = ROOT) -> tuple[dict[str, bytes], dict[str, bytes], str]:
    """(files of the root, files of a slot, version), as firmware/manifest.toml lists them."""
    manifest = tomllib.loads((root / "firmware" / "manifest.toml").read_text(encoding="utf-8"))
    fixed = {place: (root / source).read_bytes() for place, source in manifest["root"].items()}
    program = {
        place: (root / source).read_bytes() for place, source in manifest["application"].items()
    }
    return fixed, program, manifest["version"]


def slot_files(
    slot: str, program: Mapping[str, bytes], version: str, key: bytes, *, downgrade: bool = False
) -> dict[str, bytes]:
    """What a slot holds: the program, its manifest, and the manifest's HMAC under the pairing key."""
    manifest = slot_manifest.make(version, program, downgrade=downgrade)
    return {
        **{f"{slot}/{place}": data for place, data in program.items()},
        f"{slot}/manifest.json": manifest,
        f"{slot}/manifest.mac": slots.mac_of(key, manifest),
    }


def board_files(
    key: bytes, name: bytes = b"sim", over: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Everything on a board as it leaves the factory. `over`: files that replace or join those of
    the firmware, by their path on the board; the manifest then lists them."""
    fixed, program, version = firmware_files()
    held = f"{FIRST_SLOT}/"
    over = over or {}
    program |= {p.removeprefix(held): data for p, data in over.items() if p.startswith(held)}
    fixed |= {place: data for place, data in over.items() if not place.startswith(held)}
    return fixed | slot_files(FIRST_SLOT, program, version, key) | {"/key": key, "/board": name}


def opened(data: bytes | None = None) -> tuple[LittleFS, UserContext]:
    """A mounted file system over `data`, or over a new one, and the bytes it lies in."""
    size = BLOCK_BYTES * BLOCKS
    assert data is None or len(data) == size, f"not a flash of {size} bytes"
    context = UserContext(size)
    context.buffer = bytearray(b"\xff" * size if data is None else data)
    fs = LittleFS(
        context=context,
        block_size=BLOCK_BYTES,
        block_count=BLOCKS,
        prog_size=PROG_BYTES,
        mount=False,
    )
    if data is None:
        fs.format()
    fs.mount()
    return fs, context


def write_files(image: Path, files: Mapping[str, bytes]) -> None:
    """Put the files into the image, made and formatted when it is not there; other files in it
    stay, but a slot that gets a manifest holds only what is listed (as the flasher sees to)."""
    fs, context = opened(image.read_bytes() if image.exists() else None)
    for slot in slots.SLOTS:
        if f"{slot}/manifest.json" in files:
            _sweep(fs, slot, files)
    for place, data in files.items():
        folder = place.rpartition("/")[0]
        if folder:
            fs.makedirs(folder, exist_ok=True)
        with fs.open(place, "wb") as file:
            file.write(data)
    fs.unmount()
    image.write_bytes(bytes(context.buffer))
    image.chmod(0o600)  # the pairing key is in it


def _sweep(fs: LittleFS, slot: str, kept: Mapping[str, bytes]) -> None:
    """Remove the files of the slot that are not `kept`."""
    if slot[1:] not in fs.listdir("/"):
        return
    found = [f"{folder}/{name}" for folder, _folders, names in fs.walk(slot) for name in names]
    for place in found:
        if place not in kept:
            fs.remove(place)


def read_file(image: Path, place: str) -> bytes:
    """A file of the image, for tests that look at what the firmware left there."""
    fs, _context = opened(image.read_bytes())
    with fs.open(place, "rb") as file:
        return bytes(file.read())


def has_file(image: Path, place: str) -> bool:
    """Whether the image holds this file."""
    fs, _context = opened(image.read_bytes())
    folder, _, name = place.rpartition("/")
    try:
        return name in fs.listdir(folder or "/")
    except LittleFSError:  # no such folder
        return False
