"""`python worker.py KIND SCRATCH PORT`: a process that has everything imported and, for each line on
stdin, forks a child that works until it is done or killed: a restart costs milliseconds.

The child tells what was acknowledged by appending 8 bytes an id to SCRATCH/acked *after* the queue
said it had them; the file is outside the watched folder and needs no sync, for the machine lives on.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import Any

PAD = "x" * 480
PUT_MAX = 1_000_000
SETTLE_S = 0.3


def text_of(number: int) -> str:
    """The content of one record: 492 characters."""
    return f"{number:012d}{PAD}"


class Child:
    """One life."""

    def __init__(self, kind: str, scratch: Path, port: int) -> None:
        self._kind, self._scratch, self._port = kind, scratch, port
        self._acked = os.open(scratch / "acked", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        fd = os.open(scratch / "tried", os.O_RDWR | os.O_CREAT)
        os.ftruncate(fd, 8)
        self._tried = mmap.mmap(fd, 8)

    def run(self, order: dict[str, Any]) -> None:
        """One order: append, drain or dump."""
        folder = Path(order["folder"])
        batch = int(order.get("batch", 1))
        peer = self._open(folder, batches=batch > 1)
        if order.get("fill"):  # of a queue that lives in memory only
            self.append(peer, int(order["fill"]), 1)
        began = time.perf_counter()
        if order["op"] == "append":
            self.append(peer, int(order["limit"]), batch, float(order.get("pause_s", 0)))
        elif order["op"] == "drain":
            peer.send(self._client())
            time.sleep(SETTLE_S)  # the last PUBACKs of whoever does not wait for them
        else:
            numbers = [int(text[:12]) for text in peer.pop_all()]
            Path(order["to"]).write_text(json.dumps(numbers))
        spent = time.perf_counter() - began
        (self._scratch / "spent").write_text(str(spent))
        if order["op"] == "append":
            peer.rest()

    def _open(self, folder: Path, *, batches: bool) -> Any:
        if self._kind == "facepay":
            from tests.bench.peers.ours import Ours

            return Ours(folder, self._scratch / "keys", self._port)
        from queues import open_peer

        return open_peer(self._kind, folder, batches=batches)

    def _client(self) -> Any:
        if self._kind == "facepay":
            return None  # its own driver
        import paho.mqtt.client as mqtt

        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"p{os.getpid()}")
        client.max_inflight_messages_set(20)
        client.max_queued_messages_set(0)
        client.connect("127.0.0.1", self._port, 30)
        client.loop_start()
        while not client.is_connected():
            time.sleep(0.001)
        return client

    def append(self, peer: Any, limit: int, batch: int, pause_s: float = 0) -> None:
        """Put until the limit; each number is tried once in all lives."""
        for _ in range(0, limit or PUT_MAX, batch):
            (last,) = struct.unpack("<q", self._tried[:8])
            numbers = range(last + 1, last + batch + 1)
            self._tried[:8] = struct.pack("<q", last + batch)
            peer.put([text_of(number) for number in numbers])
            os.write(self._acked, b"".join(struct.pack("<q", number) for number in numbers))
            if pause_s:
                time.sleep(pause_s)


def preload(kind: str) -> None:
    """What a child needs, before the first fork."""
    import paho.mqtt.client

    assert paho.mqtt.client
    if kind == "facepay":
        import tests.bench.peers.ours

        assert tests.bench.peers.ours
    elif kind.startswith("persist-queue"):
        import persistqueue

        assert persistqueue
    elif kind == "litequeue":
        import litequeue

        assert litequeue
    elif kind.startswith("thingsboard"):
        from thingsboard_gateway.storage.file.file_event_storage import FileEventStorage
        from thingsboard_gateway.storage.memory.memory_event_storage import MemoryEventStorage
        from thingsboard_gateway.storage.sqlite.sqlite_event_storage import SQLiteEventStorage

        assert FileEventStorage
        assert MemoryEventStorage
        assert SQLiteEventStorage


def main() -> None:
    """Orders in, one pid line and one end line for each out."""
    kind, scratch, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    preload(kind)
    print("READY", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                Child(kind, scratch, port).run(json.loads(line))
                code = 0
            except BaseException:
                (scratch / "error").write_text(traceback.format_exc())
            finally:
                os._exit(code)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
