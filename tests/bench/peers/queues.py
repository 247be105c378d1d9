"""The queues people use today, each as its own documentation shows it, behind one small surface.

`put(texts)` returns when the queue has taken them (one batch where it knows batches); `pop_all` gives
what is in it after a restart; `send(client)` publishes until everything is gone, QoS 1. No import of
facepay: this file also runs in ThingsBoard's own environment.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Protocol

TOPIC = "peers/" + os.environ.get("FP_NAME", "")  # one contestant, one topic
WINDOW = 20
READ_AT_ONCE = 100
WRITER_S = 3.0  # ThingsBoard's SQLite storage writes from a thread of its own
IDLE_S = 0.02
IDLE_MAX = 25  # empty packs in a row until a storage counts as empty


class Peer(Protocol):
    """One queue in one folder."""

    def put(self, texts: list[str]) -> None: ...
    def pop_all(self) -> list[str]: ...
    def send(self, client: Any) -> None: ...
    def rest(self) -> None:
        """What it does behind the caller's back may be done before a peaceful end."""
        ...


def _published(client: Any, text: str) -> None:
    """Publish and wait for the PUBACK, the way the libraries' examples do."""
    info = client.publish(TOPIC, text.encode(), 1)
    while not info.is_published():
        info.wait_for_publish(1)


class PahoOnly:
    """paho's own queue: publish() and trust it."""

    def __init__(self, _directory: Path) -> None:
        self._texts: list[str] = []

    def put(self, texts: list[str]) -> None:
        self._texts += texts  # what publish() does before there is a connection

    def rest(self) -> None:
        return

    def pop_all(self) -> list[str]:
        return list(self._texts)

    def send(self, client: Any) -> None:
        for text in self._texts:
            client.publish(TOPIC, text.encode(), 1)


class PersistQueue:
    """persist-queue: SQLiteQueue, SQLiteAckQueue or the file Queue."""

    def __init__(self, directory: Path, kind: str, *, batches: bool = False) -> None:
        import persistqueue

        self._kind = kind
        where = str(directory / "q")
        if kind == "file":
            self._queue: Any = persistqueue.Queue(where)
        else:
            made = {"sqlite": persistqueue.SQLiteQueue, "ack": persistqueue.SQLiteAckQueue}[kind]
            self._queue = made(where, auto_commit=not batches, multithreading=True)
        self._batches = batches and kind != "file"

    def put(self, texts: list[str]) -> None:
        for text in texts:
            self._queue.put(text)
        if self._batches:
            self._queue.task_done()  # SQLiteQueue: commits

    def rest(self) -> None:
        return

    def pop_all(self) -> list[str]:
        found = []
        while self._queue.qsize() > 0:
            found.append(self._queue.get(block=False))
        return found

    def send(self, client: Any) -> None:
        while self._queue.qsize() > 0:
            text = self._queue.get()
            _published(client, text)
            if self._kind == "ack":
                self._queue.ack(text)
            elif self._kind == "file":
                self._queue.task_done()


class LiteQueue:
    """litequeue: pop locks, done finishes; after a restart what is locked is retried."""

    def __init__(self, directory: Path) -> None:
        import litequeue

        self._queue = litequeue.LiteQueue(directory / "q.db")

    def put(self, texts: list[str]) -> None:
        if len(texts) == 1:
            self._queue.put(texts[0])
            return
        with self._queue.transaction():
            for text in texts:
                self._queue.put(text)

    def _retry(self) -> None:
        for message in list(self._queue.list_locked(threshold_seconds=0)):
            self._queue.retry(message.message_id)

    def rest(self) -> None:
        return

    def pop_all(self) -> list[str]:
        self._retry()
        found = []
        while (message := self._queue.pop()) is not None:
            found.append(message.data)
        return found

    def send(self, client: Any) -> None:
        self._retry()
        while (message := self._queue.pop()) is not None:
            _published(client, message.data)
            self._queue.done(message.message_id)


class ThingsBoard:
    """The gateway's own storage classes, driven as its send loop drives them: read a pack, publish
    it, wait for the PUBACKs, call it done."""

    def __init__(self, directory: Path, kind: str) -> None:
        log = logging.getLogger("tb")
        log.addHandler(logging.NullHandler())
        log.propagate = False
        log.trace = lambda *_a, **_k: None  # type: ignore[attr-defined]
        folder = str(directory) + "/"
        stop = threading.Event()
        if kind == "memory":
            from thingsboard_gateway.storage.memory.memory_event_storage import MemoryEventStorage

            limits = {"read_records_count": READ_AT_ONCE, "max_records_count": 100_000}
            self._store: Any = MemoryEventStorage(limits, log, stop)
        elif kind == "file":
            from thingsboard_gateway.storage.file.file_event_storage import FileEventStorage

            limits = {
                "data_folder_path": folder,
                "max_file_count": 10,
                "max_read_records_count": READ_AT_ONCE,
                "max_records_per_file": 10_000,
            }
            self._store = FileEventStorage(limits, log, stop)
        else:
            from thingsboard_gateway.storage.sqlite.sqlite_event_storage import SQLiteEventStorage

            limits = {"data_file_path": folder, "max_read_records_count": READ_AT_ONCE}
            self._store = SQLiteEventStorage(limits, log, stop)

    def put(self, texts: list[str]) -> None:
        for text in texts:
            if not self._store.put(json.dumps(text)):
                raise RuntimeError("the storage refused it")

    def rest(self) -> None:
        time.sleep(WRITER_S)

    def _packs(self) -> Any:
        quiet = 0
        while quiet < IDLE_MAX:
            pack = [json.loads(one) for one in self._store.get_event_pack() or [] if one]
            if not pack:
                quiet += 1
                time.sleep(IDLE_S)
                continue
            quiet = 0
            yield pack
            self._store.event_pack_processing_done()

    def pop_all(self) -> list[str]:
        return [text for pack in self._packs() for text in pack]

    def send(self, client: Any) -> None:
        for pack in self._packs():
            for info in [client.publish(TOPIC, text.encode(), 1) for text in pack]:
                while not info.is_published():
                    info.wait_for_publish(1)


class Outbox:
    """What a careful person writes: SQLite, WAL, synchronous=FULL, a window, delete after PUBACK."""

    def __init__(self, directory: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(
            directory / "o.db", check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE IF NOT EXISTS o(seq INTEGER PRIMARY KEY, text TEXT)")

    def put(self, texts: list[str]) -> None:
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO o(text) VALUES(?)", [(text,) for text in texts])
            self._db.execute("COMMIT")

    def rest(self) -> None:
        return

    def pop_all(self) -> list[str]:
        return [text for (text,) in self._db.execute("SELECT text FROM o ORDER BY seq")]

    def send(self, client: Any) -> None:
        last, mine, done = 0, {}, []
        free = threading.Semaphore(WINDOW)

        def puback(_c: Any, _u: Any, mid: int, *_: Any) -> None:
            for _ in range(200):  # the PUBACK may come before publish() has returned
                if mid in mine:
                    done.append(mine.pop(mid))
                    free.release()
                    return
                time.sleep(0.001)

        client.on_publish = puback
        while True:
            with self._lock:
                gone = [done.pop() for _ in range(len(done))]
                if gone:
                    self._db.execute("BEGIN")
                    self._db.executemany("DELETE FROM o WHERE seq = ?", [(s,) for s in gone])
                    self._db.execute("COMMIT")
                rows = self._db.execute(
                    "SELECT seq, text FROM o WHERE seq > ? ORDER BY seq LIMIT 100", (last,)
                ).fetchall()
            if not rows:
                if not mine and not done:
                    return
                time.sleep(0.002)
                continue
            for seq, text in rows:
                free.acquire()
                mine[client.publish(TOPIC, text.encode(), 1).mid] = seq
                last = seq


def open_peer(kind: str, directory: Path, *, batches: bool = False) -> Peer:
    """The queue of this name in this folder."""
    directory.mkdir(parents=True, exist_ok=True)
    os.chdir(directory)
    family, _, member = kind.partition(":")
    match family:
        case "paho":
            return PahoOnly(directory)
        case "persist-queue":
            return PersistQueue(directory, member, batches=batches)
        case "litequeue":
            return LiteQueue(directory)
        case "thingsboard":
            return ThingsBoard(directory, member)
        case _:
            return Outbox(directory)
