"""Runs first. Puts the application slot on the path and the lamps out (they keep their colour
over a reset)."""

import sys

SLOT = "/a"  # the second slot and the trial counter come with the updater
if SLOT not in sys.path:
    sys.path.insert(0, SLOT)
