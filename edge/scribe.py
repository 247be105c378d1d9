"""The scribe: turns drafts and questions into signed bytes, and signed bytes of the centre into
events. No I/O of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from msgspec import Struct

from edge.core import effects
from edge.core.events import PolicyArrived, RosterArrived, Told
from edge.core.types import Answer, Draft, Head, Now, Settings
from edge.drivers.keys import Keys
from edge.errors import EdgeError
from edge.wire import ask, carry, commit, cose, envelope, policy, record, roster, shape, statement
from edge.wire.log.trusted import TrustedCentre


class CentreKeys(Struct, frozen=True):
    """The centre's public keys: whose signature is believed, and to whom bodies are sealed."""

    verifier: cose.Verifier
    sealer: cose.Sealer


class Scribe:
    """Writes and reads for one terminal in one epoch. `boot_id` (16 bytes) is this start of the
    machine."""

    def __init__(  # noqa: PLR0917 - who we are, our keys, their keys
        self,
        settings: Settings,
        epoch: int,
        boot_id: bytes,
        keys: Keys,
        centre: CentreKeys,
        trusted: TrustedCentre,
    ) -> None:
        assert shape.is_name(settings.terminal), "the configuration was checked"
        self._terminal = settings.terminal
        self._epoch = epoch
        self._boot_id = boot_id
        self._keys = keys
        self._centre = centre
        self.trusted = trusted

    @property
    def terminal(self) -> str:
        """Whose hand this is."""
        return self._terminal

    def manifest(self, manifest: carry.Manifest) -> bytes:
        """The signed manifest of records that are carried by hand."""
        return carry.encode(manifest, self._keys.signer)

    def write(self, draft: Draft, head: Head) -> tuple[bytes, Head, bytes]:
        """The draft as the next record after `head`: its exact bytes, the new head, and the opening
        of its body (what may be shown of it later). EdgeError E-WIR-01 too large, E-WIR-07."""
        assert head.epoch == self._epoch, "a chain is of one epoch"
        seq, salt = head.seq + 1, secrets.token_bytes(commit.SALT_BYTES)
        opening = commit.open_all(draft.body, salt)
        sealed = record.seal_body(
            draft.body,
            self._centre.sealer,
            terminal=self._terminal,
            epoch=self._epoch,
            seq=seq,
            txid=draft.txid,
            salt=salt,
        )
        header = record.RecordHeader(
            terminal=self._terminal,
            epoch=self._epoch,
            seq=seq,
            prev=head.hash,
            txid=draft.txid,
            kind=draft.kind,
            mode=draft.mode,
            boot=self._boot_id,
            mono_ms=draft.at.mono_ms,
            wall_ms=draft.at.utc_ms,
            error_ms=draft.at.error_ms,
            policy=draft.policy_hash,
            keys=self._keys.provider,
            sealed=sealed,
            commit=opening.commitment(),
        )
        data = record.encode(header, self._keys.signer)
        after = Head(epoch=self._epoch, seq=seq, hash=record.record_hash(data))
        return data, after, commit.encode(opening.without(commit.FACE_UNIT))  # no face is kept

    def ask(self, effect: effects.Ask, now: Now) -> bytes:
        """The question as it goes out on the `ask` topic. EdgeError E-WIR-01 too large,
        E-WIR-07."""
        body = statement.sent(effect.infno, effect.body)
        question = ask.Ask(self._terminal, effect.ask, effect.infno, now.utc_ms, body)
        return ask.encode_ask(question, self._keys.signer, self._centre.sealer)

    def tell(self, data: bytes) -> tuple[str, Told]:
        """(infno, reply) from the `tell` topic; an unknown ask id is the core's matter. EdgeError
        E-WIR-01..06, E-WIR-09."""
        header = ask.decode_tell(data, self._centre.verifier)
        if header.terminal != self._terminal:
            raise EdgeError(
                "E-WIR-09", "a reply for another terminal", "are two terminals using one name?"
            )
        output = ask.open_tell(header, self._keys.opener)
        if header.infcode == 0:
            output = statement.received(header.infno, output)
        return header.infno, Told(
            ask=header.ask,
            infcode=header.infcode,
            body=output,
            err_msg=header.err_msg,
            centre_ms=header.centre_ms,
        )

    def answer(self, data: bytes, record_hash: Callable[[int], bytes | None]) -> Answer | None:
        """The answer from the `down` topic when every rule of `TrustedCentre` holds, None when old.
        EdgeError E-LOG-01..05. After the store committed it: `scribe.trusted.confirm(answer)`."""
        return self.trusted.accept(data, record_hash)

    def policy(self, document: bytes) -> PolicyArrived:
        """A policy document that the centre signed for us. EdgeError E-POL-01..03."""
        found = policy.decode(document, self._centre.verifier, terminal=self._terminal)
        return PolicyArrived(policy=found, hash=policy.document_hash(document), document=document)

    def roster(self, document: bytes) -> RosterArrived:
        """A part of the clinic's roster that the centre signed for us. EdgeError E-ROS-01..03."""
        return RosterArrived(
            roster.decode(document, self._centre.verifier, terminal=self._terminal)
        )

    def envelope(
        self, first_seq: int, records: Sequence[bytes], policy_hash: bytes = shape.ZERO_HASH
    ) -> bytes:
        """The payload for the `up` topic; no records = hello (first_seq is then the next number).
        EdgeError E-WIR-01."""
        return envelope.encode(
            envelope.Envelope(
                terminal=self._terminal,
                epoch=self._epoch,
                first_seq=first_seq,
                records=tuple(records),
                answer_seen=self.trusted.last_number,
                tree_size=self.trusted.checkpoint[0],
                policy=policy_hash,
            )
        )
