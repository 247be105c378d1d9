"""A card's photo on the cable: any order of announcements, chunks, cards and time, from a controller with the
right key and no sense. Nothing hangs, nothing is held for ever, and a photo is one that the sum is of."""

import binascii
import struct

from edge.core.events import CardRead
from edge.core.link_photo import PHOTO_WAIT_MS, CardPhoto
from edge.wire import frame
from edge.wire.cable import Cable
from tests.fuzz.targets.frame import BOARD, KEY, MAC, NONCE, _welcome

MAX_BYTES = 2_000
PHOTO = b"photo" * 40
ANNOUNCED = struct.pack(frame.PICTURED_FORMAT, 1, len(PHOTO), struct.pack(">I", binascii.crc32(PHOTO)))


def one(kind: int, payload: bytes) -> bytes:
    return bytes([kind, len(payload)]) + payload


def seeds() -> list[bytes]:
    card = one(frame.PICTURED, ANNOUNCED + b"02A1")
    parts = [one(frame.PHOTO, bytes([1, at]) + PHOTO[at * 180 :][:180]) for at in (0, 1)]
    return [card + b"".join(parts), card + parts[1], card + parts[0] + card, b"".join(parts)]


def eat(data: bytes) -> None:
    cable, photo, now = Cable(KEY), CardPhoto(), 0
    cable.hello(NONCE)
    cable.hear(frame.pack(MAC, _welcome()))
    sealer = frame.Sealer(frame.session_keys(KEY, b"board", NONCE, BOARD))
    said: list[bytes] = []
    while len(data) >= 2:
        kind, size = frame.PHOTO if data[0] & 1 else frame.PICTURED, data[1] % frame.PAYLOAD_MAX
        payload, data = data[2 : 2 + size], data[2 + size :]
        for heard in cable.hear(sealer.seal(kind, 1, 0, payload)):
            now += 1
            due = photo.deadline()
            assert due is None or due <= now + PHOTO_WAIT_MS
            if heard.kind == "pictured":
                stands(photo.take(), said)
                photo.announced(heard.body, now)
                said = [heard.body["crc"]]
            elif heard.kind == "photo" and photo.part(heard.body):
                stands(photo.take(), said)
    stands(photo.take(), said)
    assert photo.deadline() is None
    assert photo.take() is None


def stands(card: CardRead | None, said: list[bytes]) -> None:
    if card is not None and card.photo:
        assert len(card.photo) <= frame.PHOTO_MAX
        assert struct.pack(">I", binascii.crc32(card.photo)) == said[0]
