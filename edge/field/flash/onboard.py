"""What runs on the board while we flash: a few lines sent through the raw REPL, nothing installed.

The stopped program's modules are dropped first: they would fill the heap. Each step feeds the
watchdog that a program may have armed (on RP2040 it cannot be stopped, only restarted), prints one line of JSON, and keeps to what MicroPython 1.27 has on every port.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

import msgspec

from edge.errors import EdgeError
from edge.field.flash.repl import Facts, Repl
from edge.wire import release

PIECE: Final = 768  # bytes of a file in one step: 1 KiB as base64, small beside a Pico's heap
LINE_MAX: Final = 64 * 1024
WATCHDOG_MS: Final = 8388  # the longest an RP2040 can be told

SETUP: Final = f"""
import sys, os, json, hashlib, binascii, gc
fp_dog = None
fp_ran = globals().get('fp_ran', False) or 'firmware.app' in sys.modules
sys.modules.pop('slots', None)  # half of it, when our Ctrl-C met its import in boot.py
def fp_trial():
    try:
        import slots
        return sys.path[0] in slots.SLOTS and slots.Board().state.phase == slots.TRIAL
    except Exception:
        return False
if not fp_held and (fp_ran or any([m.startswith('firmware') for m in sys.modules]) or fp_trial()):
    try:
        import machine
        fp_dog = machine.WDT(timeout={WATCHDOG_MS})
    except Exception:
        pass
def fp_feed():
    gc.collect()
    if fp_dog:
        fp_dog.feed()
for fp_m in list(sys.modules):
    if fp_m.startswith('firmware') or fp_m.startswith('edge'):
        del sys.modules[fp_m]
def fp_hex(b):
    return binascii.hexlify(b).decode()
def fp_small(p, n=300):
    try:
        with open(p, 'rb') as f:
            return f.read(n)
    except OSError:
        return b''
def fp_hash(p):
    h = hashlib.sha256()
    n = 0
    with open(p, 'rb') as f:
        while True:
            d = f.read(512)
            if not d:
                break
            n += len(d)
            h.update(d)
    fp_feed()
    return [n, fp_hex(h.digest())]
def fp_walk(d, out):
    for e in os.ilistdir(d):
        p = d.rstrip('/') + '/' + e[0]
        if e[1] & 0x4000:
            fp_walk(p, out)
        elif len(out) < 200:
            out[p] = fp_hash(p)
def fp_dirs(p):
    at = ''
    for part in p.strip('/').split('/')[:-1]:
        at += '/' + part
        try:
            os.mkdir(at)
        except OSError as e:
            if e.errno != 17:
                raise
def fp_gone(p):
    try:
        os.remove(p)
    except OSError:
        pass
gc.collect()
"""

FACTS: Final = """
try:
    import machine
    fp_uid = fp_hex(machine.unique_id())
except Exception:
    fp_uid = ''
fp_s = os.statvfs('/')
fp_k = fp_small('/key')
fp_p = [p for p in sys.path if p in ('/a', '/b')]
try:
    from slots import Board
    fp_d = Board().describe()
except Exception as e:
    fp_d = None
print(json.dumps({
    'version': '.'.join([str(x) for x in sys.implementation[1][:3]]),
    'platform': sys.platform,
    'machine': str(getattr(sys.implementation, '_machine', '')),
    'uid': fp_uid,
    'board': fp_small('/board', 32).decode().strip(),
    'serial': fp_small('/serial', 32).decode().strip(),
    'key_hash': fp_hex(hashlib.sha256(fp_k).digest()) if fp_k else '',
    'slots': fp_d,
    'free': fp_s[0] * fp_s[3],
    'watched': fp_dog is not None,
    'running': fp_p[0] if fp_p and fp_ran else ''}))
"""
# What /slots.py decides, on the board. One that is there from before knows fewer words.
SLOTS: Final = "import slots\nfp_b = slots.Board()\n"
BEGIN: Final = SLOTS + "print(json.dumps(fp_b.begin()))"
INSTALL: Final = SLOTS + "print(json.dumps(fp_b.install()))"
BACK: Final = SLOTS + "print(json.dumps(fp_b.back() if hasattr(fp_b, 'back') else 'old'))"
LOOKED: Final = SLOTS + "if hasattr(fp_b, 'looked'):\n    fp_b.looked()"
HOLD: Final = "with open('/hold', 'w') as fp_f:\n    pass"
FORGET: Final = "sys.modules.pop('slots', None)"  # what is loaded is the one from before


class Onboard:
    """The board at the other end of an entered raw REPL."""

    def __init__(self, repl: Repl, *, held: bool = False) -> None:
        self._repl = repl
        repl.run(f"fp_held = {held}{SETUP}")

    def facts(self) -> Facts:
        """Who it is. E-FLS-08 when it answers something else."""
        try:
            return msgspec.convert(self._json(FACTS), Facts)
        except msgspec.ValidationError as error:
            raise EdgeError("E-FLS-08", f"the board answers nonsense: {error}", "flash its runtime") from error

    def files(self, folder: str = "/") -> dict[str, release.File]:
        """Size and hash of every file below a folder; {} when there is none."""
        code = (
            f"fp_o = {{}}\ntry:\n    os.stat({folder!r})\n    fp_walk({folder!r}, fp_o)\n"
            "except OSError:\n    pass\nprint(json.dumps(fp_o))"
        )
        try:
            return msgspec.convert(self._json(code, 60), dict[str, release.File])
        except msgspec.ValidationError as error:
            raise EdgeError("E-FLS-08", f"the board answers nonsense: {error}", "flash its runtime") from error

    def read(self, path: str, most: int) -> bytes:
        """The content of a small file; b"" when there is none."""
        text = self._repl.run(f"fp_feed()\nprint(binascii.b2a_base64(fp_small({path!r}, {most})).decode())")
        try:
            return base64.b64decode(text.strip())
        except ValueError as error:
            raise EdgeError("E-FLS-08", "the board answers nonsense", "flash its runtime") from error

    def write(self, path: str, data: bytes, sent: Callable[[int], None] = lambda _count: None) -> None:
        """Write it in pieces and read its hash back. E-FLS-30 full, E-FLS-31 no writes, E-FLS-32 the
        board read something else."""
        self._repl.run(f"fp_feed()\nfp_dirs({path!r})\nfp_f = open({path!r}, 'wb')")
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            text = base64.b64encode(piece).decode()
            self._repl.run(f"fp_feed()\nfp_f.write(binascii.a2b_base64('{text}')) and None")
            sent(len(piece))
        self._repl.run("fp_f.close()")
        got = self._json(f"print(json.dumps(fp_hash({path!r})))")
        if got != [len(data), hashlib.sha256(data).hexdigest()]:
            raise EdgeError(
                "E-FLS-32", f"{path} reads back differently", "run it again; if it repeats, the flash is worn out"
            )

    def replace(self, path: str, data: bytes) -> None:
        """The old file or the new one, whenever the power goes."""
        self.write(path + ".new", data)
        self._repl.run(f"fp_feed()\nos.rename({path + '.new'!r}, {path!r})")

    def remove(self, path: str) -> None:
        """Gone; it may have been gone already."""
        self._repl.run(f"fp_feed()\nfp_gone({path!r})")

    def begin(self) -> str:
        """The slot to write ("/a" or "/b"); its manifest is gone, so half a slot is no slot."""
        name = self._json(BEGIN)
        if name not in {"/a", "/b"}:
            raise EdgeError("E-FLS-08", "the board names no slot", "facepay flash app --with-root")
        return str(name)

    def install(self) -> str:
        """Let the board check what was written and set it on trial. "" or why not."""
        return str(self._json(INSTALL, 60))

    def back(self) -> str:
        """The other slot becomes the one that starts. "" or why not ("old": it cannot be asked)."""
        return str(self._json(BACK, 60))

    def looked(self) -> None:
        """The start that we interrupted counts as no try of a program on trial."""
        self._repl.run("fp_feed()\n" + LOOKED)

    def hold(self) -> None:
        """The next start runs no program: a prompt, no watchdog."""
        self._repl.run("fp_feed()\n" + HOLD)

    def forget_slots(self) -> None:
        """/slots.py was written anew: the next question goes to that one."""
        self._repl.run(FORGET)

    def ask(self, code: str) -> Any:
        """What the code prints as JSON. E-FLS-08 when it dies or prints something else."""
        return self._json(code)

    def _json(self, code: str, timeout_s: float = 10) -> Any:
        text = self._repl.run("fp_feed()\n" + code, timeout_s)
        try:
            if len(text) > LINE_MAX:
                raise ValueError("too long")
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise EdgeError("E-FLS-08", "the board answers nonsense", "flash its runtime again") from error


def arrive(repl: Repl, *, held: bool = False) -> tuple[Onboard, Facts]:
    """At its prompt, and who it is. Once more when it restarted under our hands (an earlier reset
    that came late, a watchdog): nothing has been written yet. `held`: it started without a program."""
    repl.enter()
    try:
        board = Onboard(repl, held=held)
        return board, board.facts()
    except EdgeError as error:
        if error.code != "E-FLS-07":
            raise
    repl.enter()
    board = Onboard(repl, held=held)
    return board, board.facts()


def excuse(board: Onboard, facts: Facts) -> None:
    """We ended what runs on trial: that start says nothing against it."""
    if facts.slots is not None and facts.slots.phase == "trial":
        board.looked()
