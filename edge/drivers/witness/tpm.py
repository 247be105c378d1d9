"""A counter in the TPM 2.0 of the terminal, through the system's own `tpm2-tools`.

One NV index of the type "counter": the TPM itself refuses to lower it, and one that is undefined
and made again begins above every counter that ever was in this TPM. Its authorization policy is a
fresh random digest that no policy can satisfy: it cannot be changed while the index lives, and it
is how this counter is told from that of another device or from one that was made anew.

Each tool is a process of its own with a time-out, one after the other on one thread: a TPM may
take its time or none at all, and neither the loop nor a payment waits for it."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from edge.core.events import Counted
from edge.core.types import Head
from edge.drivers.witness import Holder
from edge.errors import EdgeError

MISSING: Final = "E-ROL-07"
REFUSED: Final = "E-ROL-08"
RETRY_S: Final = 30.0
OUTPUT_BYTES_MAX: Final = 64 * 1024
COUNT_BYTES: Final = 8
POLICY_BYTES: Final = 32
ATTRIBUTES: Final = "nt=counter|authread|authwrite|no_da"
NT_MASK: Final = 0xF0
NT_COUNTER: Final = 0x10
WRITTEN: Final = 1 << 29  # TPMA_NV_WRITTEN: it has counted once
DEVICE: Final = "device:"
HANDLE: Final = re.compile(r"^- 0x([0-9A-Fa-f]{1,8})$", re.MULTILINE)
PUBLIC: Final = re.compile(
    r"attributes:\s+friendly: \S*\s+value: 0x([0-9A-Fa-f]{1,8})\s"
    r"[\s\S]*authorization policy: ([0-9A-Fa-f]{64})\b"
)


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """`tcti`: how tpm2-tools reach the TPM. `index`: of the owner's range, one for each terminal."""

    tcti: str = "device:/dev/tpmrm0"
    index: Annotated[
        int, Meta(ge=0x01800000, le=0x01BFFFFF, description="0x01800000 to 0x01bfffff")
    ] = 0x01800F01
    tool_timeout_ms: Annotated[
        int, Meta(ge=100, le=60_000, description="100 to 60000 milliseconds")
    ] = 5_000


class Tpm:
    """The counter, one question at a time; blocks. EdgeError E-ROL-07, E-ROL-08."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._index = f"0x{options.index:08X}"
        self._environment = {**os.environ, "TPM2TOOLS_TCTI": options.tcti, "LC_ALL": "C"}

    def look(self) -> Counted:
        """Where it stands, or that it is not there."""
        listed = self._tool("tpm2_getcap", "handles-nv-index").decode("ascii", "replace")
        if self._options.index not in {int(one, 16) for one in HANDLE.findall(listed)}:
            return Counted("empty")
        said = self._tool("tpm2_nvreadpublic", self._index).decode("ascii", "replace")
        found = PUBLIC.search(said)
        if found is None or int(found[1], 16) & NT_MASK != NT_COUNTER:
            raise EdgeError(REFUSED, f"{self._index} is no counter of ours", "set another index")
        if not int(found[1], 16) & WRITTEN:  # the power went before its first step
            self._tool("tpm2_nvincrement", self._index, "-C", self._index)
        size = str(COUNT_BYTES)
        count = self._tool("tpm2_nvread", self._index, "-C", self._index, "-s", size)
        if len(count) != COUNT_BYTES:
            raise EdgeError(REFUSED, f"{self._index}: {len(count)} bytes are no count")
        return Counted("held", found[2].lower(), int.from_bytes(count, "big"))

    def make(self) -> Counted:
        """A new counter with a name that was never there before."""
        with tempfile.NamedTemporaryFile(prefix="facepay-tpm-") as policy:
            policy.write(secrets.token_bytes(POLICY_BYTES))
            policy.flush()
            size = str(COUNT_BYTES)
            self._tool(
                "tpm2_nvdefine", self._index, "-C", "o", "-s", size, "-a", ATTRIBUTES,
                "-L", policy.name,
            )  # fmt: skip
        return self.look()

    def rise(self, to: int) -> Counted:
        """One step, if `to` is the next; where it stands then, whatever that is."""
        now = self.look()
        if now.state != "held" or now.count != to - 1:
            return now
        self._tool("tpm2_nvincrement", self._index, "-C", self._index)
        return self.look()

    def _tool(self, *command: str) -> bytes:
        tcti = self._options.tcti
        if tcti.startswith(DEVICE) and not Path(tcti.removeprefix(DEVICE)).exists():
            raise EdgeError(MISSING, f"there is no {tcti.removeprefix(DEVICE)}", "is the TPM on?")
        try:
            done = subprocess.run(
                command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=self._options.tool_timeout_ms / 1000, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise EdgeError(REFUSED, f"{command[0]} gave no answer in time") from error
        except OSError as error:
            hint = "apt-get install tpm2-tools"
            raise EdgeError(MISSING, f"{command[0]}: {error.strerror}", hint) from error
        if done.returncode or len(done.stdout) > OUTPUT_BYTES_MAX:
            code = MISSING if b"instantiate TCTI" in done.stderr else REFUSED
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise EdgeError(code, f"{command[0]}: {lines[0][:200] if lines else 'failed'}")
        return done.stdout


class Driver:
    """Implements `drivers.witness.Witness`."""

    def __init__(self, options: Options, board: Holder) -> None:
        self.options = options
        self._tpm = Tpm(options)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tpm")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._post: Callable[[Counted], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, post: Callable[[Counted], None]) -> None:
        assert self._loop is None, "already started"
        self._loop, self._post = loop, post
        self._ask(self._tpm.look)

    def hold(self, head: Head | None) -> None:
        """A counter holds no head: it is told by its number."""

    def count(self, what: str, to: int) -> None:
        self._ask(self._tpm.make if what == "make" else lambda: self._tpm.rise(to))

    def stop(self) -> None:
        self._post = None
        if self._timer is not None:
            self._timer.cancel()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _ask(self, what: Callable[[], Counted]) -> None:
        if self._post is None:  # stopped
            return
        assert self._loop is not None
        loop = self._loop
        future = self._worker.submit(_said, what)

        def arrived(done: Future[Counted]) -> None:
            if not done.cancelled() and not loop.is_closed():
                loop.call_soon_threadsafe(self._arrived, done.result())

        future.add_done_callback(arrived)

    def _arrived(self, said: Counted) -> None:
        if self._post is None or self._loop is None:
            return
        if self._timer is not None:  # one question waits, however many failed
            self._timer.cancel()
            self._timer = None
        if said.state == "failed":
            self._timer = self._loop.call_later(RETRY_S, self._ask, self._tpm.look)
        self._post(said)


def _said(what: Callable[[], Counted]) -> Counted:
    try:
        return what()
    except EdgeError as error:
        return Counted("failed", code=error.code)
