"""Records, envelopes, questions, replies, answers, policies: what goes in comes out, and nothing else does."""

from __future__ import annotations

import hashlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from edge.core.types import Caps, Credit, Mode, Outcome, Policy
from edge.errors import EdgeError
from edge.wire import answer, ask, cbor, cose, envelope, policy, record, topics
from tests.wire.kit import EPOCH, TERMINAL, ZERO, bodies, centre, chain, few, hashes32, header, ids16, names, stranger, terminal, uints

headers = st.builds(
    record.RecordHeader, terminal=names, epoch=uints, seq=st.integers(1, 2**63 - 1), prev=hashes32, txid=ids16,
    kind=st.text(min_size=1, max_size=32), mode=st.sampled_from(Mode), boot=ids16, mono_ms=uints, wall_ms=uints,
    error_ms=uints, policy=hashes32, keys=st.text(min_size=1, max_size=16), sealed=st.binary(min_size=1, max_size=200),
)
results = st.builds(
    answer.WireResult, seq=st.integers(1, 2**63 - 1), outcome=st.sampled_from(Outcome), result=st.binary(min_size=1, max_size=50),
    receipt=st.binary(min_size=1, max_size=50), index=uints,
)
answers = st.builds(
    answer.WireAnswer, terminal=names, epoch=uints, upto=uints, chain=hashes32, number=st.integers(1, 2**63 - 1), centre_ms=uints,
    credit=st.builds(Credit, window=st.integers(1, 1000), pace_ms=st.integers(0, 3_600_000), spread_ms=st.integers(0, 86_400_000)),
    results=st.lists(results, max_size=4).map(tuple), tree_size=uints, root=hashes32, consistency=st.binary(max_size=60),
)
envelopes = st.builds(
    envelope.Envelope, terminal=names, epoch=uints, first_seq=st.integers(1, 2**63 - 1),
    records=st.lists(st.binary(min_size=1, max_size=400), max_size=64).map(tuple), answer_seen=uints, tree_size=uints, policy=hashes32,
)
fens = st.integers(0, 10**12)
policies = st.builds(
    Policy, profile=st.sampled_from(["P0", "P1", "P2"]), version=uints, issued_utc_ms=st.integers(0, 10**6),
    valid_until_utc_ms=st.integers(10**6, 10**15), caps=st.builds(Caps, *[fens] * 8), allow=st.lists(st.text(max_size=20), max_size=4).map(tuple),
    face_nopassword_max_fen=fens, liveness_threshold=st.floats(0, 1), liveness_steps=st.integers(0, 9), answer_wait_ms=fens,
    rules=bodies, rules_utc_ms=uints,
)


# -- records ------------------------------------------------------------------------------------------------------------
@few
@given(headers)
def test_a_record_round_trips(made: record.RecordHeader) -> None:
    data = record.encode(made, terminal.signer)
    assert record.decode(data, terminal.verifier) == made == record.peek(data)
    assert record.record_hash(data) == hashlib.sha256(data).digest()


def test_a_record_is_written_with_the_keys_of_the_protocol() -> None:
    tag = cbor2.loads(record.encode(header(), terminal.signer))
    fields = cbor2.loads(tag.value[2])
    assert list(fields) == list(range(1, 16))
    assert [fields[key] for key in (1, 2, 3, 4, 7, 8, 14)] == [1, TERMINAL, EPOCH, 1, "settle", "online", "file"]
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


def test_a_body_of_48_kb_fits_and_one_byte_more_does_not() -> None:
    place = {"terminal": "t" * 32, "epoch": 2**63 - 1, "seq": 2**63 - 1, "txid": b"t" * 16}
    room = record.BODY_BYTES_MAX - len(cbor.dumps({"text": b"x" * 40_000})) + 40_000
    sealed = record.seal_body({"text": b"x" * room}, centre.sealer, **place)
    made = header(**place, kind="k" * 32, keys="k" * 16, mono_ms=2**63 - 1, wall_ms=2**63 - 1, error_ms=2**63 - 1, sealed=sealed)
    data = record.encode(made, terminal.signer)
    assert record.open_body(record.decode(data, terminal.verifier), centre.opener) == {"text": b"x" * room}
    sent = envelope.encode(envelope.Envelope(TERMINAL, EPOCH, 1, (data,)))  # and it travels
    assert envelope.decode(sent).records == (data,)
    with pytest.raises(EdgeError, match="E-WIR-01"):
        record.seal_body({"text": b"x" * (room + 1)}, centre.sealer, **place)


def test_a_bill_with_200_lines_fits_into_a_record() -> None:
    line = {"feedetl_sn": "20261121000001", "med_list_codg": "XA02BCA001A001010100001", "medins_list_name": "奥美拉唑肠溶胶囊",
            "det_item_fee_sumamt": "1234.56", "cnt": "12", "pric": "102.880000", "medins_list_codg": "H000000001"}
    body = {"plan": [{"infno": "2204", "input": {"feedetail": [line] * 200}}]}
    place = {"terminal": TERMINAL, "epoch": EPOCH, "seq": 1, "txid": b"t" * 16}
    made = header(txid=b"t" * 16, sealed=record.seal_body(body, centre.sealer, **place))
    assert record.open_body(made, centre.opener) == body


BAD_FIELDS = {
    "terminal": ["", "a/b", "a+b", "#", "t" * 33, ".t", "é", 5], "epoch": [-1, 2**63, "1", True], "seq": [0, -1, 2**63, 1.0],
    "prev": [b"", b"x" * 31, b"x" * 33, "x" * 32], "txid": [b"x" * 15], "kind": ["", "k" * 33, 5], "mode": ["ONLINE", "", 1],
    "boot": [b""], "mono_ms": [-1], "wall_ms": [None], "error_ms": [-1], "policy": [b"x"], "keys": ["", "k" * 17], "sealed": [b"", "x", b"x" * 52_000],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, bad in BAD_FIELDS.items() for value in bad],
                         ids=lambda value: repr(value)[:20])
def test_a_field_out_of_its_limits_is_neither_written_nor_read(name: str, value: object) -> None:
    with pytest.raises(EdgeError, match="E-WIR-07"):
        record.encode(header(**{name: value}), terminal.signer)
    key = {one[0]: key for key, one in record._TABLE.items()}[name]
    fields = cbor2.loads(cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload) | {key: value}
    forged = cose.sign1(cbor.dumps(fields), terminal.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE)
    with pytest.raises(EdgeError, match=r"E-WIR-0[12]"):
        record.decode(forged, terminal.verifier)


@pytest.mark.parametrize("change", [{16: 1}, {0: 1}, {"x": 1}, {1: 2}, {15: None}], ids=repr)
def test_unknown_fields_and_versions_are_refused_even_when_signed(change: dict) -> None:
    fields = cbor2.loads(cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload) | change
    forged = cose.sign1(cbor.dumps(fields), terminal.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE)
    with pytest.raises(EdgeError, match="E-WIR-02"):
        record.decode(forged, terminal.verifier)


@pytest.mark.parametrize("key", range(1, 16))
def test_a_missing_field_is_refused_even_when_signed(key: int) -> None:
    fields = cbor2.loads(cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload)
    del fields[key]
    forged = cose.sign1(cbor.dumps(fields), terminal.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE)
    with pytest.raises(EdgeError, match="E-WIR-02"):
        record.decode(forged, terminal.verifier)


def test_a_record_without_its_content_type_is_no_record() -> None:
    payload = cose.peek1(record.encode(header(), terminal.signer), max_bytes=9999).payload
    for content_type in ("", "application/cbor"):
        forged = cose.sign1(payload, terminal.signer, domain=record.DOMAIN, content_type=content_type)
        with pytest.raises(EdgeError, match="E-WIR-04"):
            record.decode(forged, terminal.verifier)


# -- envelopes ----------------------------------------------------------------------------------------------------------
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
        envelope.decode(cbor.dumps({1: 1, 2: TERMINAL, 3: EPOCH, 4: 1, 5: records, 6: 0, 7: 0, 8: ZERO}))


@few
@given(st.lists(st.integers(1, record.RECORD_BYTES_MAX) | st.integers(300, 900), max_size=400), st.integers(1, 10**9))
def test_splitting_keeps_the_order_loses_nothing_and_every_part_fits(sizes: list[int], first_seq: int) -> None:
    seq = first_seq
    batches = envelope.split(sizes, first_seq)
    for first, last in batches:
        assert first == seq <= last
        held = sizes[first - first_seq : last - first_seq + 1]
        assert len(held) == 1 or (len(held) <= envelope.RECORDS_MAX and sum(held) <= envelope.BYTES_MAX)
        seq = last + 1
    assert seq == first_seq + len(sizes)
    for (first, last), (_, next_last) in zip(batches, batches[1:], strict=False):  # none could have taken the next record
        with_next = sizes[first - first_seq : last - first_seq + 2]
        assert len(with_next) > envelope.RECORDS_MAX or sum(with_next) > envelope.BYTES_MAX
        assert next_last > last


# -- questions and replies ----------------------------------------------------------------------------------------------
@few
@given(st.builds(ask.Ask, names, ids16, st.text(min_size=1, max_size=16), uints, bodies))
def test_a_question_round_trips_and_opens_only_as_itself(made: ask.Ask) -> None:
    got = ask.decode_ask(ask.encode_ask(made, terminal.signer, centre.sealer), terminal.verifier)
    assert (got.terminal, got.ask, got.infno, got.wall_ms) == (made.terminal, made.ask, made.infno, made.wall_ms)
    assert ask.open_ask(got, centre.opener) == made.body
    for other in ({"terminal": "x"}, {"ask": bytes(16)}, {"infno": "9999"}):
        if asdict(got) | other != asdict(got):
            with pytest.raises(EdgeError, match="E-WIR-06"):
                ask.open_ask(replace(got, **other), centre.opener)


@few
@given(st.builds(ask.Tell, names, ids16, st.text(min_size=1, max_size=16), st.integers(-9, 9), st.text(max_size=99), bodies, uints))
def test_a_reply_round_trips(made: ask.Tell) -> None:
    got = ask.decode_tell(ask.encode_tell(made, centre.signer, terminal.sealer), centre.verifier)
    assert ask.open_tell(got, terminal.opener) == made.output
    assert (got.terminal, got.ask, got.infno, got.infcode, got.err_msg, got.centre_ms) == (
        made.terminal, made.ask, made.infno, made.infcode, made.err_msg, made.centre_ms)


def test_a_reply_for_one_question_does_not_open_as_the_reply_to_another() -> None:
    made = ask.Tell(TERMINAL, b"1" * 16, "1101", 0, "", {"authNo": "A"}, 5)
    got = ask.decode_tell(ask.encode_tell(made, centre.signer, terminal.sealer), centre.verifier)
    with pytest.raises(EdgeError, match="E-WIR-06"):
        ask.open_tell(replace(got, ask=b"2" * 16), terminal.opener)


def test_a_long_error_message_is_cut_and_a_long_reply_refused() -> None:
    made = ask.Tell(TERMINAL, b"1" * 16, "1101", -1, "字" * 5000, {}, 5)
    got = ask.decode_tell(ask.encode_tell(made, centre.signer, terminal.sealer), centre.verifier)
    assert got.err_msg == "字" * ask.ERR_CHARS
    with pytest.raises(EdgeError, match="E-WIR-01"):
        ask.encode_tell(replace(made, output={"document": b"x" * ask.OUTPUT_BYTES_MAX}), centre.signer, terminal.sealer)
    with pytest.raises(EdgeError, match="E-WIR-01"):
        ask.encode_ask(ask.Ask(TERMINAL, b"1" * 16, "2206", 5, {"x": b"x" * record.BODY_BYTES_MAX}), terminal.signer, centre.sealer)


def test_the_largest_policy_travels_in_a_reply() -> None:
    document = b"d" * policy.DOCUMENT_BYTES_MAX
    made = ask.Tell(TERMINAL, b"1" * 16, "policy", 0, "", {"document": document}, 5)
    got = ask.decode_tell(ask.encode_tell(made, centre.signer, terminal.sealer), centre.verifier)
    assert ask.open_tell(got, terminal.opener) == {"document": document}


# -- answers ------------------------------------------------------------------------------------------------------------
@few
@given(answers)
def test_an_answer_round_trips(made: answer.WireAnswer) -> None:
    assert answer.decode(answer.encode(made, centre.signer), centre.verifier) == made


def test_an_answer_over_its_limit_is_refused_before_it_is_sent() -> None:
    one = answer.WireResult(1, Outcome.SETTLED, b"r" * 48_000, b"c", 0)
    made = answer.WireAnswer(TERMINAL, EPOCH, 9, ZERO, 1, 5, Credit(), (one,) * 6, 9, ZERO)
    with pytest.raises(EdgeError, match="E-WIR-01"):
        answer.encode(made, centre.signer)
    assert len(answer.decode(answer.encode(replace(made, results=(one,) * 5), centre.signer), centre.verifier).results) == 5
    small = answer.WireResult(1, Outcome.SETTLED, b"r", b"c", 0)
    with pytest.raises(EdgeError, match="E-WIR-07"):
        answer.encode(replace(made, results=(small,) * 65), centre.signer)


@pytest.mark.parametrize("credit", [Credit(window=0), Credit(window=1001), Credit(pace_ms=-1), Credit(spread_ms=10**9)], ids=repr)
def test_a_credit_that_would_stop_or_flood_the_terminal_is_refused(credit: Credit) -> None:
    with pytest.raises(EdgeError, match="E-WIR-07"):
        answer.encode(answer.WireAnswer(TERMINAL, EPOCH, 0, ZERO, 1, 5, credit, (), 0, ZERO), centre.signer)


# -- policies -----------------------------------------------------------------------------------------------------------
@few
@given(policies)
def test_a_policy_round_trips_for_its_terminal_and_for_all(made: Policy) -> None:
    for whom in (TERMINAL, policy.EVERYONE):
        document = policy.encode(made, whom, centre.signer)
        assert policy.decode(document, centre.verifier, terminal=TERMINAL) == made
        assert policy.document_hash(document) == hashlib.sha256(document).digest()


PLAIN = Policy("P1", 3, 10, 20, Caps(), ("settle",), 50_000, 0.85, 2)


def test_a_policy_for_another_terminal_is_refused() -> None:
    with pytest.raises(EdgeError, match="E-POL-02"):
        policy.decode(policy.encode(PLAIN, "t-0002", centre.signer), centre.verifier, terminal=TERMINAL)


def test_a_policy_that_the_centre_did_not_sign_is_refused() -> None:
    for data in (policy.encode(PLAIN, "*", stranger.signer), b"", b"\xd2", cose.sign1(b"", centre.signer, domain=answer.DOMAIN)):
        with pytest.raises(EdgeError, match="E-POL-01"):
            policy.decode(data, centre.verifier, terminal=TERMINAL)


@pytest.mark.parametrize("change", [
    {"profile": "P9"}, {"version": "3"}, {"valid_until_utc_ms": 9}, {"new_limit_fen": 1}, {"caps": {}, "liveness_threshold": "x"},
    {"caps": {"total_max_fen": -1}}, {"caps": {"new_cap": 1}}, {"caps": []}, {"caps": None}, {"allow": "settle"}, {5: 5},
    {"profile": None}, {"rules": []}, {"liveness_steps": 1.5},
], ids=repr)
def test_a_policy_with_an_unknown_missing_or_senseless_limit_is_refused_even_when_signed(change: dict) -> None:
    good = cbor2.loads(cose.peek1(policy.encode(PLAIN, "*", centre.signer), max_bytes=9999).payload)
    document = cose.sign1(cbor.dumps(good | change), centre.signer, domain=policy.DOMAIN)
    with pytest.raises(EdgeError, match="E-POL-03"):
        policy.decode(document, centre.verifier, terminal=TERMINAL)


@pytest.mark.parametrize("payload", [b"", b"\xff", b"\x80", b"\xa0", b"\x01"], ids=bytes.hex)
def test_a_policy_that_is_no_policy_is_refused_even_when_signed(payload: bytes) -> None:
    with pytest.raises(EdgeError, match="E-POL-03"):
        policy.decode(cose.sign1(payload, centre.signer, domain=policy.DOMAIN), centre.verifier, terminal=TERMINAL)


def test_a_policy_over_its_limit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(EdgeError, match="E-WIR-01"):
        policy.encode(replace(PLAIN, rules={"x": b"x" * policy.DOCUMENT_BYTES_MAX}), "*", centre.signer)


# -- topics -------------------------------------------------------------------------------------------------------------
@few
@given(names, st.integers(1, 256))
def test_a_topic_is_read_back_as_it_was_named(terminal_name: str, shards: int) -> None:
    for what, make in [("up", topics.up), ("ask", topics.ask), ("down", topics.down), ("tell", topics.tell), ("state", topics.state)]:
        name, shard, who = topics.parse(make(terminal_name, shards))
        assert (name, who) == (what, terminal_name)
        assert shard == hashlib.sha256(terminal_name.encode()).digest()[0] % shards


def test_terminals_spread_over_all_shards() -> None:
    counts = [0] * 16
    for number in range(1600):
        counts[topics.shard(f"t-{number:04}")] += 1
    assert min(counts) > 50


@pytest.mark.parametrize("topic", [
    "", "/", "fp/1/00/t/up/", "fp/1/00/t", "fp/2/00/t/up", "fp/1/0/t/up", "fp/1/000/t/up", "fp/1/0G/t/up", "fp/1/0A/t/up", "fp/1/+1/t/up",
    "fp/1/00/t/down2", "fp/1/00/+/up", "fp/1/00/#/up", "fp/1/00//up", "fp/1/00/t t/up", "/fp/1/00/t/up", "fp/1/٣٣/t/up", "fp/1/00/t\n/up",
    "fp/1/00/" + "t" * 33 + "/up", "fp/1/00/t/up" + "/x" * 1000, "$SYS/broker/uptime",
])
def test_what_is_no_topic_of_ours_is_refused(topic: str) -> None:
    with pytest.raises(EdgeError, match="E-WIR-08"):
        topics.parse(topic)
