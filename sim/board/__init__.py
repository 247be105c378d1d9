"""A simulated controller: the real firmware on a real MicroPython VM, behind the two ptys, the drive
and the flash of a Pico, with the physics around it.

`facepay sim board --directory DIR` serves one until it is stopped; `SimBoard(directory)` has one for
as long as it is wanted and speaks to it. What can be done to it: edge/docs/SIMULATOR.md.
"""

from sim.board.hand.client import Advance, Colour, Control, Lamps, Light
from sim.board.hand.process import SimBoard
from sim.board.prepare import make_key

__all__ = ["Advance", "Colour", "Control", "Lamps", "Light", "SimBoard", "make_key"]
