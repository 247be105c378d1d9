"""QR codes in a shot, read by zxing-cpp, and why one that is there cannot be read.

Measured on one code of version 4 (drawn, soft focus, noise): at 3.5 px a module read up to a blur of
1.5 px, at 4.5 up to 2, at 6 up to 2.5; a doubled and sharpened picture reads half a pixel of blur
more, and finds codes that are too small to be read. A shot in which nothing was read gets that
second look, or one with another threshold, in turns: glare of up to a third of the code is read by
that.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import zxingcpp
from msgspec import Struct
from msgspec.structs import replace
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.drivers.vision import Rgb

TEXT_MAX = 512  # a medical-insurance code is < 100 characters
CODES_MAX = 2
MODULE_PX_MIN = 4.5  # below, a hand's tremble is enough to make it unreadable
MODULES = 33  # version 4: what is assumed where the version could not be read
GLARE = 230  # luma: whiter than paper, near where a sensor has nothing more to say
GLARE_SHARE = 0.08  # of the code's pixels in one burnt patch
PATCHES = 8  # glare is looked for in PATCHES x PATCHES parts: a white module is not one
UNREAD_SHOTS = 5  # that show one before anything is said: a third of a second
LOOKS = 2  # kinds of a second look, in turns: a code may be there for one of them only
SHARP_RADIUS, SHARP_PERCENT = 4, 300  # read at 4 px and 2.5 of blur 3 of 4; a third less of both: none


class Unread(Struct, frozen=True):
    """A code that was found and not read. problem: code_small, code_glare or code_unclear."""

    problem: str
    module_px: float


class Reader:
    """Reads shot by shot; remembers only how long a code has been there unread."""

    def __init__(self) -> None:
        self._shots = 0
        self._unread = list[float]()  # px a module of each shot that showed a code
        self._blank = 0  # shots in a row without one

    def read(self, rgb: Rgb) -> tuple[list[str], Unread | None]:
        """The texts of the codes in the shot, and, after `UNREAD_SHOTS` in which one was there but
        none was read, why.
        """
        self._shots += 1
        luma = np.asarray(Image.fromarray(rgb).convert("L"))
        texts, seen = _texts(luma)
        if not texts:
            texts, more = _second_look(luma, self._shots)
            seen = seen or more
        self._blank = 0 if seen else self._blank + 1
        if texts or self._blank >= LOOKS:
            self._unread.clear()
        if texts or seen is None:
            return texts, None
        self._unread = [*self._unread[1 - UNREAD_SHOTS :], seen.module_px]
        if len(self._unread) < UNREAD_SHOTS:
            return [], None
        return [], _why(luma, replace(seen, module_px=median(self._unread)))


def _texts(luma: NDArray[np.uint8], scale: float = 1.0, **how: Any) -> tuple[list[str], Any]:
    """At most `CODES_MAX` texts; unprintable or longer than `TEXT_MAX` are not ours. And where a
    code is that could not be read: side in px, corners and modules, or None.
    """
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(luma),
        formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]),
        text_mode=zxingcpp.TextMode.Plain,  # or a control character becomes "<SOH>", printable
        return_errors=True,
        **how,
    )
    texts = [code.text for code in found if code.valid][:CODES_MAX]
    spoilt = [place for code in found if not code.valid and (place := _place(code, scale))]
    return [t for t in texts if 0 < len(t) <= TEXT_MAX and t.isprintable()], next(iter(spoilt), None)


def _second_look(luma: NDArray[np.uint8], turn: int) -> tuple[list[str], Any]:
    if turn % 2:
        return _texts(luma, binarizer=zxingcpp.Binarizer.GlobalHistogram)
    picture = Image.fromarray(luma)
    double = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)
    sharp = double.filter(ImageFilter.UnsharpMask(SHARP_RADIUS, SHARP_PERCENT, threshold=0))
    return _texts(np.asarray(sharp), scale=2.0)


class _Place(Struct, frozen=True):
    """A code's box in the shot and the width of a module."""

    left: int
    top: int
    right: int
    bottom: int
    module_px: float


def _place(code: Any, scale: float) -> _Place | None:
    """None for a micro code: noise looks like one."""
    extra = code.extra if isinstance(code.extra, dict) else {}
    version = str(extra.get("Version", ""))
    if version and not version.isdigit():
        return None
    modules = 17 + 4 * int(version) if version else MODULES
    p = code.position
    corners = [p.top_left, p.top_right, p.bottom_right, p.bottom_left]
    xs, ys = [c.x / scale for c in corners], [c.y / scale for c in corners]
    sides = [
        float(np.hypot(xs[i] - xs[i - 1], ys[i] - ys[i - 1])) for i in range(len(corners))
    ]
    box = (int(min(xs)), int(min(ys)), int(max(xs)) + 1, int(max(ys)) + 1)
    return _Place(*box, module_px=max(sides) / modules)


def _why(luma: NDArray[np.uint8], place: _Place) -> Unread:
    """What the patient can do about it: closer, tilted against the glare, or held still."""
    if place.module_px < MODULE_PX_MIN:
        return Unread("code_small", place.module_px)
    cut = luma[max(0, place.top) : place.bottom, max(0, place.left) : place.right]
    share = _burnt_share(cut)
    return Unread("code_glare" if share >= GLARE_SHARE else "code_unclear", place.module_px)


def _burnt_share(cut: NDArray[np.uint8]) -> float:
    """How much of the code lies in patches that are burnt through and through."""
    high, wide = cut.shape[0] // PATCHES, cut.shape[1] // PATCHES
    if high < 1 or wide < 1:
        return 0.0
    whole = cut[: high * PATCHES, : wide * PATCHES].reshape(PATCHES, high, PATCHES, wide)
    return float((whole.min(axis=(1, 3)) >= GLARE).mean())
