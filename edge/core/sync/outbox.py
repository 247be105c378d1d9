"""What to send when: an own window, go back to the last answered record, never a word while
disconnected.

A PUBACK frees a place in the window and proves nothing (a 3.1.1 broker acknowledges what its ACL
forbids, and drops it). Only a verified answer moves `answered_seq`. The outbox knows numbers and
sizes; the bytes stay in the store, so a resend carries the same bytes by construction."""

from __future__ import annotations

from collections.abc import Iterable

from edge.core.effects import Connect, Disconnect, Effect, Publish
from edge.core.events import Answered, Appended, Event, Freed, LinkLost, LinkUp, SyncAsked
from edge.core.sync.reconnect import Act, Link, Reconnect, Sign, Timing
from edge.core.types import Answer, Credit, Dice, Now

RECORDS_MAX = 64  # per envelope (PROTOCOL: Envelope)
BYTES_MAX = 32 * 1024
ENVELOPE_OVERHEAD = 192  # bytes: map, terminal name, policy hash, numbers
RECORD_OVERHEAD = 5  # bytes: the byte-string head in front of each record
WINDOW_MAX = 20  # envelopes the broker has not acknowledged, whatever the centre allows
AHEAD_MAX = 64  # envelopes sent beyond the last answer: bounds what one go-back can cost
PENDING_MAX = 200_000  # records without an answer; the policy's and the disk's limits lie far below
PACE_MAX_MS = 60_000
SPREAD_MAX_MS = 3_600_000
RTT_FACTOR = 4
QUIET_MAX_MS = 300_000  # however slow the link was, ask again after this
REFUSED_PAUSE_MS = 5_000  # after a negative PUBACK: the broker is full or says no
HELLO = 0  # stands for "no records" where a first number is kept
HURRY_EVERY_MS = 5_000  # asked for more often: the first one counts
HELLO_EVERY_MS = 3_600_000  # nothing to send for this long: ask where the centre stands


class Outbox:
    """One terminal's uplink: decides Connect, Disconnect and Publish. Pure; times are ms since
    boot."""

    def __init__(self, dice: Dice, timing: Timing | None = None) -> None:
        self._timing = timing or Timing()
        self._link = Reconnect(dice, self._timing)
        self._credit = Credit()
        self._sizes: dict[int, int] = {}  # of the records without an answer
        self._decided: set[int] = set()  # beyond a hole in the answers
        self._hurried_ms = -HURRY_EVERY_MS
        self._token = 0  # of the last envelope; never used twice while we run
        self.head_seq = 0
        self.answered_seq = 0
        self._forget_session(0)

    def restore(self, head_seq: int, answered_seq: int, sizes: Iterable[int]) -> None:
        """Go on where the store stopped: `sizes` of the records answered_seq+1 .. head_seq, in
        bytes."""
        self.head_seq, self.answered_seq = head_seq, answered_seq
        self._sizes = dict(enumerate(sizes, start=answered_seq + 1))
        self._decided = set()
        assert len(self._sizes) == head_seq - answered_seq <= PENDING_MAX, "sizes do not fit"
        self._next = answered_seq + 1

    @property
    def up(self) -> bool:
        return self._link.up

    @property
    def state(self) -> str:
        """Where the link stands (`reconnect.Link`)."""
        return str(self._link.state)

    def next_try_ms(self, now_ms: int) -> int:
        """Until the next attempt, 0 when none is planned."""
        due = self._link.deadline() if self._link.state is Link.WAITING else None
        return 0 if due is None else max(0, due - now_ms)

    @property
    def waiting_bytes(self) -> int:
        """Their size."""
        return sum(self._sizes.values())

    @property
    def waiting(self) -> int:
        """Records without an answer."""
        return self.head_seq - self.answered_seq

    def start(self, now: Now) -> list[Effect]:
        """The first connect of a boot is immediate."""
        return self._turn(Sign.START, now)

    def stop(self, now: Now) -> list[Effect]:
        """Leave the broker and stay away."""
        return self._turn(Sign.STOP, now)

    def step(self, event: Event, now: Now) -> list[Effect]:
        """React to the link's and the store's events; any other event just lets due things
        happen."""
        effects: list[Effect] = []
        if isinstance(event, LinkUp):
            effects += self._turn(Sign.UP, now)
        elif isinstance(event, LinkLost):
            effects += self._turn(Sign.LOST, now, refused=event.refused)
        elif isinstance(event, SyncAsked):
            effects += self._hurry(now)
        elif isinstance(event, Freed):
            self._freed(event, now.mono_ms)
        elif isinstance(event, Appended):
            self._appended(event)
        elif isinstance(event, Answered):
            self._answered(event.answer, now.mono_ms)
        effects += self._turn(Sign.DUE, now)
        if self._link.up:
            effects += self._quiet(now)
        if self._link.up:
            effects += self._pump(now.mono_ms)
        return effects

    def deadline(self) -> int | None:
        """When `step(Tick)` has something to do, in ms since boot."""
        due = [self._link.deadline()]
        if self._link.up:
            due.append(self._patience_ends())
            if self._may_send() and (self._hello_due or self._next <= self.head_seq):
                due.append(self._hold_until)
        return min((moment for moment in due if moment is not None), default=None)

    # -- the link ----------------------------------------------------------------------------------
    def _turn(self, sign: Sign, now: Now, *, refused: bool = False) -> list[Effect]:
        act = self._link.step(sign, now.mono_ms, refused=refused)
        if act is Act.ATTEMPT:
            return [Connect()]
        if act in (Act.GREET, Act.SPREAD, Act.LEAVE):
            self._forget_session(now.mono_ms)
            self._hello_due = act is Act.GREET
        return [Disconnect()] if act is Act.LEAVE else []

    def _hurry(self, now: Now) -> list[Effect]:
        """Somebody wants it now: no spread, no back-off; over a link that is up, ask where the centre
        stands and send what waits."""
        if now.mono_ms - self._hurried_ms < HURRY_EVERY_MS:
            return []
        self._hurried_ms = now.mono_ms
        if not self._link.up:
            return self._turn(Sign.HURRY, now)
        self._hello_due, self._hold_until = True, now.mono_ms
        return []

    def _forget_session(self, now_ms: int) -> None:
        """Nothing depends on broker state: what is not answered is sent again."""
        self._under_way: dict[int, tuple[int, int]] = {}  # token -> (first_seq, sent at)
        self._ahead: list[tuple[int, int]] = []  # (last_seq, sent at), not yet answered
        self._next = self.answered_seq + 1
        self._resent_to = self.answered_seq
        self._hello_due = False
        self._hello_open = False
        self._probing = False
        self._went_back_at = -1  # answered_seq of the last immediate go-back
        self._hold_until = now_ms
        self._heard_ms = now_ms  # any answer
        self._moved_ms = now_ms  # an answer that got us further, or our own going back
        self._rtt_ms = 0

    # -- events ------------------------------------------------------------------------------------
    def _appended(self, event: Appended) -> None:
        assert event.seq == self.head_seq + 1, (event.seq, self.head_seq)
        assert len(self._sizes) < PENDING_MAX, "the limits let too many records in"
        self.head_seq = event.seq
        self._sizes[event.seq] = event.size

    def _freed(self, event: Freed, now_ms: int) -> None:
        sent = self._under_way.pop(event.token, None)
        if sent is None or event.ok:  # None: of an earlier connection
            return
        first_seq, _ = sent  # the broker did not take it: it was not sent
        self._hold_until = now_ms + REFUSED_PAUSE_MS
        if first_seq == HELLO:
            self._hello_due = True
        else:
            self._go_back(max(first_seq, self.answered_seq + 1))

    def _answered(self, answer: Answer, now_ms: int) -> None:
        self._take_credit(answer.credit)
        self._heard_ms = now_ms
        was_hello, self._hello_open = self._hello_open, False
        before = self.answered_seq
        self._decided.update(r.seq for r in answer.results if before < r.seq <= self.head_seq)
        while self.answered_seq + 1 in self._decided:
            self.answered_seq += 1
            self._decided.discard(self.answered_seq)
            del self._sizes[self.answered_seq]
        self._measure(now_ms)
        if self.answered_seq > before:
            self._moved_ms = now_ms
            self._probing = False
            self._next = max(self._next, self.answered_seq + 1)
        if was_hello:  # sent ahead of the records, so it says nothing about them
            return
        hole = answer.upto_seq > self.answered_seq or bool(self._decided)
        standstill = not answer.results and answer.upto_seq < self._next - 1
        if (hole or standstill) and self._went_back_at != self.answered_seq:
            self._went_back_at = self.answered_seq  # once; after that only the clock sends us back
            self._go_back(self.answered_seq + 1)

    def _take_credit(self, credit: Credit) -> None:
        self._credit = Credit(
            window=min(max(credit.window, 1), WINDOW_MAX),
            pace_ms=min(max(credit.pace_ms, 0), PACE_MAX_MS),
            spread_ms=min(max(credit.spread_ms, 0), SPREAD_MAX_MS),
        )
        self._link.announced_spread_ms = self._credit.spread_ms

    def _measure(self, now_ms: int) -> None:
        """Round trip of envelopes that were sent once only (Karn): a resend's answer may belong to
        either."""
        while self._ahead and self._ahead[0][0] <= self.answered_seq:
            last_seq, sent_ms = self._ahead.pop(0)
            if last_seq > self._resent_to:
                sample = now_ms - sent_ms
                self._rtt_ms = (7 * self._rtt_ms + sample) // 8 if self._rtt_ms else sample

    def _go_back(self, seq: int) -> None:
        """Send again from `seq`: nothing beyond it is known to have arrived."""
        self._resent_to = max(self._resent_to, self._next - 1)
        self._next = min(self._next, seq)
        self._ahead = [sent for sent in self._ahead if sent[0] < seq]

    # -- the clock ---------------------------------------------------------------------------------
    def _patience(self) -> int:
        return min(max(self._timing.quiet_ms, RTT_FACTOR * self._rtt_ms), QUIET_MAX_MS)

    def _patience_ends(self) -> int:
        sent = [moment for _, moment in (*self._ahead, *self._under_way.values())]
        if sent or self._hello_open:
            return max(min(sent, default=0), self._moved_ms) + self._patience()
        return self._heard_ms + HELLO_EVERY_MS

    def _quiet(self, now: Now) -> list[Effect]:
        """No answer progressed in time: the envelopes, the answers or the link are gone."""
        if now.mono_ms < self._patience_ends():
            return []
        longest = min((sent for _, sent in self._under_way.values()), default=now.mono_ms)
        if (
            now.mono_ms - longest >= self._patience()
        ):  # not even the broker answers: the link is up in name only
            return self._turn(Sign.DROP, now)
        self._heard_ms = self._moved_ms = now.mono_ms
        self._hello_due = self._hello_due or not self._ahead
        self._hello_open = False
        self._probing = bool(self._ahead)  # one envelope at a time until somebody answers
        self._go_back(self.answered_seq + 1)
        return []

    # -- sending -----------------------------------------------------------------------------------
    def _may_send(self) -> bool:
        ahead = 1 if self._probing else AHEAD_MAX
        return len(self._under_way) < self._credit.window and len(self._ahead) < ahead

    def _pump(self, now_ms: int) -> list[Effect]:
        effects: list[Effect] = []
        while self._may_send() and now_ms >= self._hold_until:
            if self._hello_due:
                self._hello_due, self._hello_open = False, True
                effects.append(self._publish(HELLO, self.head_seq, now_ms))
            elif self._next <= self.head_seq:
                last_seq = self._batch_end(self._next)
                effects.append(self._publish(self._next, last_seq, now_ms))
                self._ahead.append((last_seq, now_ms))
                self._next = last_seq + 1
            else:
                break
        return effects

    def _publish(self, first_seq: int, last_seq: int, now_ms: int) -> Publish:
        self._token += 1
        self._under_way[self._token] = (first_seq, now_ms)
        self._hold_until = now_ms + self._credit.pace_ms
        if first_seq == HELLO:  # no records: the next number, and an end before it
            first_seq = last_seq + 1
        return Publish(token=self._token, first_seq=first_seq, last_seq=last_seq)

    def _batch_end(self, first_seq: int) -> int:
        """The last record that fits into one envelope from `first_seq` on; a larger record travels
        alone."""
        room = BYTES_MAX - ENVELOPE_OVERHEAD
        last_seq = first_seq
        for seq in range(first_seq, min(first_seq + RECORDS_MAX, self.head_seq + 1)):
            room -= self._sizes[seq] + RECORD_OVERHEAD
            if room < 0 and seq > first_seq:
                break
            last_seq = seq
        return last_seq
