"""Between a picture's values and light: sRGB, a locked exposure, JPEG as the camera makes it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from edge.drivers.vision.light.glow import LINEAR
from sim.camera.pixels import JPEG_QUALITY, QUICK, Floats, Indices, Rgb, Sensor


def light(picture: Floats | Rgb) -> Floats:
    """0..255 -> linear 0..1."""
    whole = picture if picture.dtype == np.uint8 else np.clip(picture, 0, 255)
    return LINEAR.take(whole.astype(np.uint8, copy=False), mode=QUICK)


def values(linear: Floats) -> Floats:
    """Linear 0..1 -> 0..255, clipped as a sensor does."""
    return np.asarray(_CURVE.take(_steps(linear), mode=QUICK), np.float32)


def picture(linear: Floats) -> Rgb:
    """`values`, rounded down."""
    return np.asarray(_WHOLE.take(_steps(linear), mode=QUICK), np.uint8)


def shot(linear: Floats, sensor: Sensor, exposure: float, gain: float = 1.0) -> bytes:
    """The JPEG of one shot."""
    at = _steps(linear * np.float32(exposure))
    noise = sensor.noise(_CURVE).take(at, mode=QUICK)
    rgb = sensor.develop(_CURVE.take(at, mode=QUICK), noise, gain)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


_STEPS = 4096


def _curve() -> Floats:
    x = np.linspace(0, 1, _STEPS, dtype=np.float32)
    low, high = 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055
    return np.asarray(np.where(x <= 0.0031308, low, high) * 255.0, np.float32)


_CURVE = _curve()
_WHOLE = _CURVE.astype(np.uint8)


def _steps(linear: Floats) -> Indices:
    """Where in the curve. Whole numbers are cut off several times faster; light is below 2**31."""
    at = (linear * np.float32(_STEPS - 1)).astype(np.int32)
    return np.clip(at, 0, _STEPS - 1, out=at).astype(np.intp)
