"""`flash provision`: measure the board, make its pairing key, serial number and label, and believe it
only when the restarted board works with the new key. One board at a time: each has a label."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from edge.errors import EdgeError
from edge.field.flash import factory, label
from edge.field.flash.factory import Row
from edge.field.flash.link import greet
from edge.field.flash.look import Place
from edge.field.flash.repl import Facts, Slots
from edge.field.flash.session import Session, at_prompt, ran
from edge.field.flash.show import Outcome, Tell
from edge.wire import release
from edge.wire.frame import KEY_BYTES

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: nothing that looks like something else
KEY_FILE: Final = "pair.key"
NO_MARK: Final = "none"  # no key was written, so none has a fingerprint
LINK_MS_MAX: Final = 2_000


class Order(Struct, frozen=True):
    """What the engineer asked for."""

    folder: Path  # gets a folder named like the serial number
    maker: Ed25519PrivateKey
    serial: str = ""
    board: str = ""
    operator: str = ""
    again: bool = False
    dry_run: bool = False


def new_serial() -> str:
    """FP- and 40 random bits."""
    return "FP-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


def fingerprint(key: bytes) -> str:
    """What may be printed of a pairing key."""
    return hashlib.sha256(b"facepay/pair/1\0" + key).hexdigest()[:16]


def provision(place: Place, order: Order, tell: Tell) -> Outcome:
    """One board. E-FLS-50 paired already, 52 a test failed, 53 nothing to provision; E-FLS-40/41 when
    it does not work with its key."""
    serial = order.serial or new_serial()
    if not label.SERIAL.fullmatch(serial):
        raise EdgeError("E-FLS-53", f"{serial!r} is no serial number", "4 to 32 of A-Z 0-9 and -")
    mine = order.folder / serial
    if mine.exists():
        raise EdgeError("E-FLS-50", f"{mine} is there already", "a serial number is given once: take another")
    key = secrets.token_bytes(KEY_BYTES)
    tell.stage("looking")
    with at_prompt(place) as session:
        name, slots = judge(session, order)
        if order.dry_run:
            return Outcome(place.name, True, f"would become {serial}, {name}", facts={"dry_run": True})
        tell.stage("measuring")
        rows = factory.measure(session.board, name, slots.active)
        told = _told(session.facts, slots, order, rows, serial=serial, name=name, mark=NO_MARK)
        if told["result"] != "pass":
            mine.mkdir(mode=0o700, parents=True)
            _store(mine, told, order)
            bad = ", ".join(row.name for row in rows if row.result == "fail")
            raise EdgeError("E-FLS-52", f"the board failed: {bad}", f"{mine}/report.html has the values; no key was written")
        keep(mine, key)
        tell.stage("writing")
        write(session, slots, name=name, serial=serial, key=key)
    tell.stage("restarting")
    wanted = slots.slots[slots.active]
    assert wanted is not None, "judge() saw to it"
    was = ran(place, key, wanted)
    rows.append(_link_row(place, key))
    told = _told(session.facts, slots, order, rows, serial=serial, name=name, mark=fingerprint(key))
    _store(mine, told, order)
    if told["result"] != "pass":
        raise EdgeError("E-FLS-52", f"the link failed: {rows[-1].note}", f"{mine}/report.html has the values")
    skipped = ", ".join(row.name for row in rows if row.result == "skip")
    return Outcome(
        place.name, True, f"{serial} is paired, build {was.build} runs, said by its {was.by}; key, label and report in {mine}",
        hint=f"not measured: {skipped}" if skipped else "",
        facts={"serial": serial, "board": name, "folder": str(mine), "by": was.by,
               "key_fingerprint": fingerprint(key), "tests": told["tests"]},
    )  # fmt: skip


def judge(session: Session, order: Order) -> tuple[str, Slots]:
    """Everything that speaks against it, before the first write."""
    facts = session.facts
    if facts.key_hash and not order.again:
        who = f" as {facts.serial}" if facts.serial else ""
        raise EdgeError(
            "E-FLS-50", f"the board is paired already{who}", "--again and --config, if its terminal may lose it"
        )
    slots = facts.slots
    if slots is None or slots.slots.get(slots.active) is None:
        raise EdgeError("E-FLS-53", "the board has no application yet", "facepay flash app first")
    name = order.board or session.name()
    if not label.NAME.fullmatch(name):
        raise EdgeError("E-FLS-53", f"{name!r} is no board's name", "--board pico, or another file of firmware/boards")
    there = session.board.files(f"{slots.active}/firmware/boards")
    if not any(f"{slots.active}/firmware/boards/{name}.{end}" in there for end in ("py", "mpy")):
        raise EdgeError("E-FLS-53", f"the application knows no board called {name}", "--board NAME")
    return name, slots


def keep(folder: Path, key: bytes) -> None:
    """Our copy, 0600 from its first byte on and on the disk before the board has its own."""
    folder.mkdir(mode=0o700, parents=True)
    fd = os.open(folder / KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(fd)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(at)
    finally:
        os.close(at)


def write(session: Session, slots: Slots, *, name: str, serial: str, key: bytes) -> None:
    """The key last: until then the board is what it was."""
    board = session.board
    for slot, held in slots.slots.items():
        if held is not None and slot in {"/a", "/b"}:
            raw = board.read(f"{slot}/manifest.json", release.MANIFEST_BYTES_MAX + 1)
            board.write(f"{slot}/manifest.mac", release.mac(raw, key))
    board.replace("/board", name.encode())
    board.replace("/serial", serial.encode())
    board.replace("/key", key)


def _link_row(place: Place, key: bytes) -> Row:
    if place.link is None:
        return Row("link greeting", None, "ms", 0, LINK_MS_MAX, "skip", "no --link")
    try:
        took = greet(place.link, key).ms
    except EdgeError as error:
        return Row("link greeting", None, "ms", 0, LINK_MS_MAX, "fail", error.message[:200])
    good = took <= LINK_MS_MAX
    return Row("link greeting", took, "ms", 0, LINK_MS_MAX, "pass" if good else "fail")


def _told(
    facts: Facts, slots: Slots, order: Order, rows: list[Row], *, serial: str, name: str, mark: str
) -> dict[str, Any]:
    held = slots.slots[slots.active]
    assert held is not None, "judge() saw to it"
    now = time.time_ns() // 1_000_000
    good = all(row.result != "fail" for row in rows)
    return {
        "v": 1, "serial": serial, "board": name, "uid": facts.uid, "runtime": facts.version,
        "version": held.version, "build": held.build, "key_fingerprint": mark,
        "operator": order.operator, "station": socket.gethostname(), "at_utc_ms": now,
        "at": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="seconds"),
        "result": "pass" if good else "fail", "tests": [msgspec.to_builtins(row) for row in rows],
    }  # fmt: skip


def _store(folder: Path, told: dict[str, Any], order: Order) -> None:
    words = (told["serial"], told["board"], told["key_fingerprint"])
    factory.store(folder, told, order.maker, label.qr_svg(label.text_of(*words)))
    if told["result"] == "pass":
        (folder / "label.svg").write_text(label.svg(*words), encoding="utf-8")
        (folder / "label.zpl").write_text(label.zpl(*words), encoding="ascii")
