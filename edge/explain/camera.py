"""Codes of the camera."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "E-CAM-01": (
        "The camera, or the path of its pictures, is not there.",
        "Check the cable and [camera]; the terminal tries again by itself.",
    ),
    "E-CAM-02": (
        "The camera stopped delivering pictures.",
        "Check the cable; the terminal tries again by itself. Card and code work meanwhile.",
    ),
    "E-CAM-03": (
        "There is nothing to show at the camera's path.",
        "Put pictures or a video there.",
    ),
    "E-CAM-04": (
        "A picture cannot be read or is too large.",
        "Remove the damaged file, or check the camera.",
    ),
    "E-CAM-05": (
        "An option of the camera is wrong.",
        "See `facepay list camera` and the example configuration.",
    ),
    "E-CAM-06": (
        "This video needs ffmpeg, which is not installed.",
        "apt install ffmpeg, or use .mjpeg.",
    ),
    "E-CAM-07": (
        "This terminal has no camera.",
        "Patients use card or QR reader; or set [camera] driver.",
    ),
    "E-CAM-08": (
        "The camera gives the same picture again and again: it hangs, or a recording is fed in.",
        "Pull its plug and put it in again; look for what is between camera and board.",
    ),
    "E-CAM-09": (
        "The camera's pictures are too small, or their format changed while it ran.",
        "Set its size in [camera]; nothing else may use or replace the camera.",
    ),
    "E-CAM-10": (
        "There are lamps, and nothing holds the camera's exposure while they play: people may be refused.",
        "Set hold and free in [camera], or fix exposure and white balance in its command; see the example configuration.",
    ),
    "E-CAM-11": (
        "The camera is named by a number, which any other that is plugged in may get.",
        "ls -l /dev/v4l/by-id, and name it so in [camera].",
    ),
}
