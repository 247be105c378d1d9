"""Parts of a sealed body can be shown, each with proof, and the rest stays closed."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.errors import EdgeError
from edge.wire import cbor, commit, record
from tests.wire.kit import EPOCH, TERMINAL, bodies, centre, few, header, many, terminal

SALT = b"s" * commit.SALT_BYTES
BODY = {
    "kind": "settle",
    "consent": {"text": "face-consent-1", "lang": "zh-CN", "at_ms": 5},
    "identity": {"means": "card", "template": b"\x01" * 768, "template_model": "m"},
}


def sealed(body, salt, committed):
    place = {"terminal": TERMINAL, "epoch": EPOCH, "seq": 1, "txid": b"t" * 16}
    made = header(
        txid=b"t" * 16,
        sealed=record.seal_body(body, centre.sealer, **place, salt=salt),
        commit=committed,
    )
    return record.decode(record.encode(made, terminal.signer), terminal.verifier)


@few
@given(bodies)
def test_what_is_shown_and_what_is_not_give_the_same_commitment(body) -> None:
    assume(commit.SALT_KEY not in body)
    whole = commit.open_all(body, SALT)
    for name in [*whole.shown]:
        part = whole.without(name)
        assert name not in part.shown
        assert part.commitment() == whole.commitment()
        assert commit.decode(commit.encode(part)) == part


def test_the_face_is_a_unit_of_its_own_and_the_rest_of_the_identity_can_be_shown() -> None:
    shown = commit.open_all(BODY, SALT).without(commit.FACE_UNIT)
    assert shown.body["identity"] == {"means": "card"}
    assert BODY["identity"]["template"] not in zlib.decompress(commit.encode(shown))


def test_another_value_salt_or_name_is_another_commitment() -> None:
    whole = commit.open_all(BODY, SALT)
    for changed in (
        commit.open_all(BODY | {"kind": "pharmacy"}, SALT),
        commit.open_all(BODY, b"t" * 16),
        commit.open_all({("kinds" if k == "kind" else k): v for k, v in BODY.items()}, SALT),
        commit.open_all({**BODY, "more": None}, SALT),
    ):
        assert changed.commitment() != whole.commitment()


def test_equal_values_of_two_units_have_digests_that_do_not_show_it() -> None:
    closed = commit.open_all({"a": 1, "b": 1}, SALT).without("a", "b").hidden
    assert closed["a"] != closed["b"]


def test_the_centre_opens_only_the_body_that_the_record_commits_to() -> None:
    good = commit.open_all(BODY, SALT).commitment()
    assert record.open_body(sealed(BODY, SALT, good), centre.opener) == BODY
    for body, salt, said in (
        (BODY | {"kind": "pharmacy"}, SALT, good),  # another body
        (BODY, b"t" * 16, good),  # another salt
        (BODY, b"", good),  # none
    ):
        with pytest.raises(EdgeError, match="E-WIR-10"):
            record.open_body(sealed(body, salt, said), centre.opener)


@many
@given(st.binary(max_size=200) | st.binary(max_size=200).map(zlib.compress))
def test_rubbish_is_no_opening(data) -> None:
    with pytest.raises(EdgeError, match=r"E-WIR-0[123]"):
        commit.decode(data)


def test_an_opening_that_unpacks_to_more_than_a_body_is_refused() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    with pytest.raises(EdgeError, match="E-WIR-02"):
        commit.decode(bomb)


@pytest.mark.parametrize(
    "value",
    [
        {"shown": {}, "hidden": {}, "more": 1},
        {"shown": {"a": [b"s" * 15, b""]}, "hidden": {}},
        {"shown": {"a": [b"s" * 16, 1]}, "hidden": {}},
        {"shown": {"a": [b"s" * 16, b""]}, "hidden": {"a": bytes(32)}},
        {"shown": {}, "hidden": {"a": bytes(31)}},
        {"shown": {1: [b"s" * 16, b""]}, "hidden": {}},
    ],
)
def test_a_malformed_opening_is_refused(value) -> None:
    with pytest.raises(EdgeError, match="E-WIR-02"):
        commit.decode(zlib.compress(cbor.dumps(value)))
