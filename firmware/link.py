"""The controller's end of the cable (the host's is edge/core/link.py): answers HELLO,
stop-and-wait, heartbeat.

Pure: bytes and milliseconds in, bytes in `out`. The host always speaks first. A HELLO makes a
*pending* session that replaces the current one only with the first good frame under its keys, so
an old HELLO played again does nothing.
"""

import struct

from edge.wire import frame

try:
    from typing import Any
except ImportError:  # on the board
    pass


BEAT_MS = 1000
SILENT_MS = 3000
RTO_START_MS = 100
RTO_MIN_MS = 40
RTO_MAX_MS = 1000
TRIES_MAX = 5
QUEUE_MAX = 8
STARTED_GAP_MS = 200


def following(seq: int) -> int:
    """1..255 and round again; 0 means "none yet"."""
    return seq % 255 + 1


class Session:
    """Keys, counters and stop-and-wait state that belong to one pair of nonces."""

    def __init__(self, pair_key: bytes, host_nonce: bytes, nonce: bytes) -> None:
        self.host_nonce = host_nonce
        self.nonce = nonce
        self.sealer = frame.Sealer(frame.session_keys(pair_key, b"board", host_nonce, nonce))
        self.opener = frame.Opener(frame.session_keys(pair_key, b"host", host_nonce, nonce))
        self.seq = 0  # of the last reliable frame sent
        self.heard = 0  # seq of the last reliable frame received


class Link:
    """`random(n)` gives n bytes; `about` is (cause, version 3 bytes, build 8 bytes, uid 8 bytes,
    board name, bits of frame.CAPS, slot: see `slot_bits`)."""

    def __init__(
        self,
        pair_key: bytes,
        random: "Any",
        about: "tuple[int, bytes, bytes, bytes, str, int, int]",
        now: int,
    ) -> None:
        self._key = pair_key
        self._random = random
        self._about = about
        self._hello_mac = frame.Mac(frame.hello_key(pair_key, b"host"))
        self._own_mac = frame.Mac(frame.hello_key(pair_key, b"board"))
        self._splitter = frame.Splitter()
        self._boot = self._random(frame.BOOT_BYTES)
        self._session: "Any" = None
        self._pending: "Any" = None
        self._queue: list[tuple[int, bytes]] = []
        self._tries = 0
        self._rto = RTO_START_MS
        self._sent_at = 0
        self._resend_at = 0
        self._beat_at = now
        self._started_at = now - STARTED_GAP_MS
        self._begun = now
        self.noise = 0
        self.forged = 0
        self.heard_at = now
        self.sessions = 0  # begun so far
        self.out = bytearray()
        self._started(now)

    def placed(self, slot: int) -> None:
        """What the next WELCOME says of the slot."""
        self._about = self._about[:-1] + (slot,)  # noqa: RUF005 (MicroPython)

    def up(self) -> bool:
        return self._session is not None

    # -- in ----------------------------------------------------------------------------------------
    def receive(self, data: bytes, now: int) -> "list[Any]":
        """The commands that `data` completes: a list of (type, payload)."""
        commands: list[Any] = []
        for encoded in self._splitter.feed(data):
            if encoded is None:
                self.noise += 1
                continue
            try:
                self._packet(frame.Packet(encoded), now, commands)
            except frame.FrameError as error:
                self._bad(error.reason, now)
        return commands

    def _packet(self, packet: frame.Packet, now: int, commands: "list[Any]") -> None:
        if packet.kind == frame.HELLO:
            try:
                hello = packet.check(self._hello_mac)
            except frame.FrameError:
                self._started(now)  # whole and signed with our key: the host sees it is not noise
                raise
            self._hello(hello, now)
            return
        got = self._open(packet)
        session = self._session
        self.heard_at = now
        if got.ack and got.ack == session.seq and self._tries:
            self._acknowledged(now)
        if not got.flags & frame.RELIABLE:
            return
        fresh = got.seq == following(session.heard)
        if fresh:
            session.heard = got.seq
            commands.append((got.kind, got.payload))
        self._emit(frame.ACK, 0, b"")

    def _open(self, packet: frame.Packet) -> frame.Frame:
        if self._session is not None:
            try:
                got: frame.Frame = self._session.opener.open(packet)
                return got
            except frame.FrameError as error:
                if error.reason != frame.FORGED or self._pending is None:
                    raise
        if self._pending is None:
            raise frame.FrameError(frame.FORGED)
        first: frame.Frame = self._pending.opener.open(packet)
        self._session = self._pending
        self._pending = None
        self.sessions += 1
        self._queue.clear()
        self._tries = 0
        self._rto = RTO_START_MS
        return first

    def _hello(self, got: frame.Frame, now: int) -> None:
        if len(got.payload) < struct.calcsize(frame.HELLO_FORMAT):
            raise frame.FrameError(frame.ODD)
        _least, _most, _table, nonce = struct.unpack(
            frame.HELLO_FORMAT, got.payload[: struct.calcsize(frame.HELLO_FORMAT)]
        )
        session = self._session
        if session is None or session.host_nonce != nonce:
            session = self._pending
            if session is None or session.host_nonce != nonce:
                session = Session(self._key, nonce, self._random(frame.NONCE_BYTES))
                self._pending = session
        cause, version, build, uid, board, caps, slot = self._about
        payload = (
            struct.pack(
                frame.WELCOME_FORMAT,
                frame.PROTOCOL,
                frame.table_hash(),
                nonce,
                session.nonce,
                self._boot,
                cause,
                slot,
                caps,
                frame.ENCODED_MAX,
                version,
                build,
                uid,
            )
            + board.encode()
        )
        self._plain(frame.WELCOME, payload)

    def _bad(self, reason: str, now: int) -> None:
        if reason == frame.FORGED:
            self.forged += 1
            if self._session is None:
                self._started(now)  # a session that is over: says that we have restarted
        elif reason == frame.UNKNOWN or reason == frame.ODD:
            if self._session is not None:
                self.send(frame.REFUSED, b"\0" + reason.encode(), now)
        elif reason != frame.REPLAYED:
            self.noise += 1

    # -- out ---------------------------------------------------------------------------------------
    def send(self, kind: int, payload: bytes, now: int) -> bool:
        """Queue a reliable report; False when there is no session or no room (a press nobody
        waits for is no loss)."""
        if self._session is None or len(self._queue) >= QUEUE_MAX:
            return False
        self._queue.append((kind, payload))
        if len(self._queue) == 1:
            self._first(now)
        return True

    def idle(self) -> bool:
        """There is a session, and nothing waits for its acknowledgement."""
        return self._session is not None and not self._queue

    def tick(self, now: int) -> None:
        """Heartbeat, repeats, and the end of a session that does not acknowledge."""
        session = self._session
        if session is None:
            return
        if session.sealer.counter >= frame.COUNTER_MAX - QUEUE_MAX:
            self._drop()
            return
        if self._tries and now >= self._resend_at:
            if self._tries >= TRIES_MAX:
                self._drop()
                return
            self._rto = min(RTO_MAX_MS, self._rto * 2)
            self._again(now)
        if now >= self._beat_at:
            self._beat_at = now + BEAT_MS
            self._emit(
                frame.BEAT,
                0,
                struct.pack(
                    frame.BEAT_FORMAT,
                    (now - self._begun) & 0xFFFFFFFF,
                    self.noise & 0xFFFF,
                    self.forged & 0xFFFF,
                ),
            )

    def wait(self, now: int, most: int) -> int:
        """Milliseconds until `tick` has something to do, at most `most`."""
        if self._session is None:
            return most
        due = self._beat_at
        if self._tries:
            due = min(due, self._resend_at)
        return max(0, min(most, due - now))

    def _first(self, now: int) -> None:
        self._session.seq = following(self._session.seq)
        self._tries = 0
        self._sent_at = now
        self._again(now)

    def _again(self, now: int) -> None:
        kind, payload = self._queue[0]
        self._tries += 1
        self._resend_at = now + self._rto
        self._emit(kind, self._session.seq, payload)

    def _acknowledged(self, now: int) -> None:
        if self._tries == 1:  # Karn: an answer to a repeat does not tell which send it answers
            self._rto = max(
                RTO_MIN_MS, min(RTO_MAX_MS, self._rto * 7 // 8 + (now - self._sent_at) // 2)
            )
        self._tries = 0
        self._queue.pop(0)
        if self._queue:
            self._first(now)

    def _drop(self) -> None:
        self._session = None
        self._queue.clear()
        self._tries = 0
        self._boot = self._random(frame.BOOT_BYTES)

    def _emit(self, kind: int, seq: int, payload: bytes) -> None:
        session = self._session
        self.out += session.sealer.seal(kind, seq, session.heard, payload)

    def _plain(self, kind: int, payload: bytes) -> None:
        self.out += frame.pack(self._own_mac, frame.Frame(kind, 0, 0, 0, 0, payload))

    def _started(self, now: int) -> None:
        if now - self._started_at < STARTED_GAP_MS:
            return
        self._started_at = now
        self._plain(frame.STARTED, struct.pack(frame.STARTED_FORMAT, self._boot, self._about[0]))
