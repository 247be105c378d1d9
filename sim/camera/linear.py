"""Between a picture's values and light: sRGB, a locked exposure, JPEG as the camera makes it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from edge.drivers.vision.glow import LINEAR
from sim.camera.pixels import JPEG_QUALITY, Floats, Rgb, Sensor


def light(picture: Floats | Rgb) -> Floats:
    """0..255 -> linear 0..1."""
    return LINEAR.take(np.clip(picture, 0, 255).astype(np.uint8), mode="clip")


def values(linear: Floats) -> Floats:
    """Linear 0..1 -> 0..255, clipped as a sensor does."""
    at = np.clip(linear * np.float32(_STEPS - 1), 0, _STEPS - 1).astype(np.int16)
    return np.asarray(_CURVE.take(at, mode="clip"), np.float32)


def shot(linear: Floats, sensor: Sensor, exposure: float, gain: float = 1.0) -> bytes:
    """The JPEG of one shot."""
    rgb = sensor.expose(values(linear * np.float32(exposure)), gain)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


_STEPS = 4096


def _curve() -> Floats:
    x = np.linspace(0, 1, _STEPS, dtype=np.float32)
    low, high = 12.92 * x, 1.055 * np.power(x, 1 / 2.4) - 0.055
    return np.asarray(np.where(x <= 0.0031308, low, high) * 255.0, np.float32)


_CURVE = _curve()
