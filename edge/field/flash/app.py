"""`flash app`: look, judge, plan; then write the slot that does not run, let the board check it, restart,
and believe only what the restarted board says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from edge.errors import EdgeError
from edge.field.flash.look import Place
from edge.field.flash.repl import Facts, Held, Slots
from edge.field.flash.session import Session, at_prompt, must_fit_key, ran, without_program
from edge.field.flash.show import Outcome, Tell
from edge.wire import release
from edge.wire.release import MARKS, Release

BLOCK: Final = 4096
SPARE_BLOCKS: Final = 4  # littlefs needs some to move things
WHY: Final = {
    "manifest": "its manifest cannot be read", "hash": "a file is not what the manifest says",
    "mac": "the manifest's code under the pairing key is wrong", "older": "it is older than what was proved",
    "extra": "a file lies there that the manifest does not list", "unconfirmed": "it never confirmed itself",
    "old": "the board's /slots.py does not know how (facepay flash app --with-root renews it)",
}  # fmt: skip


class Wish(Struct, frozen=True):
    """What the engineer asked for."""

    pair_key: bytes | None = None
    allow_downgrade: bool = False
    with_root: bool = False
    dry_run: bool = False


class Plan(Struct, frozen=True):
    """What would be written: `slot` "/a" or "/b"."""

    slot: str
    write: tuple[str, ...]  # paths inside the slot
    stale: tuple[str, ...]  # paths on the board
    root: tuple[str, ...]  # paths on the board
    differ: tuple[str, ...]  # of root, there and not as in this release: left alone without --with-root
    keep: int  # files that are there already
    size: int  # bytes to write

    def told(self) -> dict[str, Any]:
        """For --json."""
        return {"slot": self.slot, "written": list(self.write), "root": list(self.root),
                "root_differs": list(self.differ), "removed": list(self.stale), "kept": self.keep,
                "bytes": self.size}  # fmt: skip

    def hint(self) -> str:
        """What the engineer may want to know besides."""
        return f"not as in this release: {', '.join(self.differ)}; --with-root renews them" if self.differ else ""


def flash(place: Place, made: Release, wish: Wish, tell: Tell) -> Outcome:
    """One board. E-FLS-* in every case in which the new build does not run at the end."""
    build, version = made.manifest.build, made.manifest.version
    tell.stage("looking")
    with at_prompt(place) as session:
        judge(session, made, wish)
        plan = planned(session, made, wish)
        if wish.dry_run:
            text = f"would write {len(plan.write)} files ({plan.size} bytes) to {plan.slot}, {plan.keep} are there"
            facts = {"dry_run": True, "build": build, "version": version} | plan.told()
            return Outcome(place.name, True, text if plan.slot else f"{version} build {build} is there", hint=plan.hint(), facts=facts)
        if not plan.slot:
            tell.stage(f"build {build} is there")
            renew_sig(session, made)
        else:
            write(session, made, plan, wish, tell)
    tell.stage("restarting")
    was = ran(place, wish.pair_key, Held(version, build))
    trial = "; on trial until the terminal greets it" if was.trial else ""
    text = f"{version} build {build} runs, said by its {was.by}{trial}"
    if not plan.slot:
        text = f"nothing to write: {text}"
    return Outcome(
        place.name, True, text, hint=plan.hint(),
        facts={"build": build, "version": version, "by": was.by, "trial": was.trial} | plan.told(),
    )  # fmt: skip


def judge(session: Session, made: Release, wish: Wish) -> None:
    """Everything that speaks against it, before the first write. E-FLS-22 23 24 51."""
    facts = session.facts
    if facts.runtime() < made.runtime_min:
        least = ".".join(str(part) for part in made.runtime_min)
        raise EdgeError(
            "E-FLS-23", f"the runtime is {facts.version}, this release needs {least}",
            "facepay flash runtime FILE.uf2 first",
        )
    name = session.name()
    if not any(f"firmware/boards/{name}.{end}" in made.files for end in ("py", "mpy")):
        raise EdgeError(
            "E-FLS-24", f"this release has no file for a board called {name or facts.platform!r}",
            "is it the right board? facepay flash provision gives it its name",
        )
    must_fit_key(facts, wish.pair_key)
    _must_not_go_back(facts, made, wish)


def planned(session: Session, made: Release, wish: Wish) -> Plan:
    """What has to be written; slot "" when the board has it all. E-FLS-30 when it has no room."""
    facts, manifest = session.facts, made.manifest
    there = session.board.files("/")
    other = [p for p, data in sorted(made.root.items()) if p not in there or there[p].sha256 != _hash(data)]
    root = tuple(path for path in other if wish.with_root or path not in there)
    differ = tuple(path for path in other if path not in root)
    slots = facts.slots
    if slots is not None and not root and _complete(slots.active, there, manifest):
        held = slots.slots.get(slots.active)
        same = held is not None and (held.version, held.build) == (manifest.version, manifest.build)
        if same and slots.phase != "trial":
            return Plan("", (), (), (), differ, len(manifest.files), 0)
    slot = target(slots)
    write = tuple(
        path for path, wanted in manifest.files.items() if there.get(f"{slot}/{path}") != wanted
    )
    known = {f"{slot}/{path}" for path in (*manifest.files, *MARKS)}
    stale = tuple(sorted(p for p in there if p.startswith(slot + "/") and p not in known))
    sizes = [len(made.files[path]) for path in write] + [len(made.root[path]) for path in root]
    freed = sum(_blocks(there[path].size) for path in stale)
    freed += sum(_blocks(there[f"{slot}/{p}"].size) for p in write if f"{slot}/{p}" in there)
    need = sum(_blocks(size) for size in sizes) + SPARE_BLOCKS * BLOCK
    if need > facts.free + freed:
        raise EdgeError(
            "E-FLS-30", f"the board has room for {facts.free + freed} bytes, {need} are needed",
            "what is not ours fills it: back it up and flash the runtime again",
        )
    return Plan(slot, write, stale, root, differ, len(manifest.files) - len(write), sum(sizes))


def target(slots: Slots | None) -> str:
    """The slot that `begin()` on the board will name: never the one that was proved."""
    if slots is None:
        return "/a"
    if slots.phase == "trial" or (slots.phase == "fresh" and slots.slots.get(slots.active) is None):
        return slots.active
    return "/b" if slots.active == "/a" else "/a"


def write(session: Session, made: Release, plan: Plan, wish: Wish, tell: Tell) -> None:
    """Root first when it is missing, then the slot, its manifest last; the board checks it all."""
    board, done = session.board, 0

    def sent(count: int) -> None:
        nonlocal done
        done += count
        tell.more(done, plan.size)

    for path in plan.root:
        tell.stage(f"writing {path}")
        board.replace(path, made.root[path])
        sent(len(made.root[path]))
    board.forget_slots()
    slot = board.begin()
    if slot != plan.slot:
        raise EdgeError("E-FLS-33", f"the board wants {slot} written, not {plan.slot}", "run it again")
    for path in plan.stale:
        board.remove(path)
    for number, path in enumerate(plan.write, start=1):
        tell.stage(f"writing {number}/{len(plan.write)} to {slot}")
        board.write(f"{slot}/{path}", made.files[path], sent)
    tell.stage("reading back")
    if not _complete(slot, board.files(slot), made.manifest):
        raise EdgeError("E-FLS-32", f"{slot} reads back differently", "run it again; a worn flash if it repeats")
    seal(session, slot, made.raw, made.sig, wish.pair_key)
    if why := board.install():
        raise EdgeError("E-FLS-33", f"the board refuses {slot}: {WHY.get(why, why)}", "run it again")


def seal(session: Session, slot: str, raw: bytes, sig: bytes, pair_key: bytes | None) -> None:
    """The marks of a slot; the manifest last, without which it is no slot."""
    session.board.write(f"{slot}/manifest.sig", sig.hex().encode())
    if pair_key is not None and session.facts.key_hash:
        session.board.write(f"{slot}/manifest.mac", release.mac(raw, pair_key))
    session.board.replace(f"{slot}/manifest.json", raw)


def renew_sig(session: Session, made: Release) -> None:
    """A board that was filled elsewhere may have our very files and another maker's signature."""
    slots = session.facts.slots
    assert slots is not None, "planned() saw the slot"
    board, slot = session.board, slots.active
    same = board.read(f"{slot}/manifest.json", release.MANIFEST_BYTES_MAX + 1) == made.raw
    if same and _sig(board.read(f"{slot}/manifest.sig", 200)) != made.sig:
        board.write(f"{slot}/manifest.sig", made.sig.hex().encode())


def rollback(place: Place, wish: Wish, tell: Tell) -> Outcome:
    """The other slot, as it lies there and as the board judges it."""
    tell.stage("looking")
    with at_prompt(place) as session:
        must_fit_key(session.facts, wish.pair_key)
        slots = session.facts.slots
        other = {"/a": "/b", "/b": "/a"}.get(slots.active if slots else "", "")
        held = slots.slots.get(other) if slots else None
        if slots is None or held is None:
            raise EdgeError("E-FLS-42", "there is no other version on the board", "facepay flash app")
        if wish.dry_run:
            text = f"would go back to {held.version} build {held.build} in {other}"
            return Outcome(place.name, True, text, facts={"dry_run": True, "build": held.build})
        tell.stage(f"back to {held.version}")
        if why := session.board.back():
            raise EdgeError("E-FLS-42", f"{other} cannot run: {WHY.get(why, why)}", "facepay flash app")
    tell.stage("restarting")
    was = ran(place, wish.pair_key, held)
    return Outcome(
        place.name, True, f"{held.version} build {held.build} runs again, said by its {was.by}",
        facts={"build": held.build, "version": held.version, "by": was.by, "slot": other},
    )  # fmt: skip


def verify(place: Place, maker: Ed25519PublicKey, pair_key: bytes | None, tell: Tell) -> Outcome:
    """Every byte of the slot that starts, against a manifest that this maker signed. E-FLS-20 21 43."""
    tell.stage("hashing")
    with at_prompt(place) as session:
        facts = session.facts
        slots = facts.slots
        held = slots.slots.get(slots.active) if slots else None
        if slots is None or held is None:
            raise EdgeError("E-FLS-43", "no slot of the board holds a version", "facepay flash app")
        raw = session.board.read(f"{slots.active}/manifest.json", release.MANIFEST_BYTES_MAX + 1)
        manifest = release.parse(raw)
        release.check(raw, _sig(session.board.read(f"{slots.active}/manifest.sig", 200)), maker)
        there = session.board.files(slots.active)
        bad = differences(slots.active, there, manifest)
        if facts.key_hash:
            must_fit_key(facts, pair_key)
            assert pair_key is not None, "must_fit_key said so"
            if session.board.read(f"{slots.active}/manifest.mac", 65) != release.mac(raw, pair_key):
                bad.append("manifest.mac")
        if bad:
            raise EdgeError(
                "E-FLS-43", f"{len(bad)} files of {slots.active} are not as signed: {', '.join(bad[:3])}",
                "facepay flash app writes them again",
            )
    text = f"{manifest.version} build {manifest.build}: {len(manifest.files)} files as signed, slot {slots.active}"
    return Outcome(
        place.name, True, f"{text} {slots.phase}",
        facts={"build": manifest.build, "version": manifest.version, "slot": slots.active,
               "phase": slots.phase, "runtime": facts.version, "files": len(manifest.files)},
    )  # fmt: skip


def differences(slot: str, there: dict[str, release.File], manifest: release.Manifest) -> list[str]:
    """Files that are missing, different or too many."""
    wrong = [p for p, wanted in manifest.files.items() if there.get(f"{slot}/{p}") != wanted]
    known = {f"{slot}/{path}" for path in (*manifest.files, *MARKS)}
    return wrong + sorted(path for path in there if path not in known)


def script(place: Place, file: Path, timeout_s: float, tell: Tell, *, dry_run: bool = False) -> Outcome:
    """`flash run`: what a script prints, with an end. The program does not run meanwhile, and no
    watchdog ends a script that takes its time."""
    try:
        code = file.read_bytes()[: release.FILE_BYTES_MAX].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeError("E-FLS-20", f"{file} cannot be read: {error}", "") from error
    if dry_run:
        tell.stage("looking")
        with at_prompt(place):
            return Outcome(place.name, True, f"would run {file.name}", facts={"dry_run": True})
    tell.stage("stopping the program")
    with without_program(place) as session:
        tell.stage(f"running {file.name}")
        out = session.repl.run(code, timeout_s)
    return Outcome(place.name, True, f"{file.name} ended", facts={"output": out})


def _must_not_go_back(facts: Facts, made: Release, wish: Wish) -> None:
    slots = facts.slots
    if slots is None:
        return
    held = slots.slots.get(slots.active)
    newest = max(_numbers(slots.floor), _numbers(held.version) if held else ())
    if made.manifest.numbers() >= newest:
        return
    text = f"the board has {'.'.join(map(str, newest))}, this is {made.manifest.version}"
    if not wish.allow_downgrade:
        raise EdgeError("E-FLS-22", text, "--allow-downgrade, or facepay flash app --rollback")
    if not made.manifest.downgrade:
        raise EdgeError(
            "E-FLS-22", f"{text}, and the maker did not sign it as a way back",
            "facepay flash pack --allow-downgrade, by the maker",
        )


def _complete(slot: str, there: dict[str, release.File], manifest: release.Manifest) -> bool:
    return not differences(slot, {p: f for p, f in there.items() if p.startswith(slot + "/")}, manifest)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _sig(data: bytes) -> bytes:
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return b""  # no signature verifies as nobody's


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _blocks(size: int) -> int:
    return (size + BLOCK - 1) // BLOCK * BLOCK
