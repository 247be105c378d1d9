"""First code in every simulated boot, inside the MicroPython VM: a real littlefs on "/", then
boot.py and main.py, then the VM's own REPL.

What a board does: an exception or Ctrl-C in main.py is printed and the board sits at its prompt,
until the watchdog bites; SystemExit is a soft reset.
"""

import sys

sys.path[:] = [__import__("os").getenv("SIM_SHIMS")]
sys.modules.pop("os", None)
import _hub  # noqa: E402
import machine  # noqa: E402, F401
import os  # noqa: E402
import random  # noqa: E402
import select  # noqa: E402, F401
import time  # noqa: E402, F401
import vfs  # noqa: E402

BLOCK = 4096


class Flash:
    """The NOR flash as the rp2 port sees it; the simulator erases and programs, and may cut the
    power."""

    def __init__(self, path, blocks):
        self.blocks = blocks
        self.file = open(path, "rb")

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * BLOCK + offset)
        self.file.readinto(buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            offset = 0
            error = _hub.call(_hub.ERASE, block)
            if error:
                return -error
        return -_hub.call(_hub.PROGRAM, block, offset, buf)

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return BLOCK
        if op == 6:
            return -_hub.call(_hub.ERASE, arg)
        return 0


class System:
    """`sys` with the name and the version of the board."""


class Implementation:
    def __init__(self, real, version, machine):
        self.name, self._mpy = "micropython", real._mpy
        parts = [int(part) for part in version.split(".")[:3]]
        self.version = tuple(parts + [""])
        self._machine = machine

    def __getitem__(self, index):
        return (self.name, self.version, self._machine, self._mpy)[index]

    def __repr__(self):
        form = "(name='micropython', version=%r, _machine=%r, _mpy=%d)"
        return form % (self.version, self._machine, self._mpy)


def disguise():
    import usys

    other = System()
    for name in dir(usys):
        if not name.startswith("__") and name not in ("ps1", "ps2"):
            setattr(other, name, getattr(usys, name))
    version = os.getenv("SIM_VERSION")
    other.platform = "rp2"
    other.maxsize = (1 << 31) - 1
    other.version = "3.4.0; MicroPython v" + version
    other.implementation = Implementation(usys.implementation, version, os.getenv("SIM_MACHINE"))
    sys.modules["sys"] = other


def mounted():
    """The times of files are the host's in this VM: in virtual time there are none."""
    flash = Flash(os.getenv("SIM_FLASH"), int(os.getenv("SIM_BLOCKS")))
    vfs.umount("/")
    try:
        vfs.mount(vfs.VfsLfs2(flash, progsize=256, mtime=_hub.REAL), "/")
    except OSError:  # as the rp2 port does with a flash that holds no file system
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        vfs.mount(vfs.VfsLfs2(flash, progsize=256, mtime=_hub.REAL), "/")
    sys.path[:] = ["", ".frozen", "/lib"]


def run(name):
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return True
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    except SystemExit:
        _hub.tell(_hub.SOFT, wait=False)
        while True:
            _hub.call(_hub.WAIT, _hub.FOREVER)
    except BaseException as error:
        sys.print_exception(error)
        return False
    return True


if os.getenv("SIM_CLOCK") != "real":
    random.seed(int.from_bytes(os.urandom(4), "little"))
disguise()
main = os.getenv("SIM_MAIN") == "1"
try:
    mounted()
    _hub.tell(_hub.PROMPT, 1)  # from here on Ctrl-C may come
    if run("/boot.py") and main:
        run("/main.py")
except KeyboardInterrupt:
    pass
_hub.tell(_hub.PROMPT)
