"""Runs inside the MicroPython VM (see test_slots.py): an upgrade on a real littlefs whose power is
cut at the n-th write or erase, for every n. One JSON object on stdout.

argv: the tree, the directory with `old` and `new` (each a slot's files), the pairing key in hex."""

import json
import os
import sys
import vfs

sys.path.insert(0, sys.argv[1])
from firmware import slots

BLOCK, BLOCKS = 4096, 96
EIO = -5


class Nor:
    """NOR flash in memory. At write number `left` half of the bytes arrive, and nothing after it."""

    def __init__(self, data, left=-1):
        self.data, self.left, self.writes = data, left, 0

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self.data[at : at + len(buf)]

    def _power(self):
        if self.left != 0:
            self.left -= 1
            self.writes += 1
            return True
        return False

    def writeblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        if self.left == 1:
            half = len(buf) // 2
            self.data[at : at + half] = bytes(buf[:half])
            self.left = 0
        if not self._power():
            return EIO
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return BLOCKS
        if op == 5:
            return BLOCK
        if op == 6:
            if not self._power():
                return EIO
            self.data[arg * BLOCK : (arg + 1) * BLOCK] = b"\xff" * BLOCK
        return 0


def mounted(device):
    vfs.mount(vfs.VfsLfs2(device, progsize=256), "/f")


def put(place, data):
    parts = place.split("/")
    for depth in range(2, len(parts)):
        try:
            os.mkdir("/f" + "/".join(parts[:depth]))
        except OSError as error:
            if error.errno != 17:
                raise
    with open("/f" + place, "wb") as file:
        file.write(data)


def load(folder):
    out = {}
    for path in slots.files_under(folder):
        with open(folder + "/" + path, "rb") as file:
            out[path] = file.read()
    return out


def boot(device):
    """(slot that starts, its build, whether every byte of it is right)."""
    mounted(device)
    try:
        board = slots.Board("/f")
        slot = board.choose()
        if not slot:
            return "", "", False
        number = slots.SLOTS.index(slot)
        return slot, board.manifest(number).build, board.check(number, slots.NEVER) == 0
    finally:
        vfs.umount("/f")


def upgrade(device, new):
    """What the flasher does over the REPL, the start on trial, and the confirmation."""
    mounted(device)
    try:
        slot = slots.Board("/f").begin()
        for path, data in new.items():
            if not path.startswith("manifest."):
                put(slot + "/" + path, data)
        for path in ("manifest.json", "manifest.mac"):
            put(slot + "/" + path, new[path])
        said = slots.Board("/f").install()
        assert said == "", said
        started = slots.Board("/f").choose()
        assert started == slot, started
        slots.Board("/f").confirm(started)
    finally:
        vfs.umount("/f")


def main():
    old, new = load(sys.argv[2] + "/old"), load(sys.argv[2] + "/new")
    first = bytearray(b"\xff" * (BLOCK * BLOCKS))
    device = Nor(first)
    vfs.VfsLfs2.mkfs(device, progsize=256)
    mounted(device)
    put("/key", bytes.fromhex(sys.argv[3]))
    for path, data in old.items():
        put("/a/" + path, data)
    board = slots.Board("/f")
    board.confirm(board.choose())
    vfs.umount("/f")
    work = bytearray(first)  # one for all cuts: the heap would be in pieces
    whole = Nor(work)
    upgrade(whole, new)
    seen = []
    for cut in range(1, whole.writes + 2):
        work[:] = first
        device = Nor(work, cut)
        try:
            upgrade(device, new)
            done = True
        except OSError:
            done = False
        # The next start may lose its power too, at each of its own writes.
        boots = []
        for again in (1, 2, 3, 4, -1):
            device = Nor(device.data, again)
            try:
                boots.append(boot(device))
            except OSError:
                boots.append(None)
        seen.append([cut, done, boots[-1][1], boots[-1][2], [b for b in boots if b and not b[2]]])
    print(json.dumps({"writes": whole.writes, "seen": seen}))


main()
