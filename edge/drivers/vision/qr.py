"""QR codes in a shot, read by zxing-cpp (77 % of hard pictures at 0.8 ms; below 3 px a module
nothing reads).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import zxingcpp

if TYPE_CHECKING:
    from edge.drivers.vision import Rgb

TEXT_MAX = 512  # a medical-insurance code is < 100 characters
CODES_MAX = 2


def texts(rgb: Rgb) -> list[str]:
    """The texts of the codes in the shot, at most `CODES_MAX`; unprintable or longer than
    `TEXT_MAX` are not ours.
    """
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(rgb), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    )
    seen = [code.text for code in found[:CODES_MAX]]
    return [text for text in seen if 0 < len(text) <= TEXT_MAX and text.isprintable()]
