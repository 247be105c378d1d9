"""The parts of a virtual terminal that come and go, camera and controller; and of the controller what
matters to the ledger: the witness in its flash, which survives power cuts, restarts and whatever
happens to the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.agent import beside
from edge.core.events import BoardLost, BoardUp, CameraBack, CameraLost, Event, Witnessed
from edge.core.types import Head

if TYPE_CHECKING:
    from sim.world.terminal import VirtualTerminal

CABLE_MS: Final = 30
NOTHING: Final = Head(epoch=0, seq=0, hash=bytes(32))


class Board:
    """One controller: its name, and the newest head it was shown."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self.held: Head | None = None

    def up(self) -> BoardUp:
        """It says hello."""
        return BoardUp({"uid": self.uid})

    def witness(self, device: VirtualTerminal, head: Head | None) -> None:
        """Ask it what it holds, or show it this head; it answers unless it is away by then."""
        boots = device.boots

        def answers() -> None:
            if device.alive and boots == device.boots and "board" not in device.lost_parts:
                device.post(beside(self._takes(head), device.store))

        device.time.at(CABLE_MS, answers)

    def _takes(self, head: Head | None) -> Witnessed:
        known = self.held
        if head is not None:
            ahead = known is None or (head.epoch, head.seq) > (known.epoch, known.seq)
            if not ahead and head != known:
                return Witnessed("behind", known or NOTHING)
            self.held = head
        return Witnessed("empty" if self.held is None else "held", self.held or NOTHING)


def gone(part: str) -> Event:
    """The camera or the controller does not answer."""
    return CameraLost("E-CAM-04") if part == "camera" else BoardLost("E-BRD-06")


def lose(device: VirtualTerminal, part: str) -> None:
    """It is gone, and the agent is told."""
    device.lost_parts.add(part)
    device.post(gone(part))


def find(device: VirtualTerminal, part: str) -> None:
    """It is back."""
    device.lost_parts.discard(part)
    device.post(CameraBack() if part == "camera" else device.board.up())
