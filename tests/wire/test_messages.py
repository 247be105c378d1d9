"""Records and envelopes: what goes in comes out, and nothing else does."""

from __future__ import annotations

import hashlib
import itertools

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.core.types import Mode
from edge.errors import EdgeError
from edge.wire import cbor, cose, envelope, record
from tests.wire.kit import (
    EPOCH,
    TERMINAL,
    ZERO,
    bodies,
    centre,
    chain,
    few,
    hashes32,
    header,
    ids16,
    names,
    stranger,
    terminal,
    uints,
)

headers = st.builds(
    record.RecordHeader,
    terminal=names,
    epoch=uints,
    seq=st.integers(1, 2**63 - 1),
    prev=hashes32,
    txid=ids16,
    kind=st.text(min_size=1, max_size=32),
    mode=st.sampled_from(Mode),
    boot=ids16,
    mono_ms=uints,
    wall_ms=uints,
    error_ms=uints,
    policy=hashes32,
    keys=st.text(min_size=1, max_size=16),
    sealed=st.binary(min_size=1, max_size=200),
)
envelopes = st.builds(
    envelope.Envelope,
    terminal=names,
    epoch=uints,
    first_seq=st.integers(1, 2**63 - 1),
    records=st.lists(st.binary(min_size=1, max_size=400), max_size=64).map(tuple),
    answer_seen=uints,
    tree_size=uints,
    policy=hashes32,
)


@few
@given(headers)
def test_a_record_round_trips(made: record.RecordHeader) -> None:
    data = record.encode(made, terminal.signer)
    assert record.decode(data, terminal.verifier) == made == record.peek(data)
    assert record.record_hash(data) == hashlib.sha256(data).digest()


def test_a_record_is_written_with_the_keys_of_the_protocol() -> None:
    tag = cbor2.loads(record.encode(header(), terminal.signer))
    fields = cbor2.loads(tag.value[2])
    assert list(fields) == list(range(1, 17))
    assert [fields[key] for key in (1, 2, 3, 4, 7, 8, 14)] == [
        1,
        TERMINAL,
        EPOCH,
        1,
        "settle",
        "online",
        "file",
    ]
    assert cbor2.loads(tag.value[0])[3] == "application/facepay-record+cbor"


@few
@given(bodies)
def test_a_body_opens_at_its_own_place_only(body: dict) -> None:
    place = {"terminal": TERMINAL, "epoch": EPOCH, "seq": 4, "txid": b"t" * 16}
    made = header(seq=4, txid=b"t" * 16, sealed=record.seal_body(body, centre.sealer, **place))
    assert record.open_body(made, centre.opener) == body
    for other in ({"terminal": "t-9"}, {"epoch": 8}, {"seq": 5}, {"txid": b"u" * 16}):
        with pytest.raises(EdgeError, match="E-WIR-06"):
            record.open_body(replace(made, **other), centre.opener)
    with pytest.raises(EdgeError, match="E-WIR-06"):
        record.open_body(made, stranger.opener)


def test_a_chain_names_each_record_by_the_hash_of_its_exact_bytes() -> None:
    records = chain(3)
    prevs = [record.decode(data, terminal.verifier).prev for data in records]
    assert prevs == [ZERO, hashlib.sha256(records[0]).digest(), hashlib.sha256(records[1]).digest()]


def test_a_body_of_96_kb_fits_and_one_byte_more_does_not() -> None:
    place = {"terminal": "t" * 32, "epoch": 2**63 - 1, "seq": 2**63 - 1, "txid": b"t" * 16}
    room = record.BODY_BYTES_MAX - len(cbor.dumps({"text": b"x" * 70_000})) + 70_000
    sealed = record.seal_body({"text": b"x" * room}, centre.sealer, **place)
    made = header(
        **place,
        kind="k" * 32,
        keys="k" * 16,
        mono_ms=2**63 - 1,
        wall_ms=2**63 - 1,
        error_ms=2**63 - 1,
        sealed=sealed,
    )
    data = record.encode(made, terminal.signer)
    assert record.open_body(record.decode(data, terminal.verifier), centre.opener) == {
        "text": b"x" * room
    }
    sent = envelope.encode(envelope.Envelope(TERMINAL, EPOCH, 1, (data,)))  # and it travels
    assert envelope.decode(sent).records == (data,)
    with pytest.raises(EdgeError, match="E-WIR-01"):
        record.seal_body({"text": b"x" * (room + 1)}, centre.sealer, **place)


def test_a_bill_with_200_lines_fits_into_a_record() -> None:
    line = {
        "feedetl_sn": "20261121000001",
        "med_list_codg": "XA02BCA001A001010100001",
        "medins_list_name": "奥美拉唑肠溶胶囊",
        "det_item_fee_sumamt": "1234.56",
        "cnt": "12",
        "pric": "102.880000",
        "medins_list_codg": "H000000001",
    }
    body = {"plan": [{"infno": "2204", "input": {"feedetail": [line] * 200}}]}
    place = {"terminal": TERMINAL, "epoch": EPOCH, "seq": 1, "txid": b"t" * 16}
    made = header(txid=b"t" * 16, sealed=record.seal_body(body, centre.sealer, **place))
    assert record.open_body(made, centre.opener) == body


BAD_FIELDS = {
    "terminal": ["", "a/b", "a+b", "#", "t" * 33, ".t", "é", 5],
    "epoch": [-1, 2**63, "1", True],
    "seq": [0, -1, 2**63, 1.0],
    "prev": [b"", b"x" * 31, b"x" * 33, "x" * 32],
    "txid": [b"x" * 15],
    "kind": ["", "k" * 33, 5],
    "mode": ["ONLINE", "", 1],
    "boot": [b""],
    "mono_ms": [-1],
    "wall_ms": [None],
    "error_ms": [-1],
    "policy": [b"x"],
    "keys": ["", "k" * 17],
    "sealed": [b"", "x", b"x" * (record.SEALED_BYTES_MAX + 1)],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, bad in BAD_FIELDS.items() for value in bad],
    ids=lambda value: repr(value)[:20],
)
def test_a_field_out_of_its_limits_is_neither_written_nor_read(name: str, value: object) -> None:
    with pytest.raises(EdgeError, match="E-WIR-07"):
        record.encode(header(**{name: value}), terminal.signer)
    key = {one[0]: key for key, one in record._TABLE.items()}[name]
    fields = cbor2.loads(
        cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload
    ) | {key: value}
    forged = cose.sign1(
        cbor.dumps(fields), terminal.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE
    )
    with pytest.raises(EdgeError, match=r"E-WIR-0[12]"):
        record.decode(forged, terminal.verifier)


@pytest.mark.parametrize("change", [{16: 1}, {0: 1}, {"x": 1}, {1: 2}, {15: None}], ids=repr)
def test_unknown_fields_and_versions_are_refused_even_when_signed(change: dict) -> None:
    fields = (
        cbor2.loads(cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload)
        | change
    )
    forged = cose.sign1(
        cbor.dumps(fields), terminal.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE
    )
    with pytest.raises(EdgeError, match="E-WIR-02"):
        record.decode(forged, terminal.verifier)


@pytest.mark.parametrize("key", range(1, 16))
def test_a_missing_field_is_refused_even_when_signed(key: int) -> None:
    fields = cbor2.loads(
        cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload
    )
    del fields[key]
    forged = cose.sign1(
        cbor.dumps(fields), terminal.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE
    )
    with pytest.raises(EdgeError, match="E-WIR-02"):
        record.decode(forged, terminal.verifier)


def test_a_record_without_its_content_type_is_no_record() -> None:
    payload = cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload
    for content_type in ("", "application/cbor"):
        forged = cose.sign1(
            payload, terminal.signer, domain=record.DOMAIN, content_type=content_type
        )
        with pytest.raises(EdgeError, match="E-WIR-04"):
            record.decode(forged, terminal.verifier)


@few
@given(envelopes)
def test_an_envelope_round_trips_with_the_exact_record_bytes(made: envelope.Envelope) -> None:
    assert envelope.decode(envelope.encode(made)) == made


def test_a_hello_has_no_records() -> None:
    made = envelope.Envelope(TERMINAL, EPOCH, 9, ())
    assert envelope.decode(envelope.encode(made)).records == ()


def test_an_envelope_takes_64_records_or_32_kb_or_one_larger_one() -> None:
    for records in ([b"r"] * 64, [b"r" * 512] * 64, [b"r" * record.RECORD_BYTES_MAX]):
        made = envelope.Envelope(TERMINAL, EPOCH, 1, tuple(records))
        assert envelope.decode(envelope.encode(made)) == made
    for records in ([b"r"] * 65, [b"r" * 513] * 64, [b"r" * 32 * 1024, b"r"]):
        with pytest.raises(EdgeError, match="E-WIR-01"):
            envelope.encode(envelope.Envelope(TERMINAL, EPOCH, 1, tuple(records)))
        sent = cbor.dumps({1: 1, 2: TERMINAL, 3: EPOCH, 4: 1, 5: records, 6: 0, 7: 0, 8: ZERO})
        with pytest.raises(EdgeError, match=r"E-WIR-0[12]"):
            envelope.decode(sent)


@pytest.mark.parametrize("records", [[1], [b""], ["x"], [[b"x"]], {}, None, b"x"], ids=repr)
def test_an_envelope_holds_byte_strings_only(records: object) -> None:
    with pytest.raises(EdgeError, match="E-WIR-02"):
        envelope.decode(
            cbor.dumps({1: 1, 2: TERMINAL, 3: EPOCH, 4: 1, 5: records, 6: 0, 7: 0, 8: ZERO})
        )


@few
@given(
    st.lists(st.integers(1, record.RECORD_BYTES_MAX) | st.integers(300, 900), max_size=400),
    st.integers(1, 10**9),
)
def test_splitting_keeps_the_order_loses_nothing_and_every_part_fits(
    sizes: list[int], first_seq: int
) -> None:
    seq = first_seq
    batches = envelope.split(sizes, first_seq)
    for first, last in batches:
        assert first == seq <= last
        held = sizes[first - first_seq : last - first_seq + 1]
        assert len(held) == 1 or (
            len(held) <= envelope.RECORDS_MAX and sum(held) <= envelope.BYTES_MAX
        )
        seq = last + 1
    assert seq == first_seq + len(sizes)
    for (first, last), (_, next_last) in itertools.pairwise(
        batches
    ):  # none could have taken the next record
        with_next = sizes[first - first_seq : last - first_seq + 2]
        assert len(with_next) > envelope.RECORDS_MAX or sum(with_next) > envelope.BYTES_MAX
        assert next_last > last
