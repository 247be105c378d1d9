"""First code in every simulated boot, inside the MicroPython VM: a real littlefs on "/", then
boot.py and main.py.

What a board does: an exception in main.py is printed and the board stays at its prompt, until
the watchdog bites.
"""

import os
import sys
import vfs

BLOCK = 4096


class Flash:
    """NOR flash in a host file, as the rp2 port sees it: 4 KiB blocks; erasing sets every bit."""

    def __init__(self, path, blocks):
        self.blocks = blocks
        self.file = open(path, "r+b")

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.write(buf)
        self.file.flush()

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            self.file.seek(arg * BLOCK)
            self.file.write(b"\xff" * BLOCK)
        return 0


def run(name):
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    except SystemExit:
        raise
    except BaseException as error:
        sys.print_exception(error)


sys.path[:] = [os.getenv("SIM_SHIMS")]
import _hub  # noqa: E402
import machine  # noqa: E402, F401 (now in sys.modules, and its descriptors are open)

flash = Flash(os.getenv("SIM_FLASH"), int(os.getenv("SIM_BLOCKS")))
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
sys.path[:] = ["", ".frozen", "/lib"]
run("/boot.py")
run("/main.py")
import time  # noqa: E402

while True:  # the prompt of a board whose program ended
    _hub.levels()
    time.sleep_ms(100)
