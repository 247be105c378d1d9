"""Small files at the root of the board's file system that outlive a reset and a new firmware.
littlefs writes a file by copy and commits it when it is closed: a power cut leaves the old one."""


class Slots:
    def __init__(self, stem: str) -> None:
        self._stem = stem

    def read(self, slot: int) -> bytes:
        """What is in the slot; b"" when there is nothing."""
        try:
            with open(self._stem + str(slot), "rb") as file:
                data: bytes = file.read(128)
                return data
        except OSError:
            return b""

    def write(self, slot: int, data: bytes) -> None:
        """Durable when this returns; OSError when the flash does not take it."""
        with open(self._stem + str(slot), "wb") as file:
            file.write(data)
