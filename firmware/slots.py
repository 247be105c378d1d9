"""Which of the two application slots starts, and how the other one becomes it; lies at the root of
the board's file system as /slots.py and no update of the program ever touches it.

A slot (/a, /b) holds the program's files, `manifest.json` (version, build, files -> [size,
SHA-256]), `manifest.mac` (64 hex digits: HMAC-SHA256 under the pairing key over the manifest's
bytes as stored) and `manifest.sig` (the maker's Ed25519 signature, which only the host checks).
What was decided is in /slot0 and /slot1, written in turn, each closed by a CRC; `step` with its TABLE
decides. A slot on trial is checked whole before each start, a proved one only for "still the manifest
that was checked". Pure but for the files under `root`; runs under CPython with another root.
"""

import binascii
import hashlib
import json
import os
import struct

try:
    from typing import Any
except ImportError:  # on the board
    pass


SLOTS = ("/a", "/b")
TRIES_MAX = 3  # boots on trial without a confirmation
MANIFEST_MAX = 8192
FILES_MAX = 64
FILE_MAX = 65536
CHUNK = 512
KEY_BYTES = 32
MAC_LABEL = b"facepay/manifest/1"
STATE_FORMAT = "<4sIBBBB3s8s"
STATE_MAGIC = b"FPS1"
STATE_BYTES = struct.calcsize(STATE_FORMAT) + 4
NEVER = (0, 0, 0)  # no version was ever proved
UNCHECKED = bytes(8)

# phases
FRESH = 0  # nothing was proved yet on this board
TRIAL = 1  # `active` was installed and has to confirm itself; the other slot is what it came from
PROVED = 2

# inputs
BOOT = 0  # the board starts
BAD = 1  # the check of `active` failed
BEGIN = 2  # somebody will write the slot that `target` names
INSTALL = 3  # the slot that is not active has been written and checked: try it
CONFIRM = 4  # the running program has reported all duties and has a session with its host
CRASH = 5  # the program of `active` ended
LOOKED = 6  # a flasher stopped the program to ask it: that start was no failed try

# why the last change to an older slot, or the last refusal, happened
WHYS = ("", "unconfirmed", "manifest", "hash", "mac", "older", "extra", "given_up")
NONE, UNCONFIRMED, MANIFEST, HASH, MAC, OLDER, EXTRA, GIVEN_UP = range(8)


class State:
    """What is decided. `checked`: first bytes of the SHA-256 of the manifest that passed, of
    `active`; `floor`: the version that was proved last."""

    def __init__(  # noqa: PLR0917 (by position: cheaper under MicroPython)
        self,
        phase: int,
        active: int,
        tries: int,
        why: int,
        floor: "tuple[int, ...]",
        checked: bytes,
    ) -> None:
        self.phase = phase
        self.active = active
        self.tries = tries
        self.why = why
        self.floor = floor
        self.checked = checked

    def parts(self) -> "tuple[Any, ...]":
        return (self.phase, self.active, self.tries, self.why, self.floor, self.checked)


def fresh() -> State:
    """A board that nobody has decided anything on."""
    return State(FRESH, 0, 0, NONE, NEVER, UNCHECKED)


# -- the machine: (state, what belongs to the input) -> the next state ------------------------------
def _same(s: State, _: "Any") -> State:
    return s


def _back(s: State, why: int) -> State:
    """To the slot that the trial came from; nothing proved yet: that one is as unproved."""
    return State(PROVED if s.floor > NEVER else FRESH, 1 - s.active, 0, why, s.floor, UNCHECKED)


def _count(s: State, _: "Any") -> State:
    if s.tries >= TRIES_MAX:
        return _back(s, UNCONFIRMED)
    return State(TRIAL, s.active, s.tries + 1, s.why, s.floor, s.checked)


def _give_up(s: State, _: "Any") -> State:
    return _back(s, GIVEN_UP)


def _uncount(s: State, _: "Any") -> State:
    return State(s.phase, s.active, max(0, s.tries - 1), s.why, s.floor, s.checked)


def _try(s: State, checked: bytes) -> State:
    return State(TRIAL, 1 - s.active, 0, NONE, s.floor, checked)


def _proved(s: State, version: "tuple[int, ...]") -> State:
    return State(PROVED, s.active, 0, s.why, version, s.checked)


def _doubt(s: State, _: "Any") -> State:
    return State(s.phase, s.active, s.tries, s.why, s.floor, UNCHECKED)


TABLE: "dict[int, tuple[Any, ...]]" = {
    # input    FRESH     TRIAL     PROVED
    BOOT: (_same, _count, _same),
    BAD: (_back, _back, _back),
    BEGIN: (_same, _give_up, _same),
    INSTALL: (_try, _same, _try),
    CONFIRM: (_proved, _proved, _same),
    CRASH: (_doubt, _same, _doubt),
    LOOKED: (_same, _uncount, _same),
}


def step(state: State, kind: int, what: "Any" = None) -> State:
    """The next state; `state` itself when nothing changes."""
    out: State = TABLE[kind][state.phase](state, what)
    return out


# -- bytes ------------------------------------------------------------------------------------------
def pack(state: State, number: int) -> bytes:
    body = struct.pack(
        STATE_FORMAT,
        STATE_MAGIC,
        number,
        state.phase,
        state.active,
        state.tries,
        state.why,
        bytes(state.floor),
        state.checked,
    )
    return body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF)


def unpack(data: bytes) -> "tuple[int, State] | None":
    """(write number, state), or None for anything that `pack` did not make."""
    if len(data) != STATE_BYTES:
        return None
    body = data[:-4]
    if struct.unpack("<I", data[-4:])[0] != binascii.crc32(body) & 0xFFFFFFFF:
        return None
    magic, number, phase, active, tries, why, floor, checked = struct.unpack(STATE_FORMAT, body)
    if magic != STATE_MAGIC or phase > PROVED or active > 1 or why >= len(WHYS):
        return None
    return number, State(phase, active, tries, why, tuple(floor), checked)


def mac_of(key: bytes, manifest: bytes) -> bytes:
    """What `manifest.mac` holds (RFC 2104 over the manifest's hash, under a key of its own)."""
    made = key
    for message in (MAC_LABEL, hashlib.sha256(manifest).digest()):
        padded = made + bytes(64 - len(made))
        inner = hashlib.sha256(bytes([b ^ 0x36 for b in padded]) + message).digest()
        made = hashlib.sha256(bytes([b ^ 0x5C for b in padded]) + inner).digest()
    return binascii.hexlify(made)


def _read(path: str, most: int) -> bytes:
    """A whole small file; b"" when it is not there or above `most`."""
    try:
        with open(path, "rb") as file:
            data: bytes = file.read(most + 1)
    except OSError:
        return b""
    return data if len(data) <= most else b""


def _hash(path: str) -> "tuple[int, str]":
    """(size, SHA-256 in hex) of a file; (-1, "") when it cannot be read."""
    digest = hashlib.sha256()
    size = 0
    try:
        with open(path, "rb") as file:
            data = file.read(CHUNK)
            while data and size <= FILE_MAX:
                size += len(data)
                digest.update(data)
                data = file.read(CHUNK)
    except OSError:
        return -1, ""
    return size, binascii.hexlify(digest.digest()).decode()


def files_under(folder: str, inside: str = "") -> "list[str]":
    """Paths of the files in a folder, without the folder; [] when it is not there."""
    out: list[str] = []
    try:
        names = sorted(os.listdir(folder + "/" + inside if inside else folder))
    except OSError:
        return out
    for name in names:
        path = inside + "/" + name if inside else name
        if len(out) > 2 * FILES_MAX or path.count("/") > 8:
            break
        if os.stat(folder + "/" + path)[0] & 0x4000:
            out += files_under(folder, path)
        else:
            out.append(path)
    return out


class Manifest:
    """A manifest that can be read: `version` (three numbers), `build`, `files`, `downgrade`."""

    def __init__(self, raw: bytes) -> None:
        """ValueError for anything that is not one."""
        self.checked = hashlib.sha256(raw).digest()[:8]
        try:
            held: Any = json.loads(raw)
            self.version = tuple([int(part) for part in held["version"].split(".")])
            self.build: str = held["build"]
            self.files: dict[str, Any] = held["files"]
            self.downgrade = held.get("downgrade", False) is True
            good = (
                len(self.version) == 3
                and NEVER < self.version <= (255, 255, 255)
                and max(self.version) < 256
                and len(bytes.fromhex(self.build)) == 8
                and 0 < len(self.files) <= FILES_MAX
                and all([".." not in path and path[0] != "/" for path in self.files])
            )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            good = False
        if not good:
            raise ValueError("manifest")


MARKS = ("manifest.json", "manifest.mac", "manifest.sig")


class Board:
    """The slots under `root` ("" on the board)."""

    def __init__(self, root: str = "") -> None:
        self.root = root
        self._number = 0
        self._copy = 1
        self.state = fresh()
        for copy in (0, 1):
            found = unpack(_read(root + "/slot%d" % copy, STATE_BYTES))  # noqa: UP031
            if found is not None and found[0] > self._number:
                self._number, self._copy, self.state = found[0], copy, found[1]

    def key(self) -> bytes:
        """The pairing key; b"" on a board that is not provisioned."""
        key = _read(self.root + "/key", KEY_BYTES)
        return key if len(key) == KEY_BYTES else b""

    def manifest(self, slot: int) -> "Manifest | None":
        try:
            return Manifest(_read(self.root + SLOTS[slot] + "/manifest.json", MANIFEST_MAX))
        except ValueError:
            return None

    def check(self, slot: int, floor: "tuple[int, ...]") -> int:
        """NONE when every byte of the slot is what its manifest says and the pairing key vouches
        for the manifest; else why not. Before there is a pairing key only the hashes are checked."""
        folder = self.root + SLOTS[slot]
        raw = _read(folder + "/manifest.json", MANIFEST_MAX)
        try:
            manifest = Manifest(raw)
        except ValueError:
            return MANIFEST
        key = self.key()
        if key and _read(folder + "/manifest.mac", 64) != mac_of(key, raw):
            return MAC
        if manifest.version < floor and not manifest.downgrade:
            return OLDER
        for path in files_under(folder):
            if path not in manifest.files and path not in MARKS:
                return EXTRA  # a left-over folder would be imported before a file of its name
        for path, wanted in manifest.files.items():
            if list(_hash(folder + "/" + path)) != wanted:
                return HASH
        return NONE

    def _save(self, state: State) -> None:
        if state.parts() == self.state.parts():
            return
        copy, number = 1 - self._copy, self._number + 1
        with open(self.root + "/slot%d" % copy, "wb") as file:  # noqa: UP031
            file.write(pack(state, number))
        self._number, self._copy, self.state = number, copy, state

    # -- at start -------------------------------------------------------------------------------------
    def choose(self) -> str:
        """The slot to start, counted and checked; "" when neither can be."""
        state = step(self.state, BOOT)
        for _ in range(3):
            manifest = self.manifest(state.active)
            known = manifest is not None and manifest.checked == state.checked
            if known and state.phase == PROVED:
                why = NONE
            else:
                why = self.check(state.active, state.floor if state.phase == TRIAL else NEVER)
            if why == NONE and manifest is not None:
                s = state
                self._save(State(s.phase, s.active, s.tries, s.why, s.floor, manifest.checked))
                return SLOTS[s.active]
            state = step(state, BAD, why)
        return ""

    # -- by the running program -----------------------------------------------------------------------
    def confirm(self, running: str) -> None:
        """The program in `running` works: from now on it is what a fall-back falls back to."""
        manifest = self.manifest(self.state.active)
        if running == SLOTS[self.state.active] and manifest is not None:
            self._save(step(self.state, CONFIRM, manifest.version))

    def crashed(self) -> None:
        """Its program ended: check every byte at the next start."""
        self._save(step(self.state, CRASH))

    # -- by the flasher, over the REPL -------------------------------------------------------------------
    def begin(self) -> str:
        """The slot to write; a trial that runs is given up first. Its manifest is gone when this
        returns, so a half-written slot never passes for one."""
        self._save(step(self.state, BEGIN))
        target = 1 - self.state.active
        if self.state.phase == FRESH and self.manifest(self.state.active) is None:
            target = self.state.active
        for name in MARKS:
            try:
                os.remove(self.root + SLOTS[target] + "/" + name)
            except OSError:
                pass  # was not there
        return SLOTS[target]

    def install(self) -> str:
        """Files and manifest are written: check them and set the slot on trial. "" or why not (a
        word of WHYS)."""
        state = self.state
        if state.phase == FRESH and self.manifest(1 - state.active) is None:
            return WHYS[self.check(state.active, NEVER)]  # the first program of this board
        why = self.check(1 - state.active, state.floor)
        manifest = self.manifest(1 - state.active)
        if why == NONE and manifest is not None:
            self._save(step(state, INSTALL, manifest.checked))
        return WHYS[why]

    def back(self) -> str:
        """The other slot starts from now on, when every byte of it is right. "" or why not."""
        why = self.check(1 - self.state.active, NEVER)
        if why == NONE:
            self._save(step(self.state, BAD, GIVEN_UP))
        return WHYS[why]

    def looked(self) -> None:
        """The flasher stopped a program on trial only to ask: its tries are as before that start."""
        self._save(step(self.state, LOOKED))

    def describe(self) -> "dict[str, Any]":
        """For `flash list` and `doctor`: what is decided, and what each slot holds."""
        s = self.state
        out: dict[str, Any] = {
            "phase": ("fresh", "trial", "proved")[s.phase],
            "active": SLOTS[s.active],
            "tries": s.tries,
            "why": WHYS[s.why],
            "floor": ".".join([str(part) for part in s.floor]),
            "slots": {},
        }
        for slot, name in enumerate(SLOTS):
            manifest = self.manifest(slot)
            out["slots"][name] = manifest and {
                "version": ".".join([str(part) for part in manifest.version]),
                "build": manifest.build,
            }
        return out
