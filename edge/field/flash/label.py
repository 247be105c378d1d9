"""The label of a controller: a QR code and three lines, as SVG for any printer and as ZPL for label
printers. 50 x 25 mm."""

from __future__ import annotations

import html
import io
import re
from typing import Final

import segno

SERIAL: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{3,31}")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,15}")
DOTS_MM: Final = 8  # 203 dpi


def text_of(serial: str, board: str, fingerprint: str) -> str:
    """What the QR code says. Nothing in it is a secret."""
    assert SERIAL.fullmatch(serial)
    assert NAME.fullmatch(board)
    return f"facepay:1:{serial}:{board}:{fingerprint}"


def qr_svg(text: str) -> str:
    """The code alone, to be put into a page."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True, nl=False
    )
    return out.getvalue().decode("utf-8")


def svg(serial: str, board: str, fingerprint: str) -> str:
    """The whole label."""
    code = qr_svg(text_of(serial, board, fingerprint))
    inner = code.replace("<svg ", '<svg x="1" y="1.5" width="22" height="22" ', 1)
    lines = ((8, 4.2, 600, serial), (13.5, 3, 400, f"facepay {board}"), (18.5, 2.4, 400, fingerprint))
    text = "".join(
        f'<text x="24.5" y="{y}" font-size="{size}" font-weight="{weight}" textLength="{_width(size, word)}" '
        f'lengthAdjust="spacingAndGlyphs">{html.escape(word)}</text>'
        for y, size, weight, word in lines
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="50mm" height="25mm" viewBox="0 0 50 25" '
        f'font-family="monospace"><rect width="50" height="25" fill="#fff"/>{inner}{text}</svg>\n'
    )


def zpl(serial: str, board: str, fingerprint: str) -> str:
    """The same for a label printer at 203 dpi."""
    text = text_of(serial, board, fingerprint)
    x = 25 * DOTS_MM
    return (
        f"^XA^CI28^PW{50 * DOTS_MM}^LL{25 * DOTS_MM}^FO8,8^BQN,2,4^FDMA,{text}^FS"
        f"^FO{x},32^A0N,28,22^FD{serial}^FS^FO{x},80^A0N,22,20^FDfacepay {board}^FS"
        f"^FO{x},120^A0N,18,16^FD{fingerprint}^FS^XZ\n"
    )


def _width(size: float, word: str) -> float:
    """So that a long word stays on the label."""
    return round(min(24.5, len(word) * size * 0.6), 2)
