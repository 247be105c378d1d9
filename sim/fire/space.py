"""Two network namespaces and a cable between them: the clinic's side and the centre's side.

The whole command runs in a namespace of its own (`enter` starts it again under `unshare --net`): no
packet of it can leave. The clinic's side is a second one, held open by a process that ends when we
do; with it goes everything that was made here. The cable can be pulled, be slow (tbf) and lose
packets (nft); netem is not in every kernel.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Final, Self, TypeVar

from sim.net.certs import CABLE_ADDRESS

INSIDE: Final = "FACEPAY_FIRE_SPACE"
CLINIC_ADDRESS: Final = "10.77.0.2"
CLONE_NEWNET: Final = 0x40000000
TOOLS: Final = ("unshare", "nsenter", "ip", "tc", "nft")
WORK_S: Final = 20.0
T = TypeVar("T")


def enter(module: str, arguments: list[str]) -> str:
    """Go on in a namespace of our own; does not come back then. "" when we are inside already, else
    why it cannot be."""
    if os.environ.get(INSIDE):
        _run("ip", "link", "set", "lo", "up")
        return ""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} not installed (apt: iproute2, nftables, util-linux)"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"no namespace can be made here (CAP_SYS_ADMIN?): {tried.stderr.strip()}"
    sys.stdout.flush()
    command = ["unshare", "--net", sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False)
    raise SystemExit(done.returncode)


class Cable:
    """A veth pair; this end has `CABLE_ADDRESS`. A context manager; needs `enter`."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # `cat` ends when our end of its stdin does, so also when we are killed.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo up; exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"
        pid = str(self._holder.pid)
        _run("ip", "link", "add", "fp0", "type", "veth", "peer", "name", "fp1", "netns", pid)
        _run("ip", "addr", "add", f"{CABLE_ADDRESS}/30", "dev", "fp0")
        _run("ip", "link", "set", "fp0", "up")
        self._clinic("ip", "addr", "add", f"{CLINIC_ADDRESS}/30", "dev", "fp1")
        self._clinic("ip", "link", "set", "fp1", "up")
        self._clinic("ip", "link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._holder is not None
        self._holder.kill()
        self._holder.communicate()

    def wrap(self, command: list[str]) -> list[str]:
        """The command as it runs in the clinic."""
        return ["nsenter", f"--net={self._net}", *command]

    def inside(self, work: Callable[[], T]) -> T:
        """Do something in the clinic's network, on a thread that ends with it."""
        result: list[T] = []

        def go() -> None:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(self._net) as net:
                if libc.setns(net.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            result.append(work())

        thread = threading.Thread(target=go)
        thread.start()
        thread.join(WORK_S)
        if not result:
            raise OSError("nothing came back from the clinic's side")
        return result[0]

    # -- troubles ----------------------------------------------------------------------------------
    def pull(self) -> None:
        """The plug is out at the clinic."""
        self._clinic("ip", "link", "set", "fp1", "down")

    def slow(self, kbit: int) -> None:
        """Both directions through a token bucket."""
        bucket = ["root", "tbf", "rate", f"{kbit}kbit", "burst", "4kb", "latency", "400ms"]
        _run("tc", "qdisc", "replace", "dev", "fp0", *bucket)
        self._clinic("tc", "qdisc", "replace", "dev", "fp1", *bucket)

    def lossy(self, percent: int) -> None:
        """So many of 100 packets vanish, in both directions."""
        rule = f"numgen random mod 100 < {percent} counter drop"
        table = "add table inet fire; "
        for name in ("input", "output"):
            table += f"add chain inet fire {name} {{ type filter hook {name} priority 0; }}; "
            way = "iifname" if name == "input" else "oifname"
            table += f'add rule inet fire {name} {way} "fp1" {rule}; '
        self._clinic("nft", table)

    def dropped(self) -> int:
        """Packets that the `lossy` rules dropped so far: a trouble that did nothing is no trouble."""
        words = self._clinic("nft", "list", "table", "inet", "fire").split()
        return sum(int(words[at + 1]) for at, word in enumerate(words) if word == "packets")

    def mend(self) -> None:
        """A good cable again."""
        subprocess.run(["tc", "qdisc", "del", "dev", "fp0", "root"], capture_output=True, check=False)
        for command in (
            ["tc", "qdisc", "del", "dev", "fp1", "root"], ["nft", "delete", "table", "inet", "fire"]
        ):  # fmt: skip
            subprocess.run(self.wrap(command), capture_output=True, check=False)
        self._clinic("ip", "link", "set", "fp1", "up")

    @property
    def _net(self) -> str:
        assert self._holder is not None
        return f"/proc/{self._holder.pid}/ns/net"

    def _clinic(self, *command: str) -> str:
        return _run(*self.wrap(list(command)))


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
