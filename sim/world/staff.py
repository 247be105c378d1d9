"""The staff of the clinic and of the centre in virtual time: they work off tasks, and somebody at the
centre looks into a suspicion and lifts it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Final

from edge.core.books import tasks
from edge.core.effects import Reply
from edge.core.events import TaskCloseArrived
from edge.core.types import Task, TaskStatus
from sim.world.terminal import STAFF_CALLS, VirtualTerminal
from sim.world.time import HOUR_MS, Timeline

DONE: Final = 0.5  # of what they find at each look
FINE: Final = frozenset({202, 409, 503})  # recorded; done already; the terminal takes nothing now


class Staff:
    """Looks every hour. Dice of its own, so that the patients' days stay what they were."""

    def __init__(
        self, time: Timeline, device: VirtualTerminal, lift: Callable[[int], bool], epoch_ms: int
    ) -> None:
        self.time, self.device, self._lift, self._epoch_ms = time, device, lift, epoch_ms
        self._dice = random.Random(f"staff {time.seed}")
        self._calls = STAFF_CALLS
        device.on_staff_reply = self._replied
        time.at(HOUR_MS, self._look)

    def _look(self) -> None:
        self.time.at(HOUR_MS, self._look)
        if self._lift(self._epoch_ms + self.time.now_ms):
            self.time.counts["freeze lifted"] += 1
        if not self.device.alive:
            return
        for task in self.device.terminal.tasks():
            if task.status is TaskStatus.OPEN and self._dice.random() < DONE:
                self._close(task)

    def _close(self, task: Task) -> None:
        how = tasks.hows(task)[0]
        amount_fen = 0 if how == "checked" else abs(task.due_fen)
        self._calls += 1
        key = f"staff-{self._calls}"
        digest = hashlib.sha256(f"{task.task_id} {how}".encode()).digest()
        self.time.counts[f"closed {task.kind}"] += 1
        self.device.post(
            TaskCloseArrived(self._calls, key, digest, task.task_id, how, amount_fen, "staff")
        )

    def _replied(self, reply: Reply) -> None:
        if reply.status not in FINE:
            self.time.violated("one reply", f"a closing got {reply.status} {reply.body}")
