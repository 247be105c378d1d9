"""What the centre said last: when it was, and which limits it signed."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from edge.core import events
from edge.core.effects import Append, Ask, Effect, Save
from edge.core.events import Event
from edge.core.limits import attested_ms
from edge.core.site import Contact, Site
from edge.core.types import Json, Now

META_SPACE: Final = "meta"
CONTACT_KEY: Final = "centre"
POLICY_SPACE: Final = "policy"
POLICY_KEY: Final = "current"
POLICIES_SPACE: Final = "policies"  # every one that a record may name, by its hash: for the proof
ASK_BYTES: Final = 16
POLICY_EVERY_MS: Final = 3_600_000
POLICY_RETRY_MS: Final = 300_000
CONTACT_SAVE_MS: Final = 60_000  # a word from the centre is noted on disk at most this often
# A newer policy that this version does not understand is refused, the one we hold goes on until its
# own end; /v1/status says so from the first day, so that offline acceptance does not end unsaid.
POLICY_ERRORS: Final = frozenset({"E-POL-01", "E-POL-02", "E-POL-03"})


class CentreWord:
    """Contact and policy; `meta` is what the store kept of them, `fresh_policy` the document in
    force when it came from beside the store."""

    def __init__(self, site: Site, meta: dict[str, bytes], fresh_policy: bytes = b"") -> None:
        self._site = site
        self._fresh_policy = fresh_policy
        if (saved := meta.get(CONTACT_KEY)) is not None:
            site.contact = msgspec.json.decode(saved, type=Contact)
        self._refused = ""  # E-POL-*: the centre's newest policy, which we do not understand
        self._ask = b""
        self._due_ms: int | None = None
        self._saved_ms: int | None = None

    def start(self, _now: Now) -> list[Effect]:
        """The first word comes with the link. A policy that was delivered as a file is kept with the
        ledger: offline acceptance must not end because an upgrade left the file behind.
        """
        return self._keep(self._site.policy_hash, self._fresh_policy) if self._fresh_policy else []

    def step(self, event: Event, now: Now) -> list[Effect]:
        """The link, the answers, the policy."""
        match event:
            case events.LinkUp():
                return self._ask_policy(now)
            case events.LinkLost():
                self._ask, self._due_ms = b"", None
            case events.Answered():
                return self._heard(now, event.answer.centre_utc_ms)
            case events.AnswerBad():
                self._refused = event.code if event.code in POLICY_ERRORS else self._refused
            case events.PolicyArrived():
                return self._policy_arrived(event)
            case events.Told():
                return self._told(event, now)
            case events.Tick():
                due = self.deadline()
                return self._ask_policy(now) if due is not None and now.mono_ms >= due else []
            case _:
                pass
        return []

    def deadline(self) -> int | None:
        """When the policy is asked for again."""
        return self._due_ms if self._site.link_up else None

    def closed(self) -> str:
        """A silent centre closes nothing: that is what the policy is for."""
        return ""

    def status(self, now: Now) -> Json:
        """The policy in force and what the centre said last."""
        site, (policy, hash_) = self._site, self._site.in_force(now)
        return {
            "policy": {
                "profile": policy.profile,
                "version": policy.version,
                "hash": hash_.hex(),
                "valid_until_utc_ms": policy.valid_until_utc_ms,
                "attested_utc_ms": attested_ms(policy, site.outage()),
                "refused": self._refused,
            },
            "centre_utc_ms": site.contact.contact_utc_ms,
        }

    def sealed_in(self, effects: list[Effect], now: Now) -> list[Effect]:
        """The clock must not go behind a record, also after a restart."""
        return [self._save(now)] if any(isinstance(one, Append) for one in effects) else []

    # -- the word ----------------------------------------------------------------------------------
    def _told(self, event: events.Told, now: Now) -> list[Effect]:
        """Only the answer to a question that is open is a word of now: an old reply is signed too,
        and whoever repeats it must not make the outage look shorter.
        """
        policy = bool(self._ask) and event.ask == self._ask
        if policy:
            self._ask, self._due_ms = b"", now.mono_ms + POLICY_EVERY_MS
        if not policy and event.ask not in self._site.open_asks:
            return []
        document = event.body.get("document")
        ours = document is None or (
            isinstance(document, bytes) and sha256(document).digest() == self._site.policy_hash
        )
        attested = policy and event.infcode == 0 and self._site.policy is not None and ours
        if policy and ours:
            self._refused = ""
        if attested:  # it signed a new policy, or that the one we hold is the one in force
            contact = self._site.contact
            self._site.contact = replace(contact, attested_utc_ms=now.utc_ms)
        return self._heard(now, event.centre_ms or None, save=attested)

    def _heard(
        self, now: Now, centre_utc_ms: int | None, *, save: bool = True
    ) -> list[Effect]:
        """A verified word from the centre: the outage's hours start again, at the moment when it
        was said, not when somebody let it through; its clock corrects what we know of time.
        """
        known = self._site.contact
        said_ms = now.utc_ms if centre_utc_ms is None else min(now.utc_ms, centre_utc_ms)
        floor_ms = known.floor_utc_ms if centre_utc_ms is None else centre_utc_ms
        self._site.contact = replace(known, contact_utc_ms=said_ms, floor_utc_ms=floor_ms)
        last = self._saved_ms
        if not save and last is not None and now.mono_ms - last < CONTACT_SAVE_MS:
            return []
        return [self._save(now)]

    def _save(self, now: Now) -> Save:
        self._saved_ms = now.mono_ms
        return Save(META_SPACE, CONTACT_KEY, msgspec.json.encode(self._site.contact))

    # -- the policy --------------------------------------------------------------------------------
    def _ask_policy(self, now: Now) -> list[Effect]:
        self._ask = self._site.dice.bytes(ASK_BYTES)
        self._due_ms = now.mono_ms + POLICY_RETRY_MS
        return [Ask(self._ask, "policy", {"hash": self._site.policy_hash})]

    def _policy_arrived(self, event: events.PolicyArrived) -> list[Effect]:
        """Newer or the same; an older one is a replay. It is no word of now: the reply that brought
        it may be (`_told`).
        """
        site = self._site
        effects: list[Effect] = []
        if site.policy is not None and event.policy.version < site.policy.version:
            return effects
        if event.hash != site.policy_hash:
            site.policy, site.policy_hash = event.policy, event.hash
            effects += self._keep(event.hash, event.document)
        return effects

    @staticmethod
    def _keep(digest: bytes, document: bytes) -> list[Effect]:
        """As the one in force, and under its hash for the proof of the records that name it."""
        return [
            Save(POLICY_SPACE, POLICY_KEY, document),
            Save(POLICIES_SPACE, digest.hex(), document),
        ]
