"""A bundle convinces a judge who has two public keys and nothing else, and each kind of forgery is
called by its own name."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.types import Mode
from edge.drivers.store import OPENING_SPACE
from edge.errors import EdgeError
from edge.explain import CODES
from edge.field.proof import page
from edge.field.proof.judge import Judge, Keys, Sign
from edge.field.proof.texts import TEXTS
from edge.process.evidence import Papers, bundle_of
from edge.suites import _certs, es256
from edge.wire import bundle as wire
from edge.wire import cbor, commit, policy, record
from sim import world

SEED = 11
NOW = 1_795_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Court:
    """A clinic's ledger after two days under faults, and what a third party holds: public keys."""

    def __init__(self, folder) -> None:
        self.world = world.World(SEED, folder)
        self.world.time.at(DAY_MS + 9 * HOUR_MS, partial(self.world.net.cut, 6 * HOUR_MS, noticed_ms=0))
        self.world.live(world.windows_of(3))
        self.world.heal()
        self.store = self.world.device.store
        made = self.world.made
        self.papers = Papers(
            _certs.der_of(made.certs[world.NAME].read_bytes()),
            _certs.der_of(made.cert.read_bytes()),
            self.world.device.first_policy,
        )
        self.centre = es256.load_sign_public(made.sign_key.read_bytes())
        self.terminal = es256.load_sign_public(self.world.device.keys.sign_public_pem)
        self.keys = Keys(self.centre)

    def bundle(self, seq: int) -> wire.Bundle:
        return wire.decode(bundle_of(self.store, seq, self.papers, NOW))

    def every(self) -> list[wire.Bundle]:
        return [self.bundle(seq) for seq in range(1, self.store.head.seq + 1)]

    def codes(self, bundle: wire.Bundle, keys: Keys | None = None) -> set[str]:
        judged = Judge(bundle, keys or self.keys).judge()
        for lang in TEXTS:  # whatever it is, the page can be drawn
            assert page.text(judged, lang)
            assert page.page(judged, lang)
        codes = {finding.code for finding in judged.findings if finding.code}
        assert judged.refuted == bool(codes)
        assert codes <= CODES.keys()
        return codes


@pytest.fixture(scope="module")
def court():
    with world.fast_folder() as folder:
        made = Court(folder)
        yield made
        made.world.device.stop()
        made.world.made.close()


@pytest.fixture(scope="module")
def settled(court) -> wire.Bundle:
    """A settlement with a face, a consent and an estimate."""
    return next(
        one
        for one in court.every()
        if one.outcome == "settled" and one.opening.body.get("verdict") and _body(one, "estimate")
    )


@pytest.fixture(scope="module")
def offline(court) -> wire.Bundle:
    """A provisional record."""
    return next(
        one for one in court.every() if record.peek(one.record).mode is Mode.PROVISIONAL
    )


def _body(bundle: wire.Bundle, unit: str):
    return bundle.opening.body.get(unit)


def _shown(bundle: wire.Bundle, unit: str, value) -> wire.Bundle:
    salt, _ = bundle.opening.shown[unit]
    shown = {**bundle.opening.shown, unit: (salt, cbor.dumps(value))}
    return replace(bundle, opening=commit.Opening(shown, bundle.opening.hidden))


def test_every_record_of_a_clinic_is_proven_with_the_centres_key_alone(court) -> None:
    bundles = court.every()
    assert len(bundles) > 10
    for one in bundles:
        judged = Judge(one, court.keys).judge()
        assert judged.proven, [f for f in judged.findings if f.sign is Sign.FAILS]
        assert wire.decode(wire.encode(one)) == one


def test_a_record_that_waits_for_its_answer_is_signed_but_not_proven(court, offline) -> None:
    waiting = replace(offline, outcome="", result=b"", receipt=b"", leaf=b"")
    judged = Judge(waiting, court.keys).judge()
    assert not judged.refuted
    assert not judged.proven
    assert TEXTS["en"]["open"] in page.text(judged, "en")


def test_the_page_says_what_was_proven_and_nothing_of_the_face(court, settled) -> None:
    judged = Judge(settled, court.keys).judge()
    body = settled.opening.body
    for lang in TEXTS:
        said = page.text(judged, lang)
        assert TEXTS[lang]["proven"] in said
        for value in (body["bill_no"], body["identity"]["psn_no"], body["consent"]["text"]):
            assert value in said
    assert "template" not in settled.opening.shown


def test_no_opening_on_the_disk_has_a_face(court) -> None:
    faces = 0
    for seq in range(1, court.store.head.seq + 1):
        opening = commit.decode(court.store.doc(OPENING_SPACE, f"{seq:012d}"))
        faces += commit.FACE_UNIT in opening.hidden
        assert commit.FACE_UNIT not in opening.shown
        assert not {"template", "template_model"} & set(opening.body.get("identity", {}))
    assert faces > 0


# -- forgeries ------------------------------------------------------------------------------------
def test_a_changed_record_is_not_what_the_terminal_signed(court, settled) -> None:
    flipped = bytearray(settled.record)
    flipped[len(flipped) // 2] ^= 1
    assert court.codes(replace(settled, record=bytes(flipped))) == {"E-PRF-10"}


def test_another_terminals_key_does_not_fit(court, settled) -> None:
    stranger = es256.generate_sign_key().public_key()
    assert "E-PRF-05" in court.codes(settled, Keys(court.centre, stranger))
    assert court.codes(
        replace(settled, terminal_cert=b""), Keys(court.centre, stranger)
    ) == {"E-PRF-10"}
    assert "E-PRF-06" in court.codes(replace(settled, terminal_cert=b""))
    assert not court.codes(replace(settled, terminal_cert=b""), Keys(court.centre, court.terminal))


def test_a_certificate_that_the_centre_did_not_sign_counts_for_nothing(court, settled) -> None:
    forger = es256.generate_sign_key()
    own = _certs.issue(forger, "centre", forger.public_key(), world.NAME, "", NOW - DAY_MS, 900)
    assert "E-PRF-04" in court.codes(replace(settled, terminal_cert=own))
    centre = _certs.self_signed(forger, "centre", NOW - DAY_MS, 900)
    assert "E-PRF-03" in court.codes(replace(settled, centre_cert=centre))
    assert "E-PRF-09" in court.codes(replace(settled, centre_cert=b"rubbish"))


def _certificate(court, name: str, begins_ms: int) -> bytes:
    keys = court.world.made.keys
    pem = keys.terminal_cert(name, "", court.world.device.keys.sign_public_pem, begins_ms)
    return _certs.der_of(pem)


def test_a_certificate_of_another_name_or_time_is_seen(court, settled) -> None:
    other = _certificate(court, "virtual-2", world.EPOCH_MS - DAY_MS)
    assert court.codes(replace(settled, terminal_cert=other)) == {"E-PRF-11"}
    late = _certificate(court, world.NAME, NOW + 900 * DAY_MS)
    assert court.codes(replace(settled, terminal_cert=late)) == {"E-PRF-12"}


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("bill_no", "another"),
        ("estimate", None),
        ("consent", {"text": "face-consent-9", "lang": "en", "at_ms": 1}),
        ("verdict", {"live": True, "score": 1.0, "threshold": 0.5}),
    ],
)
def test_what_is_shown_must_be_what_was_signed(court, settled, unit, value) -> None:
    assert court.codes(_shown(settled, unit, value)) == {"E-PRF-13"}


def test_a_unit_that_is_taken_away_or_added_is_seen(court, settled) -> None:
    shown = dict(settled.opening.shown)
    shown.pop("consent")
    gone = replace(settled, opening=commit.Opening(shown, settled.opening.hidden))
    assert court.codes(gone) == {"E-PRF-13"}
    more = {**settled.opening.shown, "more": (b"s" * 16, cbor.dumps(1))}
    added = replace(settled, opening=commit.Opening(more, settled.opening.hidden))
    assert court.codes(added) == {"E-PRF-13"}
    closed = replace(settled, opening=settled.opening.without("identity"))
    assert not court.codes(closed)  # closing a unit is allowed: the digest stays


def _policy(court, **changes) -> bytes:
    made = court.world.made
    held = policy.decode(
        court.world.device.first_policy, made.keys.verifier, terminal=world.NAME
    )
    return policy.encode(replace(held, **changes), world.NAME, made.keys.signer)


def test_other_limits_than_those_of_the_record_are_seen(court, offline) -> None:
    other = _policy(court, version=99)
    assert court.codes(replace(offline, policy=other)) == {"E-PRF-22"}
    forged = bytearray(offline.policy)
    forged[-1] ^= 1
    assert court.codes(replace(offline, policy=bytes(forged))) == {"E-PRF-22"}


def test_a_missing_policy_is_no_forgery_but_nothing_is_said_about_the_limits(court, offline) -> None:
    judged = Judge(replace(offline, policy=b""), court.keys).judge()
    assert {f.part: f.sign for f in judged.findings}["policy"] is Sign.WITHHELD
    assert not judged.refuted and not judged.proven
    assert page.verdict(judged) == "partial"


@pytest.mark.parametrize(
    ("kept", "parts"),
    [
        (("verdict",), {"consent", "liveness"}),
        (("consent",), {"consent"}),
        (("identity",), {"consent", "liveness"}),
        (("verdict", "consent", "identity"), {"consent", "liveness"}),
        (("estimate",), {"money"}),
    ],
)
def test_what_is_kept_back_is_never_taken_for_a_check_that_passed(court, settled, kept, parts) -> None:
    """Closing a unit is allowed. Whoever closes the verdict of a face that was not live, the consent
    that nobody gave or an estimate beyond the limits has not proven anything by it."""
    judged = Judge(replace(settled, opening=settled.opening.without(*kept)), court.keys).judge()
    signs = {f.part: f.sign for f in judged.findings}
    assert {part for part, sign in signs.items() if sign is Sign.WITHHELD} == parts
    assert not judged.refuted and not judged.proven
    for lang in TEXTS:
        assert TEXTS[lang]["partial"] in page.text(judged, lang)
        assert TEXTS[lang]["withheld"] in page.text(judged, lang)
        assert TEXTS[lang]["withheld"] in page.page(judged, lang)


def test_caps_are_not_held_by_an_estimate_that_is_not_shown(court, offline) -> None:
    judged = Judge(replace(offline, opening=offline.opening.without("estimate")), court.keys).judge()
    assert {f.part: f.sign for f in judged.findings}["policy"] is Sign.WITHHELD
    assert not judged.proven


@pytest.mark.parametrize("opening", ["none", "closed"])
def test_a_bundle_that_shows_nothing_of_the_body_is_not_proven(court, settled, opening) -> None:
    units = settled.opening.shown
    bare = commit.Opening({}, {}) if opening == "none" else settled.opening.without(*units)
    judged = Judge(replace(settled, opening=bare), court.keys).judge()
    assert page.verdict(judged) == "partial"
    assert not [name for name in judged.body if name != "x"]


def test_a_face_without_a_verdict_needs_a_consent_and_a_verdict_all_the_same(court, settled) -> None:
    """Signed so by a terminal that lies: the person was known by face, and no net is named."""
    body = settled.opening.body | {"verdict": None, "consent": None}
    body["identity"] = {**body["identity"], "means": "face"}
    forged = commit.open_all(body, b"s" * 16)
    header = record.peek(settled.record)
    signer = court.world.device.keys.signer
    data = record.encode(replace(header, commit=forged.commitment()), signer)
    codes = court.codes(replace(settled, record=data, opening=forged, outcome="", receipt=b"",
                                result=b"", leaf=b""))  # fmt: skip
    assert codes == {"E-PRF-26", "E-PRF-27"}


def test_a_decision_without_a_receipt_is_a_claim(court, settled) -> None:
    assert court.codes(replace(settled, receipt=b"")) == {"E-PRF-30"}


def test_a_forged_receipt_or_leaf_is_seen(court, settled) -> None:
    forged = bytearray(settled.receipt)
    forged[-1] ^= 1
    assert court.codes(replace(settled, receipt=bytes(forged))) == {"E-PRF-31"}
    leaf = bytearray(settled.leaf)
    leaf[-1] ^= 1
    assert court.codes(replace(settled, leaf=bytes(leaf))) == {"E-PRF-31"}


def test_a_genuine_receipt_of_another_record_is_seen(court, settled) -> None:
    seq = record.peek(settled.record).seq
    other = next(one for one in court.every() if record.peek(one.record).seq != seq)
    swapped = replace(
        settled,
        receipt=other.receipt,
        leaf=other.leaf,
        outcome=other.outcome,
        result=other.result,
    )
    assert court.codes(swapped) == {"E-PRF-32"}


def test_another_outcome_or_other_details_than_logged_are_seen(court, settled) -> None:
    assert court.codes(replace(settled, outcome="adjusted")) == {"E-PRF-33"}
    told = cbor.loads(settled.result, max_bytes=1 << 20)
    told["setlinfo"]["fund_pay_sumamt"] = "9999.00"
    assert court.codes(replace(settled, result=cbor.dumps(told))) == {"E-PRF-34"}


def test_another_centres_receipt_proves_nothing(court, settled) -> None:
    stranger = es256.generate_sign_key().public_key()
    codes = court.codes(replace(settled, terminal_cert=b"", centre_cert=b""), Keys(stranger, court.terminal))
    assert "E-PRF-31" in codes


def test_a_file_that_is_no_bundle_is_called_so(court, settled) -> None:
    data = wire.encode(settled)
    for bad in (b"", data[:-1], data + b"x", b"PK\x03\x04", data[1:], bytes(2_000_000)):
        with pytest.raises(EdgeError, match="E-PRF-01"):
            wire.decode(bad)


@settings(max_examples=150, deadline=None, database=None)
@given(data=st.data())
def test_no_single_changed_byte_makes_another_bundle_that_is_believed(court, settled, data) -> None:
    good = wire.encode(settled)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    try:
        forged = wire.decode(bytes(bad))
    except EdgeError as error:
        assert error.code == "E-PRF-01"
        return
    same = replace(settled, made_utc_ms=forged.made_utc_ms)  # the one thing nobody vouches for
    if forged != same:
        assert court.codes(forged)
