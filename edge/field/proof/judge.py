"""Every rule by which a bundle is believed, in the order in which they are asked. No I/O.

Each check ends as a `Finding`: it holds, it does not (with a code of its own for each kind of
forgery), there is nothing to check, or what the check needs is not shown. A bundle is *proven* when
everything holds and the centre's receipt is there, *partial* when it is there and something was kept
back that a check needs (whoever hands the file over may close a unit; nobody may take that for a
check that passed), *open* when the centre has not answered yet, *refuted* when anything does not hold.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from edge.core import limits, money
from edge.core.books import dialects
from edge.core.liveness import net_limit
from edge.core.tx import PAYS
from edge.core.types import Json, Mode, Outcome, Policy
from edge.errors import EdgeError
from edge.suites import _certs, es256
from edge.wire import cbor, policy, record
from edge.wire.answer import RESULT_BYTES_MAX, result_map
from edge.wire.bundle import Bundle
from edge.wire.log import receipt
from edge.wire.record import RecordHeader
from edge.wire.shape import ZERO_HASH

LEAF_FIELDS: Final = 6  # record hash, terminal, epoch, seq, outcome, result hash
SETTLED: Final = frozenset({Outcome.SETTLED, Outcome.ADJUSTED})
VISITS: Final = PAYS | {"register"}  # a person stood there; what is undone names only how it was


def _above(value: Any) -> Any:
    return value.removeprefix("-") if isinstance(value, str) else value


class Sign(StrEnum):
    """How a check ended."""

    HOLDS = "holds"
    FAILS = "fails"
    ABSENT = "absent"  # nothing there to check, and nothing wrong with that
    WITHHELD = "withheld"  # it is in the record and not in the file: not checked


class Finding(Struct, frozen=True):
    """One check. `part` names it (a key of the page's texts), `code` is E-PRF-* when it fails,
    `note` what was found."""

    part: str
    sign: Sign
    code: str = ""
    note: str = ""


class Judged(Struct, frozen=True, kw_only=True):
    """The bundle with everything that was found out about it."""

    bundle: Bundle
    findings: tuple[Finding, ...]
    header: RecordHeader | None = None
    body: Json = {}  # what is shown of it and proven; empty when the commitment does not hold
    policy: Policy | None = None
    result: Json = {}
    leaf: tuple[int, int, bytes] | None = None  # tree size, index, root
    terminal_key: es256.SignPublic | None = None

    @property
    def refuted(self) -> bool:
        """Something does not hold."""
        return any(one.sign is Sign.FAILS for one in self.findings)

    @property
    def withheld(self) -> bool:
        """A check could not be made, because what it needs is not in the file."""
        return any(one.sign is Sign.WITHHELD for one in self.findings)

    @property
    def decided(self) -> bool:
        """Nothing is wrong, and the centre's receipt is there."""
        return not self.refuted and self.leaf is not None

    @property
    def proven(self) -> bool:
        """Everything was shown and holds, and the centre's receipt is there."""
        return self.decided and not self.withheld


class Keys(Struct, frozen=True):
    """The public keys that the judge trusts; the terminal's may be None when the bundle has a
    certificate that the centre signed."""

    centre: es256.SignPublic
    terminal: es256.SignPublic | None = None


class _No(Exception):
    """A check that does not hold. Carries the finding; caught where checks are collected."""

    def __init__(self, code: str, note: str) -> None:
        super().__init__(code, note)
        self.code, self.note = code, note


class _Withheld(Exception):
    """A check that cannot be made: the record commits to more than the file shows."""


class Judge:
    """Asks the questions in order; later ones build on what earlier ones found."""

    def __init__(self, bundle: Bundle, keys: Keys) -> None:
        self._bundle, self._keys = bundle, keys
        self._findings: list[Finding] = []
        self._terminal: es256.SignPublic | None = keys.terminal
        self._header: RecordHeader | None = None
        self._body: Json = {}
        self._policy: Policy | None = None
        self._result: Json = {}
        self._leaf: tuple[int, int, bytes] | None = None

    def judge(self) -> Judged:
        """All checks. What cannot be asked because something before it failed is left out."""
        self._ask("centre", self._centre)
        self._ask("terminal", self._certificate)
        if self._ask("record", self._record):
            self._ask("shown", self._shown)
            self._ask("policy", self._limits)
            self._ask("consent", self._consent)
            self._ask("liveness", self._liveness)
            if self._ask("receipt", self._receipt):
                self._ask("money", self._money)
        return Judged(
            bundle=self._bundle,
            findings=tuple(self._findings),
            header=self._header,
            body=self._body,
            policy=self._policy,
            result=self._result,
            leaf=self._leaf,
            terminal_key=self._terminal,
        )

    def _ask(self, part: str, check: Any) -> bool:
        """Whether what comes after may build on it."""
        try:
            said = check()
        except _No as no:
            self._findings.append(Finding(part, Sign.FAILS, no.code, no.note))
            return False
        except _Withheld as kept:
            self._findings.append(Finding(part, Sign.WITHHELD, note=str(kept)))
            return False
        except EdgeError as error:  # a part that cannot even be read
            self._findings.append(Finding(part, Sign.FAILS, "E-PRF-09", error.message))
            return False
        sign = Sign.ABSENT if said is None else Sign.HOLDS
        self._findings.append(Finding(part, sign, note=said or ""))
        return said is not None

    # -- whose keys --------------------------------------------------------------------------------
    def _centre(self) -> str:
        der = self._bundle.centre_cert
        if der:
            paper = _certs.read(der)
            if es256.kid_of(paper.key) != es256.kid_of(self._keys.centre):
                raise _No("E-PRF-03", f"it is of key {es256.kid_of(paper.key).hex()}")
            if not _certs.signed_by(der, self._keys.centre):
                raise _No("E-PRF-03", "it is not signed by that key")
        return es256.kid_of(self._keys.centre).hex()

    def _certificate(self) -> str | None:
        der = self._bundle.terminal_cert
        if not der:
            if self._terminal is None:
                raise _No("E-PRF-06", "")
            return None  # the key that was given counts, and nobody says who enrolled it
        if not _certs.signed_by(der, self._keys.centre):
            raise _No("E-PRF-04", "")
        paper = _certs.read(der)
        if self._terminal is None:
            self._terminal = paper.key
        if es256.kid_of(self._terminal) != es256.kid_of(paper.key):
            raise _No("E-PRF-05", f"it is of key {es256.kid_of(paper.key).hex()}")
        return f"{paper.name} {es256.kid_of(paper.key).hex()}"

    # -- what was signed ---------------------------------------------------------------------------
    def _record(self) -> str:
        if self._terminal is None:
            raise _No("E-PRF-10", "the terminal's key is not known")
        try:
            self._header = record.decode(self._bundle.record, es256.Es256Verifier.of(self._terminal))
        except EdgeError as error:
            raise _No("E-PRF-10", error.message) from error
        header, der = self._header, self._bundle.terminal_cert
        if der:
            paper = _certs.read(der)
            if paper.name != header.terminal:
                raise _No("E-PRF-11", f"{header.terminal}, not {paper.name}")
            early = header.wall_ms + header.error_ms < paper.begins_utc_ms
            if early or header.wall_ms - header.error_ms > paper.ends_utc_ms:
                raise _No("E-PRF-12", "")
        return f"{header.terminal}/{header.epoch}/{header.seq}"

    def _shown(self) -> str | None:
        header, opening = self._header, self._bundle.opening
        assert header is not None, "the record was judged"
        if header.commit == ZERO_HASH:  # of a release that committed to nothing
            return None
        if not opening.shown and not opening.hidden:
            raise _Withheld("")
        if opening.commitment() != header.commit:
            raise _No("E-PRF-13", ", ".join(sorted(opening.shown)))
        if not opening.shown:
            raise _Withheld("")
        self._body = opening.body
        return str(len(opening.shown))

    def _unit(self, name: str) -> Any:
        """One unit of the body. Every body has it, so one that is not shown was kept back."""
        header = self._header
        assert header is not None, "the record was judged"
        if name not in self._body and header.commit != ZERO_HASH:
            raise _Withheld(name)
        return self._body.get(name)

    # -- was it allowed ----------------------------------------------------------------------------
    def _limits(self) -> str | None:
        header = self._header
        assert header is not None, "the record was judged"
        if header.policy == ZERO_HASH:
            self._policy = limits.BUILT_IN
            if header.mode is Mode.PROVISIONAL:
                raise _No("E-PRF-25", "P0")
            return "P0"
        document = self._bundle.policy
        if not document:
            raise _Withheld("policy")
        if policy.document_hash(document) != header.policy:
            raise _No("E-PRF-22", "")
        verifier = es256.Es256Verifier.of(self._keys.centre)
        try:
            found = policy.decode(document, verifier, terminal=header.terminal)
        except EdgeError as error:
            code = "E-PRF-21" if error.code == "E-POL-01" else "E-PRF-23"
            raise _No(code, error.message) from error
        self._policy = found
        if not self._in_force(found, header):
            raise _No("E-PRF-24", "")
        if header.mode is Mode.PROVISIONAL:
            self._within(found)
        return f"{found.profile} v{found.version}"

    @staticmethod
    def _in_force(found: Policy, header: RecordHeader) -> bool:
        latest, earliest = header.wall_ms + header.error_ms, header.wall_ms - header.error_ms
        return latest >= found.issued_utc_ms and earliest <= found.valid_until_utc_ms

    def _within(self, found: Policy) -> None:
        """What one record shows of the caps; the sums of an outage only the centre can see."""
        header, caps = self._header, found.caps
        assert header is not None, "the record was judged"
        if found.profile != "P1" or header.kind not in found.allow:
            raise _No("E-PRF-25", f"{found.profile} {header.kind}")
        estimate = self._unit("estimate")
        if not isinstance(estimate, dict):
            if header.commit != ZERO_HASH:
                raise _No("E-PRF-25", "estimate")
            return
        split = money.split_from(estimate)
        if split.medfee_sumamt_fen > caps.total_max_fen:
            raise _No("E-PRF-25", money.yuan(split.medfee_sumamt_fen))
        if split.fund_pay_sumamt_fen > caps.fund_part_max_fen:
            raise _No("E-PRF-25", money.yuan(split.fund_pay_sumamt_fen))

    def _face(self) -> bool:
        """Whether a face was used: the verdict says so, or how the person was identified."""
        verdict, identity = self._unit("verdict"), self._unit("identity")
        means = identity.get("means") if isinstance(identity, dict) else ""
        assert self._header is not None, "the record was judged"
        return isinstance(verdict, dict) or (means == "face" and self._header.kind in VISITS)

    def _consent(self) -> str | None:
        """A face that was used needs the consent that asks for it."""
        if not self._face():
            return None
        consent = self._unit("consent")
        if not isinstance(consent, dict) or not consent.get("at_ms"):
            raise _No("E-PRF-27", "")
        return f"{consent.get('text', '')} {consent.get('lang', '')}"

    def _liveness(self) -> str | None:
        if not self._face():
            return None
        verdict = self._unit("verdict")
        if not isinstance(verdict, dict):
            raise _No("E-PRF-26", "")
        score, threshold = verdict.get("score"), verdict.get("threshold")
        if not isinstance(score, float | int) or not isinstance(threshold, float | int):
            raise _No("E-PRF-26", "")
        told = f"{score:.2f} / {threshold:.2f}"
        if verdict.get("live") is not True or not score >= threshold:  # NaN is no pass either
            raise _No("E-PRF-26", told)
        if self._policy is not None:
            lamps_alone = verdict.get("light") is not None and not verdict.get("steps")
            bands = self._policy.liveness.bands  # the amount may be withheld
            signed = [net_limit(self._policy, one.from_fen, lamps_alone=lamps_alone) for one in bands]
            if threshold not in signed:
                raise _No("E-PRF-28", f"{threshold:.2f} / {min(signed):.2f}")
        return told

    # -- what the centre said ----------------------------------------------------------------------
    def _receipt(self) -> str | None:
        bundle, header = self._bundle, self._header
        assert header is not None, "the record was judged"
        if not (bundle.receipt or bundle.outcome or bundle.result or bundle.leaf):
            return None
        if not bundle.receipt:
            raise _No("E-PRF-30", bundle.outcome)
        verifier = es256.Es256Verifier.of(self._keys.centre)
        try:
            proven = receipt.check_inclusion(bundle.receipt, bundle.leaf, verifier)
        except EdgeError as error:
            raise _No("E-PRF-31", error.message) from error
        self._leaf_fits(header)
        self._leaf, self._result = proven, result_map(bundle.result)
        size, index, root = proven
        return f"{index} / {size} · {root.hex()[:16]}"

    def _leaf_fits(self, header: RecordHeader) -> None:
        """The proven leaf is about this record and this decision."""
        bundle = self._bundle
        leaf = cbor.loads(bundle.leaf, max_bytes=RESULT_BYTES_MAX)
        if not isinstance(leaf, list) or len(leaf) != LEAF_FIELDS:
            raise _No("E-PRF-31", "not a leaf")
        digest = record.record_hash(bundle.record)
        if leaf[:4] != [digest, header.terminal, header.epoch, header.seq]:
            raise _No("E-PRF-32", f"{leaf[1]}/{leaf[2]}/{leaf[3]}")
        if leaf[4] != bundle.outcome or not bundle.outcome:
            raise _No("E-PRF-33", f"{bundle.outcome}, {leaf[4]}")
        outcome = Outcome(bundle.outcome)
        again = receipt.leaf_bytes(
            digest, header.terminal, header.epoch, header.seq, outcome, bundle.result
        )
        if again != bundle.leaf:
            raise _No("E-PRF-34", "")

    def _money(self) -> str | None:
        """The decided split adds up, to the amount that was signed."""
        info = self._result.get("setlinfo")
        if self._bundle.outcome not in SETTLED or not isinstance(info, dict) or not info:
            return None
        if self._header is not None and self._header.kind not in PAYS:  # what is undone is below zero
            info = {key: _above(value) for key, value in info.items()}
        try:
            split = dialects.read(info)
        except EdgeError as error:
            raise _No("E-PRF-35", error.message) from error
        estimate = self._unit("estimate")
        if isinstance(estimate, dict):
            asked = money.split_from(estimate).medfee_sumamt_fen
            if asked != split.medfee_sumamt_fen:
                amounts = f"{money.yuan(asked)}, {money.yuan(split.medfee_sumamt_fen)}"
                raise _No("E-PRF-36", amounts)
        return money.yuan(split.medfee_sumamt_fen)
