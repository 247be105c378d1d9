"""Lines of the reader: a card, a code, or neither.

Pure. A card is two digits of the certificate type, a comma, the number; behind the number of an ID
card a reader may say that its chip's photo follows (firmware/duties/photo.py): a comma, its bytes,
a comma, their CRC-32 in eight hex digits. A code is "QR," and the text. All leave the board
encrypted (frame.SECRET).
"""

import binascii

from edge.wire import frame

try:
    from typing import Any
except ImportError:  # on the board
    pass


CARD_MAX = 32
CERT_BYTES = 2
CODE_MARK = b"QR,"
WITH_PHOTO = b"02"  # ID card
SIZE_DIGITS = 4
CRC_DIGITS = 8


def report_of(line: bytes) -> "Any":
    """(type, payload) of a line, for a card with a photo (PICTURED, (bytes, CRC), card); None for
    one that is neither a card nor a code."""
    line = line.strip()
    if line.startswith(CODE_MARK):
        text = line[len(CODE_MARK) :]
        good = 0 < len(text) <= frame.PAYLOAD_MAX and all([32 < c < 127 for c in text])
        return (frame.CODE, text) if good else None
    cert_type, comma, rest = line.partition(b",")
    number, more, told = rest.partition(b",")
    good = (
        comma == b","
        and len(cert_type) == CERT_BYTES
        and cert_type.isdigit()
        and 0 < len(number) <= CARD_MAX
        and all([48 <= c <= 57 or 65 <= c <= 90 for c in number])
    )
    if not good or not more:
        return (frame.CARD, cert_type + number) if good else None
    photo = _photo(told) if cert_type == WITH_PHOTO else None
    return (frame.PICTURED, photo, cert_type + number) if photo else None


def _photo(told: bytes) -> "Any":
    """(bytes, CRC as 4 bytes) of "bytes,crc"; None for anything else."""
    size, _, crc = told.partition(b",")
    if not size.isdigit() or len(size) > SIZE_DIGITS or len(crc) != CRC_DIGITS:
        return None
    try:
        check = binascii.unhexlify(crc)
    except ValueError:
        return None
    return (int(size), check) if 0 < int(size) <= frame.PHOTO_MAX else None
