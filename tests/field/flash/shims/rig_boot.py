"""First code of each start: a real littlefs on "/", then boot.py and main.py, then the prompt (-i)."""
import os
import sys
import vfs


class Flash:
    def __init__(self, path, blocks):
        self.blocks = blocks
        self.file = open(path, "r+b")
        self.full = os.getenv("RIG_READ_ONLY") == "1"

    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        if self.full:
            raise OSError(30)
        self.file.seek(block * 4096 + offset)
        self.file.write(buf)
        self.file.flush()

    def ioctl(self, op, arg):
        if op == 4:
            return self.blocks
        if op == 5:
            return 4096
        if op == 6:
            if self.full:
                raise OSError(30)
            self.file.seek(arg * 4096)
            self.file.write(b"\xff" * 4096)
        return 0


def rig_run(name):
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


sys.path[:] = [os.getenv("RIG_SHIMS")]
import machine

flash = Flash(os.getenv("RIG_FLASH"), int(os.getenv("RIG_BLOCKS")))
vfs.umount("/")
try:
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
except OSError:
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
sys.path[:] = ["", ".frozen", "/lib"]
sys.stdout.write("\x06")
rig_run("/boot.py")
if os.getenv("RIG_RUN_MAIN") != "0":
    rig_run("/main.py")
