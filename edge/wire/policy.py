"""The signed policy document (PROTOCOL "Policy"): the limits of offline acceptance, for one
terminal or for all ("*")."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from edge.core.liveness import NET
from edge.core.liveness.checks import checks
from edge.core.prescription import HOSPITALS_MAX
from edge.core.types import LivenessRules, Policy
from edge.core.visit.face.gestures import KINDS
from edge.errors import EdgeError
from edge.wire import cbor, cose, shape

DOMAIN = "facepay/policy/1"
DOCUMENT_BYTES_MAX = 64 * 1024
ITEMS_MAX = 16 * 1024  # the benefit rules are in it
EVERYONE = "*"
PROFILES = ("P0", "P1", "P2")
NEWER = "update the terminal"
BANDS_MAX = 16
CODE_CHARS_MAX = 64
DIGEST_BYTES = 32
LOCKOUT_MS_MAX = 24 * 60 * 60_000
LATER: Final[dict[str, Any]] = {"instead": None, "limits": {}}  # of a band, where it says nothing


def encode(policy: Policy, terminal: str, signer: cose.Signer) -> bytes:
    """The signed document for one terminal or for EVERYONE. EdgeError E-WIR-01 too large, E-WIR-07
    not encodable."""
    assert terminal == EVERYONE or shape.is_name(terminal), "a policy is for a terminal or for all"
    fields: dict[str, Any] = msgspec.to_builtins(policy, builtin_types=(bytes,))
    if policy.liveness == LivenessRules():
        del fields["liveness"]  # a terminal from before it goes on taking such policies
    else:
        fields["liveness"] = _rules(policy.liveness, fields["liveness"])
    for name in ("roster", "offline_match_min", "hospital_keys"):
        if not fields[name]:
            del fields[name]
    document = cose.sign1(cbor.dumps(fields | {"terminal": terminal}), signer, domain=DOMAIN)
    if len(document) > DOCUMENT_BYTES_MAX:
        raise EdgeError(
            "E-WIR-01", f"the policy has {len(document)} bytes, at most {DOCUMENT_BYTES_MAX} fit"
        )
    return document


def _rules(rules: LivenessRules, fields: dict[str, Any]) -> dict[str, Any]:
    """Without what came later and says nothing: terminals from before it take the others."""
    usual = LivenessRules()
    same = {name for name in ("gestures", "lockout_ms", "doubts") if getattr(rules, name) == getattr(usual, name)}
    bands = [
        {name: said for name, said in band.items() if name not in LATER or said != LATER[name]}
        for band in fields["bands"]
    ]
    return {name: said for name, said in fields.items() if name not in same} | {"bands": bands}


def decode(document: bytes, verifier: cose.Verifier, *, terminal: str) -> Policy:
    """The policy when it is signed by the centre and for this terminal; its age is the core's
    matter.

    Fields this version does not know make it malformed: they could be limits. EdgeError E-POL-01
    signature, E-POL-02 another terminal, E-POL-03 malformed.
    """
    try:
        opened = cose.open1(document, verifier, domain=DOMAIN, max_bytes=DOCUMENT_BYTES_MAX)
    except EdgeError as error:
        raise EdgeError(
            "E-POL-01", f"the policy is not signed by the centre: {error.message}"
        ) from error
    try:
        fields = cbor.loads(opened.payload, max_bytes=DOCUMENT_BYTES_MAX, max_items=ITEMS_MAX)
    except EdgeError as error:
        raise EdgeError("E-POL-03", f"the policy is malformed: {error.message}") from error
    if not isinstance(fields, dict):
        raise EdgeError("E-POL-03", "the policy is malformed: not a map")
    whom = fields.pop("terminal", None)
    policy = _policy(fields)
    if whom not in (terminal, EVERYONE):
        raise EdgeError("E-POL-02", "the policy is for another terminal")
    return policy


def document_hash(document: bytes) -> bytes:
    """H(document): what records name as the policy they were made under."""
    return hashlib.sha256(document).digest()


def _policy(fields: dict[Any, Any]) -> Policy:
    try:
        policy = msgspec.convert(fields, Policy)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise EdgeError("E-POL-03", f"the policy is malformed: {error}", NEWER) from error
    rules = policy.liveness  # a demand that is not met must not look as if it were
    if not _named(rules) <= set(checks()):
        raise EdgeError("E-POL-03", "the policy demands liveness checks that this version does not have", NEWER)
    if not set(rules.gestures) <= set(KINDS):
        raise EdgeError("E-POL-03", "the policy asks for gestures that this version does not know", NEWER)
    limits = msgspec.structs.astuple(policy.caps)
    if (
        policy.profile not in PROFILES
        or min(limits) < 0
        or policy.valid_until_utc_ms < policy.issued_utc_ms
        or not _sensible(policy.liveness)
        or not _pins(policy.hospital_keys)
    ):
        raise EdgeError("E-POL-03", "the policy's values make no sense")
    return policy


def _named(rules: LivenessRules) -> set[str]:
    """Every check that the rules speak of."""
    named = {*rules.instead, *rules.limits, *rules.doubts}
    for one in rules.bands:
        named |= {*one.must, *(one.instead or ()), *one.limits}
    return named


def _pins(keys: dict[str, bytes]) -> bool:
    """Digests, and not too many."""
    return len(keys) <= HOSPITALS_MAX and all(
        0 < len(code) <= CODE_CHARS_MAX and len(digest) == DIGEST_BYTES for code, digest in keys.items()
    )


def _sensible(rules: LivenessRules) -> bool:
    """Something is demanded of every amount, and there is an end to trying."""
    bands = rules.bands
    return (
        0 < len(bands) <= BANDS_MAX
        and min(one.from_fen for one in bands) == 0
        and all(NET in one.must for one in bands)  # a verdict has its score and threshold
        and all(not said or NET in said for said in (rules.instead, *(one.instead for one in bands)))
        and 0 <= rules.lockout_ms <= LOCKOUT_MS_MAX
        and bool(rules.gestures)
        and rules.tries_max > 0
        and rules.time_limit_ms > 0
    )
