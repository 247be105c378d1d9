"""A clinic for one scene: the real terminal, store, wire and centre in virtual time, a patient who does
what the screen says, and a network that goes when the scene wants it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from edge.core.effects import Reply, Show
from edge.core.events import BillArrived
from edge.core.types import Bill, BillState, FeeLine
from sim import world
from sim.centre import audit
from sim.world import World
from sim.world.people import Manner
from sim.world.time import HOUR_MS, MINUTE_MS, SECOND_MS

SEED = 20
FOR_EVER_MS = 365 * 24 * HOUR_MS


class Clinic:
    """`bill` sends one, `waits` lets time pass, `offline` pulls the cable for a while."""

    def __init__(self, scene: World, means: str = "card") -> None:
        self.world, self.time, self.device = scene, scene.time, scene.device
        self.replies: list[Reply] = []
        self.screens: list[Show] = []
        self.person = scene.people[0]
        self._manner = Manner(self.person, means, False, False, False, False)
        scene.patients._manner = self._well_behaved
        sees = self.device.on_show

        def seen(show: Show) -> None:
            self.screens.append(show)
            sees(show)

        self.device.on_show = seen
        self.device.on_reply = self.replies.append
        self._calls = 10_000
        self.device.boot()
        self.waits(MINUTE_MS)

    def _well_behaved(self, visit: int) -> Manner:
        self.world.patients._manners = {(self.device.boots, visit): self._manner}
        return self._manner

    # -- the HIS -----------------------------------------------------------------------------------
    def bill(
        self, number: str, amount_fen: int = 100_00, *, key: str = "", prefer: str = "prefer_online"
    ) -> str:
        """POST /v1/bills; the bill's id."""
        made = Bill(
            "settle",
            number,
            amount_fen,
            (FeeLine("1", "SYN-A-0001", "合成甲类药一", amount_fen),),
            dept_code="0300",
            dept_name="内科",
            dr_name="测试医生",
            atddr_no="D1",
            prefer=prefer,
        )
        reply = self.post(made, key or f"key-{number}")
        assert reply.status == 202, reply.body
        return str(reply.body["bill_id"])

    def post(self, made: Bill, key: str) -> Reply:
        """Whatever comes of it."""
        self._calls += 1
        digest = hashlib.sha256(msgspec.json.encode(made)).digest()
        self.device.post(BillArrived(self._calls, key, digest, made))
        (reply,) = [one for one in self.replies if one.call == self._calls]
        return reply

    def state(self, bill_id: str) -> BillState:
        """The bill as it would be after a power cut now."""
        found = self.device.bill(bill_id)
        assert found is not None
        return found

    def waits(self, ms: int) -> None:
        """Time passes."""
        self.time.run(self.time.now_ms + ms)

    def serves(self, number: str, amount_fen: int = 100_00) -> BillState:
        """A bill and its patient, until the screen is free again."""
        bill_id = self.bill(number, amount_fen)
        self.waits(3 * MINUTE_MS)
        return self.state(bill_id)

    # -- what goes wrong ---------------------------------------------------------------------------
    @contextmanager
    def offline(self) -> Iterator[None]:
        """No network inside; afterwards it is back, and the terminal has had time to notice."""
        net = self.world.net
        net.unreachable += 1
        net._lose(net._session)
        self.waits(10 * SECOND_MS)
        try:
            yield
        finally:
            net.unreachable -= 1
            self.waits(10 * MINUTE_MS)

    def pull_the_plug(self, dark_ms: int = 30 * SECOND_MS) -> None:
        """Now; and power again after a while."""
        self.device.switch_off()
        self.waits(dark_ms)
        self.device.boot()
        self.waits(MINUTE_MS)

    # -- the books ---------------------------------------------------------------------------------
    def settled(self) -> dict[str, tuple[str, int, int, int]]:
        """bill number -> what the centre has settled for it, now."""
        return audit.settled_bills(self.world.made.store)

    def once(self, *numbers: str) -> None:
        """Exactly these bills are settled at the centre, each once; the books agree."""
        assert set(self.settled()) == set(numbers)
        assert audit.doubles(self.world.made.store) == []
        assert audit.audit(self.world.made.store).faults == ()
        assert not self.time.violations, self.time.violations


@contextmanager
def clinic(means: str = "card", *, seed: int = SEED, profile: str = "P1") -> Iterator[Clinic]:
    """A clinic that is open."""
    with world.fast_folder() as folder:
        scene = World(seed, folder, profile=profile)
        made = Clinic(scene, means)
        try:
            yield made
        finally:
            if made.device.alive:
                made.device.stop()
            scene.made.close()
