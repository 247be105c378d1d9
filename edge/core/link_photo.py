"""A card whose chip has a photo, put together from the controller's chunks; pure.

The controller announces the card with the photo's size and the CRC-32 that the reader gave, then
sends chunks in order. They come over frames that are repeated, signed and encrypted, so what is
out of order here was lost by the reader or the controller and does not come again: the first thing
that does not fit ends the wait, and so does time. A card never waits for longer than
PHOTO_WAIT_MS and always stands, without a photo if need be; nobody is refused for a picture.
"""

from __future__ import annotations

import binascii
import struct

from edge.core.events import CardRead
from edge.core.types import Json

PHOTO_WAIT_MS = 3_000


class CardPhoto:
    """At most one card and one photo of the announced size (the codec bounds it) are held."""

    def __init__(self) -> None:
        self._card: CardRead | None = None
        self._number = 0
        self._size = 0
        self._crc = b""
        self._held = bytearray()
        self._next = 0
        self._until = 0

    def announced(self, body: Json, now_ms: int) -> None:
        """The card has come, the photo follows. Whoever waited before must be taken first."""
        assert self._card is None, "a card would be lost"
        self._card = CardRead(body["card_no"], body["cert_type"])
        self._number, self._size, self._crc = body["number"], body["size"], body["crc"]
        self._held.clear()
        self._next = 0
        self._until = now_ms + PHOTO_WAIT_MS

    def part(self, body: Json) -> bool:
        """A chunk; True when the wait is over, for good or ill."""
        fits = (
            self._card is not None
            and (body["number"], body["at"]) == (self._number, self._next)
            and len(self._held) + len(body["part"]) <= self._size
        )
        if not fits:
            self._held.clear()
            return True
        self._held += body["part"]
        self._next += 1
        return len(self._held) == self._size

    def deadline(self) -> int | None:
        """When the card must be taken as it is; None when none waits."""
        return None if self._card is None else self._until

    def take(self) -> CardRead | None:
        """The card that waits, with its photo if that is whole, else without; None when none does."""
        card, photo = self._card, bytes(self._held)
        self._card = None
        self._held.clear()
        if card is None or len(photo) != self._size:
            return card
        if struct.pack(">I", binascii.crc32(photo)) != self._crc:
            return card
        return CardRead(card.card_no, card.cert_type, photo)
