"""A picture of a run: what was done, said, heard, shown and sounded on one axis of time; one HTML file
without a script and without anything from outside."""

from __future__ import annotations

from sim.scenes.picture.draw import page
from sim.scenes.picture.watch import observe

__all__ = ["observe", "page"]
