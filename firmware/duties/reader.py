"""Lines of the reader: a card, a code, or neither.

Pure. A card is two digits of the certificate type, a comma, the number; a code is "QR," and the
text. Both leave the board encrypted (frame.SECRET).
"""

from edge.wire import frame

try:
    from typing import Any
except ImportError:  # on the board
    pass


CARD_MAX = 32
CERT_BYTES = 2
CODE_MARK = b"QR,"


def report_of(line: bytes) -> "Any":
    """(type, payload) of a line; None for one that is neither a card nor a code."""
    line = line.strip()
    if line.startswith(CODE_MARK):
        text = line[len(CODE_MARK) :]
        good = 0 < len(text) <= frame.PAYLOAD_MAX and all([32 < c < 127 for c in text])
        return (frame.CODE, text) if good else None
    cert_type, comma, number = line.partition(b",")
    good = (
        comma == b","
        and len(cert_type) == CERT_BYTES
        and cert_type.isdigit()
        and 0 < len(number) <= CARD_MAX
        and all([48 <= c <= 57 or 65 <= c <= 90 for c in number])
    )
    return (frame.CARD, cert_type + number) if good else None
