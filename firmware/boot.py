"""Runs first and does little: puts the application slot on the path."""

import sys

SLOT = "/a"  # the second slot and the trial counter come with the updater
if SLOT not in sys.path:
    sys.path.insert(0, SLOT)
