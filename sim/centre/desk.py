"""The centre's desk: one message of a terminal in, one database transaction, answers out after the
commit."""

from __future__ import annotations

import logging
import threading
from typing import Final

import sqlalchemy as sa
from msgspec import Struct, field

from edge.core.types import Caps, Credit, Dice, LivenessRules
from edge.dice import SystemDice
from edge.errors import EdgeError
from edge.suites import es256
from edge.wire import ask as wire_ask
from edge.wire import envelope, topics
from sim.bank.port import Bank, Loan
from sim.centre import answers, asks, intake
from sim.centre.answers import Message, Reply
from sim.centre.books import policy, registry, wallet
from sim.centre.books import store as t
from sim.centre.books.log import Log
from sim.centre.books.people import Faces
from sim.centre.books.policy import Issuer
from sim.centre.books.registry import Terminal
from sim.centre.books.rules import Region
from sim.centre.deciding import legs
from sim.centre.intake import Counter, Turn
from sim.centre.keys import CentreKeys
from sim.centre.mobile import booking

log = logging.getLogger("facepay.centre")
TERMINALS_CACHED_MAX: Final = 4096
INCIDENTS_MAX: Final = (
    100_000  # a flood of rubbish must not fill the disk; the counters in the log go on
)


class Pass(Struct, frozen=True):
    """How a message is taken: `careful` after our own program failed at it, `asked` after the bank
    was asked, which said `credit`; `waits` collects the orders that a record waits for, `wants` whose
    credit a question needs (psn_no, med_type)."""

    careful: bool
    asked: bool
    credit: Loan | None = None
    waits: list[str] = field(default_factory=list)
    wants: list[tuple[str, str]] = field(default_factory=list)


class Centre:
    """One worker. `on_message` is safe to call from several threads; they wait for each other."""

    def __init__(
        self,
        store: t.Store,
        keys: CentreKeys,
        region: Region,
        *,
        shards: int = 16,
        credit: Credit | None = None,
        caps: Caps | None = None,
        liveness: LivenessRules | None = None,
        faces: Faces | None = None,
        dice: Dice | None = None,
        bank: Bank | None = None,
    ) -> None:
        self.store = store
        self.keys = keys
        self.region = region
        self.shards = shards
        self.credit = credit or Credit()
        self.issuer = Issuer(region, keys.signer, caps or Caps(), liveness or LivenessRules())
        self.dice = dice or SystemDice()
        self.bank = bank
        self.log = Log()
        self._lock = threading.Lock()
        self._keys_of: dict[tuple[bytes, bytes], tuple[es256.Es256Verifier, es256.HpkeSealer]] = {}
        self.faces = faces or Faces()
        self._counter = Counter(
            log=self.log,
            opener=keys.opener,
            region=region,
            faces=self.faces,
            verifier_of=lambda terminal: self._both(terminal)[0],
        )

    def on_message(self, topic: str, payload: bytes, now_ms: int) -> list[Message]:
        """Everything one message causes; the messages to publish, which may be lost: the terminal
        asks again.

        Never raises for what a terminal sends: a message at which our own program fails is taken
        once more with care, so that one record cannot hold up those behind it. EdgeError E-LOG-20:
        the database is not what it was; stop. What the world does to the database passes: the
        terminal sends again.
        """
        with self._lock:
            messages, how = self._twice(topic, payload, now_ms, asked=False)
            self._bank_work(now_ms)
            if how.waits or how.wants:  # now it is decided, with the bank's word or without
                credit = legs.standing(self.bank, how.wants)
                messages, _ = self._twice(topic, payload, now_ms, asked=True, credit=credit)
                self._bank_work(now_ms)
            return messages

    def work(self, now_ms: int) -> None:
        """What is due by itself, without a message: the wallet's way back, the bank's answers."""
        with self._lock:
            with self.store.begin() as conn:
                wallet.sweep(conn, now_ms)
            self._bank_work(now_ms)
            with self.store.begin() as conn:
                booking.carried(conn, now_ms)

    def _bank_work(self, now_ms: int) -> None:
        if self.bank is not None:
            legs.work(self.store, self.bank, now_ms)

    def _twice(
        self, topic: str, payload: bytes, now_ms: int, *, asked: bool, credit: Loan | None = None
    ) -> tuple[list[Message], Pass]:
        """The answers, and what the bank must be asked for them."""
        how = Pass(careful=False, asked=asked, credit=credit)
        try:
            return self._handle(topic, payload, now_ms, how), how
        except intake.TRANSIENT:
            raise
        except Exception as error:
            if isinstance(error, EdgeError) and error.code == "E-LOG-20":
                raise
            log.exception("a message failed; once more, each record for itself")
        how = Pass(careful=True, asked=asked, credit=credit)
        return self._handle(topic, payload, now_ms, how), how

    def verifier(self, name: str) -> es256.Es256Verifier | None:
        """The signing key of a terminal, None when no such terminal is enrolled."""
        with self.store.begin() as conn:
            terminal = registry.find(conn, name)
        return None if terminal is None else self._both(terminal)[0]

    def _handle(self, topic: str, payload: bytes, now_ms: int, how: Pass) -> list[Message]:
        with self.store.begin() as conn:
            self.log.catch_up(conn)
            wallet.sweep(conn, now_ms)
            messages = self._take(conn, topic, payload, now_ms, how)
            self.log.save(conn)
        return messages

    def _take(
        self, conn: sa.Connection, topic: str, payload: bytes, now_ms: int, how: Pass
    ) -> list[Message]:
        try:
            what, _, name = topics.parse(topic)
        except EdgeError:
            return self._aside(conn, "unknown_topic", "", payload, now_ms)
        terminal = registry.find(conn, name)
        if terminal is None:
            return self._aside(conn, "unknown_terminal", name, payload, now_ms)
        if what == "up":
            return self._up(conn, terminal, payload, now_ms, how)
        if what == "ask":
            return self._ask(conn, terminal, payload, now_ms, how)
        return []  # our own words, and `state`

    # -- records ----------------------------------------------------------------------------------
    def _up(
        self,
        conn: sa.Connection,
        terminal: Terminal,
        payload: bytes,
        now_ms: int,
        how: Pass,
    ) -> list[Message]:
        try:
            got = envelope.decode(payload)
        except EdgeError:
            return self._aside(conn, "malformed_envelope", terminal.name, payload, now_ms)
        if got.terminal != terminal.name:
            return self._aside(conn, "wrong_terminal", terminal.name, payload, now_ms)
        if got.epoch < terminal.epoch and not intake.begun(conn, terminal.name, got.epoch):
            return self._aside(conn, "epoch_back", terminal.name, payload, now_ms)
        turn = Turn(conn, self._counter, terminal, now_ms, how.careful, how.asked, how.waits)
        standing, decided = intake.take(turn, got)
        if standing.upto and got.epoch > terminal.epoch:
            registry.update(conn, terminal.name, epoch=got.epoch)
            if terminal.epoch:
                t.note(conn, "new_epoch", now_ms, t.Place(terminal.name, got.epoch))
        if not got.records:
            decided = intake.since(conn, terminal.name, got.epoch, got.answer_seen)
        if got.tree_size > self.log.tree.size:
            t.note(conn, "terminal_ahead", now_ms, t.Place(terminal.name, got.epoch), alarm=True)
        reply = Reply(
            terminal=terminal,
            epoch=got.epoch,
            standing=standing,
            decided=tuple(decided),
            tree_size=got.tree_size,
            now_ms=now_ms,
            credit=self.credit,
            shards=self.shards,
        )
        sealer = self._both(terminal)[1]
        messages = answers.make(conn, reply, self.log.tree, self.keys.signer, sealer)
        policy.contact(conn, terminal.name, now_ms)
        return messages

    def lift(self, name: str, now_ms: int) -> bool:
        """Somebody looked into a suspicion and believes the terminal again. False: it is not frozen."""
        with self._lock, self.store.begin() as conn:
            terminal = registry.find(conn, name)
            if terminal is None or not terminal.frozen_ms:
                return False
            policy.lift(conn, self.issuer, terminal, now_ms)
            return True

    # -- questions --------------------------------------------------------------------------------
    def _ask(
        self, conn: sa.Connection, terminal: Terminal, payload: bytes, now_ms: int, how: Pass
    ) -> list[Message]:
        try:
            header = wire_ask.decode_ask(payload, self._both(terminal)[0])
            if header.terminal != terminal.name:
                return self._aside(conn, "wrong_terminal", terminal.name, payload, now_ms)
            body = wire_ask.open_ask(header, self.keys.opener)
        except EdgeError:
            return self._aside(conn, "malformed_ask", terminal.name, payload, now_ms)
        asked = asks.Question(
            conn=conn,
            terminal=terminal,
            header=header,
            body=body,
            region=self.region,
            faces=self._counter.faces,
            issuer=self.issuer,
            dice=self.dice,
            now_ms=now_ms,
            asked=how.asked,
            credit=how.credit,
        )
        try:
            infcode, err_msg, output = asks.answer(asked)
        except legs.Wants as wants:
            how.wants.append((wants.psn_no, wants.med_type))
            return []
        tell = wire_ask.Tell(
            terminal.name, header.ask, header.infno, infcode, err_msg, output, now_ms
        )
        policy.contact(conn, terminal.name, now_ms)
        data = wire_ask.encode_tell(tell, self.keys.signer, self._both(terminal)[1])
        return [(topics.tell(terminal.name, self.shards), data)]

    # -- the rest ---------------------------------------------------------------------------------
    def _aside(
        self, conn: sa.Connection, code: str, name: str, payload: bytes, now_ms: int
    ) -> list[Message]:
        """Quarantine: kept for a person to look at, answered with nothing."""
        count = conn.execute(sa.select(sa.func.max(t.incidents.c.id))).scalar() or 0
        if count < INCIDENTS_MAX:
            t.note(conn, code, now_ms, t.Place(name), data=payload, alarm=True)
        return []

    def _both(self, terminal: Terminal) -> tuple[es256.Es256Verifier, es256.HpkeSealer]:
        key = (terminal.sign_public, terminal.seal_public)
        found = self._keys_of.get(key)
        if found is None:
            if len(self._keys_of) >= TERMINALS_CACHED_MAX:
                self._keys_of.clear()
            verifier = es256.Es256Verifier.of(es256.load_sign_public(terminal.sign_public))
            sealer = es256.HpkeSealer(es256.load_seal_public(terminal.seal_public))
            found = self._keys_of[key] = (verifier, sealer)
        return found
