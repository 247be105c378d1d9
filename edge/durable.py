"""What a file's own fsync does not say: that its name is in its folder for good."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """What was made, renamed or removed in the folder survives a power cut from here on. OSError
    passes: an error that nobody reads is a promise that nobody keeps."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
