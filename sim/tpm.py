"""A TPM 2.0 in software (swtpm): a process that answers as the chip would and keeps its counters in
a folder. Taking its power away and giving it back changes nothing that it counted."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final, Self

PATIENCE_S: Final = 10.0
TRIES: Final = 5


class SoftTpm:
    """Context manager. `tcti`: what tpm2-tools are told. RuntimeError when swtpm is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def tcti(self) -> str:
        return f"swtpm:host=127.0.0.1,port={self._port}"

    def __enter__(self) -> Self:
        if shutil.which("swtpm") is None or shutil.which("tpm2_nvread") is None:
            raise RuntimeError("no swtpm or no tpm2-tools: run sim/setup tests")
        self._folder.mkdir(parents=True, exist_ok=True)
        for _ in range(TRIES):  # another process may take the ports in between
            self._port = _two_free_ports()
            self.power_on()
            if self._process is not None:
                return self
        raise RuntimeError("swtpm does not start")

    def __exit__(self, *_: object) -> None:
        self.power_off()

    def power_on(self) -> None:
        """With what the folder keeps, on the same port."""
        command = [
            "swtpm", "socket", "--tpm2", "--server", f"type=tcp,port={self._port}",
            "--ctrl", f"type=tcp,port={self._port + 1}", "--tpmstate", f"dir={self._folder}",
            "--flags", "not-need-init,startup-clear",
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < give_up:
            with socket.socket() as probe:
                # the second port: a connection to the first would be taken for the one client
                if probe.connect_ex(("127.0.0.1", self._port + 1)) == 0:
                    self._process = process
                    return
            time.sleep(0.02)
        process.kill()
        process.wait()

    def power_off(self) -> None:
        """As a cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _two_free_ports() -> int:
    """The first of two neighbours (tpm2-tools take the control port to be the next one)."""
    for _ in range(100):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no two free ports beside each other")
