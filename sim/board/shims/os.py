"""`os` of the simulated board: the VM's, with the board's name and, in virtual time, randomness by
seed."""

import hashlib

import uos
from uos import *

_seed = uos.getenv("SIM_SEED") if uos.getenv("SIM_CLOCK") != "real" else None
_drawn = 0


def urandom(count):
    global _drawn
    if _seed is None:
        return uos.urandom(count)
    out = b""
    while len(out) < count:
        _drawn += 1
        out += hashlib.sha256(b"%s/%d" % (_seed.encode(), _drawn)).digest()
    return out[:count]


def uname():
    version = uos.getenv("SIM_VERSION")
    machine = uos.getenv("SIM_MACHINE")
    return ("rp2", "rp2", version, "v" + version + " (simulated)", machine)
