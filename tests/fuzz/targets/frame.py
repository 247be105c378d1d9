"""The cable to the controller: bytes of a stranger, and frames inside a session with good tags."""

import struct

from edge.wire import frame
from edge.wire.cable import Cable

MAX_BYTES = 2_000
KEY, NONCE = bytes(32), bytes(16)
BOARD = b"b" * 16
WELCOME = struct.pack(
    frame.WELCOME_FORMAT, frame.PROTOCOL, frame.table_hash(), NONCE, BOARD, bytes(8), 0, 0, 0, 8,
    bytes(3), bytes(8), bytes(8),
)  # fmt: skip
MAC = frame.Mac(frame.hello_key(KEY, b"board"))


def seeds() -> list[bytes]:
    kinds = [bytes([kind, 1]) for kind, _, _, _ in frame.MESSAGES]
    hello = Cable(KEY).hello(NONCE)
    return [b"\0", hello, *(kind + b"01card" for kind in kinds), frame.pack(MAC, _welcome())]


def eat(data: bytes) -> None:
    strange = Cable(KEY)
    strange.hear(data)
    assert strange.held() <= frame.ENCODED_MAX
    known = Cable(KEY)
    known.hello(NONCE)
    known.hear(frame.pack(MAC, _welcome()))
    known.hear(data)
    if len(data) < 2 or len(data) > frame.PAYLOAD_MAX:
        return
    sealer = frame.Sealer(frame.session_keys(KEY, b"board", NONCE, BOARD))
    flags = {kind: flags for kind, _, _, flags in frame.MESSAGES}
    if data[0] in flags:
        known.hear(sealer.seal(data[0], data[1], 0, data[2:]))
        known.hear(frame.pack(MAC, frame.Frame(data[0], flags[data[0]], 0, 0, 0, data[1:])))


def _welcome() -> frame.Frame:
    return frame.Frame(frame.WELCOME, frame.flags_of(frame.WELCOME), 0, 0, 0, WELCOME)
