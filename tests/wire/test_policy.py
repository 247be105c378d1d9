"""The policy document: signed, for us, and every limit understood."""

from __future__ import annotations

import hashlib

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.liveness.checks import checks
from edge.core.prescription import HOSPITALS_MAX
from edge.core.types import Caps, LivenessBand, LivenessRules, Policy
from edge.core.visit.face.gestures import KINDS
from edge.errors import EdgeError
from edge.wire import answer, cbor, cose, policy
from tests.wire.kit import (
    TERMINAL,
    bodies,
    centre,
    few,
    stranger,
    uints,
)

fens = st.integers(0, 10**12)
known = st.sampled_from(sorted(checks()))
policies = st.builds(
    Policy,
    profile=st.sampled_from(["P0", "P1", "P2"]),
    version=uints,
    issued_utc_ms=st.integers(0, 10**6),
    valid_until_utc_ms=st.integers(10**6, 10**15),
    caps=st.builds(Caps, *[fens] * len(Caps.__struct_fields__)),
    allow=st.lists(st.text(max_size=20), max_size=4).map(tuple),
    face_nopassword_max_fen=fens,
    liveness_threshold=st.floats(0, 1),
    liveness_steps=st.integers(0, 9),
    answer_wait_ms=fens,
    rules=bodies,
    rules_utc_ms=uints,
    force=st.booleans(),
    hospital_keys=st.dictionaries(
        st.text(min_size=1, max_size=64), st.binary(min_size=32, max_size=32), max_size=3
    ),
    liveness=st.builds(
        LivenessRules,
        bands=st.lists(
            st.builds(
                LivenessBand,
                from_fen=fens,
                must=st.lists(known, max_size=4).map(lambda more: ("passive", *more)),
                odds_min=st.floats(-9, 9),
                instead=st.sampled_from([None, (), ("passive",), ("gesture", "passive")]),
                limits=st.dictionaries(known, st.floats(-9, 9), max_size=2),
            ),
            max_size=3,
        ).map(lambda more: (LivenessBand(), *more)),
        limits=st.dictionaries(known, st.floats(-9, 9), max_size=3),
        lockout_ms=st.integers(0, policy.LOCKOUT_MS_MAX),
        gestures=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3, unique=True).map(tuple),
    ),
)


@few
@given(policies)
def test_a_policy_round_trips_for_its_terminal_and_for_all(made: Policy) -> None:
    for whom in (TERMINAL, policy.EVERYONE):
        document = policy.encode(made, whom, centre.signer)
        assert policy.decode(document, centre.verifier, terminal=TERMINAL) == made
        assert policy.document_hash(document) == hashlib.sha256(document).digest()


PLAIN = Policy("P1", 3, 10, 20, Caps(), ("settle",), 50_000, 0.85, 2)


def test_a_policy_that_names_no_hospital_is_the_one_that_older_terminals_take() -> None:
    assert b"hospital_keys" not in policy.encode(PLAIN, "*", centre.signer)
    many = {f"H{number:011}": bytes([number]) * 32 for number in range(HOSPITALS_MAX)}
    full = policy.encode(replace(PLAIN, hospital_keys=many), "*", centre.signer)
    assert policy.decode(full, centre.verifier, terminal=TERMINAL).hospital_keys == many
    assert len(full) < policy.DOCUMENT_BYTES_MAX // 2, "the benefit rules need room"


@pytest.mark.parametrize(
    "keys",
    [
        {"H51010000008": bytes(31)},
        {"": bytes(32)},
        {"H" * 65: bytes(32)},
        {f"H{number:011}": bytes(32) for number in range(HOSPITALS_MAX + 1)},
    ],
)
def test_keys_of_hospitals_that_make_no_sense_refuse_the_policy(keys: dict[str, bytes]) -> None:
    document = policy.encode(replace(PLAIN, hospital_keys=keys), "*", centre.signer)
    with pytest.raises(EdgeError, match="E-POL-03"):
        policy.decode(document, centre.verifier, terminal=TERMINAL)


def test_a_policy_for_another_terminal_is_refused() -> None:
    with pytest.raises(EdgeError, match="E-POL-02"):
        policy.decode(
            policy.encode(PLAIN, "t-0002", centre.signer), centre.verifier, terminal=TERMINAL
        )


def test_a_policy_that_the_centre_did_not_sign_is_refused() -> None:
    for data in (
        policy.encode(PLAIN, "*", stranger.signer),
        b"",
        b"\xd2",
        cose.sign1(b"", centre.signer, domain=answer.DOMAIN),
    ):
        with pytest.raises(EdgeError, match="E-POL-01"):
            policy.decode(data, centre.verifier, terminal=TERMINAL)


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "P9"},
        {"version": "3"},
        {"valid_until_utc_ms": 9},
        {"new_limit_fen": 1},
        {"caps": {}, "liveness_threshold": "x"},
        {"caps": {"total_max_fen": -1}},
        {"caps": {"new_cap": 1}},
        {"caps": []},
        {"caps": None},
        {"allow": "settle"},
        {5: 5},
        {"profile": None},
        {"rules": []},
        {"liveness_steps": 1.5},
    ],
    ids=repr,
)
def test_a_policy_with_an_unknown_missing_or_senseless_limit_is_refused_even_when_signed(
    change: dict,
) -> None:
    good = cbor2.loads(cose.peek1(policy.encode(PLAIN, "*", centre.signer), max_bytes=9999).payload)
    document = cose.sign1(cbor.dumps(good | change), centre.signer, domain=policy.DOMAIN)
    with pytest.raises(EdgeError, match="E-POL-03"):
        policy.decode(document, centre.verifier, terminal=TERMINAL)


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x80", b"\xa0", b"\x01"], ids=bytes.hex)
def test_a_policy_that_is_no_policy_is_refused_even_when_signed(payload: bytes) -> None:
    with pytest.raises(EdgeError, match="E-POL-03"):
        policy.decode(
            cose.sign1(payload, centre.signer, domain=policy.DOMAIN),
            centre.verifier,
            terminal=TERMINAL,
        )


def test_a_policy_over_its_limit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(EdgeError, match="E-WIR-01"):
        policy.encode(
            replace(PLAIN, rules={"x": b"x" * policy.DOCUMENT_BYTES_MAX}), "*", centre.signer
        )


def test_a_policy_without_liveness_rules_of_its_own_is_the_bytes_it_was_before_there_were_any() -> None:
    assert b"liveness_threshold" in (document := policy.encode(PLAIN, TERMINAL, centre.signer))
    assert b"bands" not in document
    other = policy.encode(replace(PLAIN, liveness=LivenessRules(tries_max=2)), TERMINAL, centre.signer)
    assert b"bands" in other and b"gestures" not in other
    dots = replace(PLAIN, liveness=LivenessRules(gestures=("dot",)))
    assert b"gestures" in policy.encode(dots, TERMINAL, centre.signer)


def test_what_a_band_takes_over_and_a_usual_rest_are_not_on_the_wire() -> None:
    """So that terminals from before these words go on taking the policies that do not need them."""
    plain = replace(PLAIN, liveness=LivenessRules(tries_max=2, bands=(LivenessBand(), LivenessBand(5))))
    document = policy.encode(plain, TERMINAL, centre.signer)
    fields = cbor2.loads(cose.peek1(document, max_bytes=9999).payload)["liveness"]
    assert "lockout_ms" not in fields and "doubts" not in fields
    assert [sorted(one) for one in fields["bands"]] == [["from_fen", "must", "odds_min"]] * 2
    said = LivenessBand(5, instead=(), limits={"form": 0.6})
    full = replace(PLAIN, liveness=LivenessRules(bands=(LivenessBand(), said), lockout_ms=0, doubts={"form": 0.3}))
    document = policy.encode(full, TERMINAL, centre.signer)
    fields = cbor2.loads(cose.peek1(document, max_bytes=9999).payload)["liveness"]
    assert (fields["lockout_ms"], fields["bands"][1]["instead"], fields["doubts"]) == (0, [], {"form": 0.3})
    assert policy.decode(document, centre.verifier, terminal=TERMINAL) == full


@pytest.mark.parametrize(
    "rules",
    [
        {"bands": [{"from_fen": 0, "must": ["passive", "depth", "thermal"]}]},
        {"bands": [{"from_fen": 0, "must": ["passive", "gesture"]}, {"from_fen": 100_00, "must": ["form"]}]},
        {"limits": {"warmth": 0.5}},
        {"doubts": {"warmth": 0.5}},
        {"doubts": {"form": "low"}},
        {"bands": []},
        {"bands": [{"from_fen": 0, "must": []}]},
        {"bands": [{"from_fen": 100, "must": ["passive"]}]},
        {"bands": [{"from_fen": 0, "must": ["form"]}]},
        {"instead": ["gesture"]},
        {"bands": [{"from_fen": 0, "must": ["passive"], "unless": "vip"}]},
        {"strictness": 9},
        {"limits": {"gain": "low"}},
        {"tries_max": 0},
        {"time_limit_ms": 0},
        {"gestures": []},
        {"gestures": ["turn", "somersault"]},
        {"lockout_ms": -1},
        {"lockout_ms": policy.LOCKOUT_MS_MAX + 1},
        {"bands": [{"from_fen": 0, "must": ["passive"], "instead": ["gesture"]}]},
        {"bands": [{"from_fen": 0, "must": ["passive"], "instead": ["passive", "thermal"]}]},
        {"bands": [{"from_fen": 0, "must": ["passive"], "limits": {"warmth": 0.5}}]},
        {"bands": [{"from_fen": 0, "must": ["passive"], "limits": {"form": "low"}}]},
        [],
    ],
)
def test_liveness_rules_that_no_visit_here_follows_are_no_policy(rules: object) -> None:
    fields = msgspec.to_builtins(PLAIN, builtin_types=(bytes,)) | {"liveness": rules, "terminal": TERMINAL}
    document = cose.sign1(cbor.dumps(fields), centre.signer, domain=policy.DOMAIN)
    with pytest.raises(EdgeError, match="E-POL-03"):
        policy.decode(document, centre.verifier, terminal=TERMINAL)
