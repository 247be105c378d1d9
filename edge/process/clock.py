"""The world's clocks and dice, handed to the core: it never reads them itself."""

from __future__ import annotations

import ctypes
import secrets
import time
from pathlib import Path
from typing import Final

from edge.core.parts.clock import UNKNOWN_ERROR_MS
from edge.core.types import Now

TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
TIMEX_BYTES: Final = 256  # struct timex is 208 bytes on 64-bit Linux
MAXERROR_AT: Final = 24  # offset of `maxerror` (microseconds) there
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Clock:
    """Wall clock, monotonic clock and the kernel's own bound of the wall clock's error."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)

    def now(self) -> Now:
        """Both clocks at once."""
        return Now(
            utc_ms=time.time_ns() // 1_000_000,
            mono_ms=time.monotonic_ns() // 1_000_000,
            error_ms=self._error_ms(),
        )

    def _error_ms(self) -> int:
        """What NTP tells the kernel (adjtimex(2), read only), or UNKNOWN_ERROR_MS."""
        timex = ctypes.create_string_buffer(TIMEX_BYTES)
        state = self._libc.adjtimex(timex)
        if state in (-1, TIME_ERROR):
            return UNKNOWN_ERROR_MS
        micros = int.from_bytes(timex.raw[MAXERROR_AT : MAXERROR_AT + 8], "little", signed=True)
        return min(max(micros // 1000, 1), UNKNOWN_ERROR_MS)


class Secrets:
    """Dice from the operating system."""

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        return secrets.token_bytes(count)

    def below(self, limit: int) -> int:
        """A number from 0 to limit-1."""
        return secrets.randbelow(limit)


def boot_id() -> bytes:
    """16 bytes that name this start of the machine."""
    return bytes.fromhex(BOOT_ID.read_text().strip().replace("-", ""))
