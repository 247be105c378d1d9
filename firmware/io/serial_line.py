"""A UART that never blocks: what is there now, and a bounded buffer for what does not fit yet."""

try:
    from typing import Any
except ImportError:  # on the board
    pass


READ_MAX = 256
OUT_MAX = 2048


class SerialLine:
    def __init__(self, uart: "Any") -> None:
        self.uart = uart
        self._buf = bytearray(READ_MAX)
        self._out = bytearray()
        self.dropped = 0

    def read(self) -> bytes:
        """At most READ_MAX bytes that have arrived; b"" for none."""
        count = self.uart.readinto(self._buf)
        return bytes(self._buf[:count]) if count else b""

    def write(self, data: bytes) -> None:
        """Send, or keep up to OUT_MAX for later; beyond that count and drop (frames are
        repeated)."""
        if len(self._out) + len(data) > OUT_MAX:
            self.dropped += len(data)
        else:
            self._out += data
        if self._out:
            sent = self.uart.write(self._out)
            if sent:
                self._out = self._out[sent:]


class Lines:
    """Cuts a byte stream into lines; a line above `most` bytes is dropped whole."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> "list[Any]":
        out = []
        parts = data.split(b"\n")
        for number, part in enumerate(parts):
            if len(self._held) + len(part) > self._most:
                self._skipping = True
                self._held = bytearray()
            elif not self._skipping:
                self._held += part
            if number < len(parts) - 1:
                if self._held:
                    out.append(bytes(self._held))
                self._held = bytearray()
                self._skipping = False
        return out
