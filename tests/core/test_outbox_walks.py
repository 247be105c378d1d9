"""The outbox against a network that loses, doubles and reorders, and a centre that restarts: any walk ends drained."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from edge.core.effects import Connect, Disconnect, Publish
from edge.core.events import Answered, Appended, Freed, LinkLost, LinkUp, Tick
from edge.core.sync.outbox import BYTES_MAX, RECORDS_MAX, WINDOW_MAX, Outbox
from edge.core.types import Answer, Credit, Now, Outcome, Result
from sim.dice import SeededDice

DRAIN_STEPS_MAX = 400
RARE = st.integers(0, 7).map(
    lambda drawn: drawn == 7
)  # or every walk would begin anew all the time


class Walk(RuleBasedStateMachine):
    """The model: which records exist, what is in the air, what the centre has decided and what we were told."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(SeededDice(4))
        self.sizes: dict[int, int] = {}
        self.told: set[int] = set()
        self.now = 0
        self.session = self.connecting = self.stopped = False
        self.air: list[Publish] = []
        self.unfreed: list[int] = []
        self.answers: list[Answer] = []
        self.decided = 0  # by the centre
        self.number = self.newest = 0
        self.window = Credit().window
        self.handle(self.outbox.start(Now(0, 0)))

    # -- the rim: what the outbox asks for
    def handle(self, effects) -> None:
        for effect in effects:
            if isinstance(effect, Connect):
                assert not self.session, "connects while connected"
                self.connecting = True
            elif isinstance(effect, Disconnect):
                self.session = False
                self.unfreed.clear()
            elif isinstance(effect, Publish):
                self.publish(effect)

    def publish(self, effect: Publish) -> None:
        assert self.session, "publishes while disconnected"
        self.air.append(effect)
        self.unfreed.append(effect.token)
        assert len(self.unfreed) <= min(self.window, WINDOW_MAX)
        count = effect.last_seq - effect.first_seq + 1
        assert 0 <= count <= RECORDS_MAX
        if count == 0:
            assert effect.first_seq == len(self.sizes) + 1
            return
        assert effect.first_seq >= 1
        assert effect.last_seq <= len(self.sizes), "publishes what is not durable"
        size = sum(self.sizes[seq] for seq in range(effect.first_seq, effect.last_seq + 1))
        assert count == 1 or size <= BYTES_MAX

    def step(self, event) -> None:
        self.handle(self.outbox.step(event, Now(0, self.now)))

    # -- the world
    @rule(size=st.sampled_from([300, 700, 5_000, 20_000, 40_000]), count=st.integers(1, 5))
    def append(self, size, count):
        for _ in range(count):
            seq = len(self.sizes) + 1
            self.sizes[seq] = size
            self.step(Appended(seq, bytes(16), bytes(32), size))

    @precondition(lambda self: self.connecting)
    @rule(works=st.sampled_from([True, True, True, False]), refused=st.booleans())
    def connect_ends(self, works, refused):
        self.connecting = False
        self.session = works
        self.unfreed.clear()
        self.step(LinkUp() if works else LinkLost("E-NET-01", refused=refused))

    @precondition(lambda self: self.session)
    @rule(sure=RARE)
    def link_breaks(self, sure):
        if not sure:
            return
        self.session = False
        self.unfreed.clear()
        self.step(LinkLost("E-NET-01"))

    @precondition(lambda self: self.unfreed)
    @rule(pick=st.integers(0, 100), ok=st.integers(0, 5))
    def puback(self, pick, ok):
        token = self.unfreed.pop(pick % len(self.unfreed))
        self.step(Freed(token, ok > 0))

    @precondition(lambda self: self.air)
    @rule(pick=st.integers(0, 100), stays=st.integers(0, 3))
    def centre_gets(self, pick, stays):
        index = pick % len(self.air)
        envelope = self.air[index] if stays == 0 else self.air.pop(index)
        before = self.decided
        if envelope.first_seq <= self.decided + 1:
            self.decided = max(self.decided, envelope.last_seq)
        known = range(envelope.first_seq, min(envelope.last_seq, self.decided) + 1)
        assert self.decided >= before
        self.answer(tuple(known))

    def answer(self, seqs: tuple[int, ...]) -> None:
        self.number += 1
        results = tuple(Result(seq, Outcome.SETTLED, {}, b"") for seq in seqs)
        credit = Credit(window=self.window)
        self.answers.append(
            Answer(self.number, 1, self.decided, bytes(32), results, 0, credit, 0, bytes(32))
        )

    @precondition(lambda self: self.air or self.answers)
    @rule(what=st.sampled_from(["envelopes", "answers", "both"]))
    def network_loses(self, what):
        if what != "answers":
            self.air.clear()
        if what != "envelopes":
            self.answers.clear()

    @precondition(lambda self: self.answers and self.session)
    @rule(pick=st.integers(0, 100))
    def answer_arrives(self, pick):
        answer = self.answers.pop(pick % len(self.answers))
        if answer.number > self.newest:  # wire.trusted ignores older ones
            self.newest = answer.number
            self.told |= {result.seq for result in answer.results}
            self.step(Answered(answer))

    @rule(window=st.integers(1, 30))
    def centre_changes_its_mind(self, window):
        if not self.unfreed and not self.answers:
            self.window = window if self.session else self.window
            if self.session:
                self.answer(())
                self.answer_arrives(0)

    @rule(part=st.integers(1, 4))
    def time_passes(self, part):
        due = self.outbox.deadline()
        if due is not None:
            self.now = (
                max(self.now, due)
                if part == 1
                else max(self.now, self.now + (due - self.now) // part)
            )
            self.step(Tick())

    @rule(sure=RARE)
    def power_cut(self, sure):
        """The agent is gone; the store gives it back what was durable."""
        if not sure:
            return
        self.session = self.connecting = False
        self.unfreed.clear()
        answered = 0
        while answered + 1 in self.told:
            answered += 1
        self.outbox = Outbox(SeededDice(self.now), None)
        self.outbox.restore(
            len(self.sizes), answered, [self.sizes[s] for s in sorted(self.sizes) if s > answered]
        )
        self.window = Credit().window
        self.handle(self.outbox.start(Now(0, self.now)))

    # -- what must hold all the time
    @invariant()
    def answered_means_told(self):
        assert set(range(1, self.outbox.answered_seq + 1)) <= self.told
        assert self.outbox.waiting == len(self.sizes) - self.outbox.answered_seq

    @invariant()
    def something_always_happens_next(self):
        if not self.connecting:
            assert self.outbox.deadline() is not None

    # -- what must hold in the end
    def teardown(self):
        """Heal everything: whatever happened, it drains, without help from outside and in bounded steps."""
        for _ in range(DRAIN_STEPS_MAX):
            if self.connecting:
                self.connect_ends(True, False)
            while self.unfreed:
                self.puback(0, 1)
            while self.air:
                self.centre_gets(0, 1)
            while self.answers and self.session:
                self.answer_arrives(0)
            if not self.outbox.waiting:
                break
            if not self.air and not self.unfreed and not self.connecting:
                self.now = max(self.now, self.outbox.deadline())
                self.step(Tick())
        assert self.outbox.waiting == 0
        assert self.decided == len(self.sizes)


def test_any_walk_ends_drained():
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=300, stateful_step_count=60, deadline=None, derandomize=True, database=None
        ),
    )
