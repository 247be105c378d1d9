"""Questions, replies and answers: what goes in comes out, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from edge.core.types import Credit, Outcome
from edge.errors import EdgeError
from edge.wire import answer, ask, policy, record
from tests.wire.kit import (
    EPOCH,
    TERMINAL,
    ZERO,
    bodies,
    centre,
    few,
    hashes32,
    ids16,
    names,
    terminal,
    uints,
)

results = st.builds(
    answer.WireResult,
    seq=st.integers(1, 2**63 - 1),
    outcome=st.sampled_from(Outcome),
    index=uints,
    path=st.lists(hashes32, max_size=64).map(b"".join),
)
answers = st.builds(
    answer.WireAnswer,
    terminal=names,
    epoch=uints,
    upto=uints,
    chain=hashes32,
    number=st.integers(1, 2**63 - 1),
    centre_ms=uints,
    credit=st.builds(
        Credit,
        window=st.integers(1, 1000),
        pace_ms=st.integers(0, 3_600_000),
        spread_ms=st.integers(0, 86_400_000),
    ),
    results=st.lists(results, min_size=1, max_size=4).map(tuple),
    tree_size=uints,
    root=hashes32,
    consistency=st.binary(max_size=60),
    signed_root=st.binary(min_size=1, max_size=50),
    sealed=st.binary(min_size=1, max_size=50),
)


@few
@given(st.builds(ask.Ask, names, ids16, st.text(min_size=1, max_size=16), uints, bodies))
def test_a_question_round_trips_and_opens_only_as_itself(made: ask.Ask) -> None:
    got = ask.decode_ask(ask.encode_ask(made, terminal.signer, centre.sealer), terminal.verifier)
    assert (got.terminal, got.ask, got.infno, got.wall_ms) == (
        made.terminal,
        made.ask,
        made.infno,
        made.wall_ms,
    )
    assert ask.open_ask(got, centre.opener) == made.body
    for other in ({"terminal": "x"}, {"ask": bytes(16)}, {"infno": "9999"}):
        if asdict(got) | other != asdict(got):
            with pytest.raises(EdgeError, match="E-WIR-06"):
                ask.open_ask(replace(got, **other), centre.opener)


@few
@given(
    st.builds(
        ask.Tell,
        names,
        ids16,
        st.text(min_size=1, max_size=16),
        st.integers(-9, 9),
        st.text(max_size=99),
        bodies,
        uints,
    )
)
def test_a_reply_round_trips(made: ask.Tell) -> None:
    got = ask.decode_tell(ask.encode_tell(made, centre.signer, terminal.sealer), centre.verifier)
    assert ask.open_tell(got, terminal.opener) == made.output
    assert (got.terminal, got.ask, got.infno, got.infcode, got.err_msg, got.centre_ms) == (
        made.terminal,
        made.ask,
        made.infno,
        made.infcode,
        made.err_msg,
        made.centre_ms,
    )


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
        ask.encode_tell(
            replace(made, output={"document": b"x" * ask.OUTPUT_BYTES_MAX}),
            centre.signer,
            terminal.sealer,
        )
    with pytest.raises(EdgeError, match="E-WIR-01"):
        ask.encode_ask(
            ask.Ask(TERMINAL, b"1" * 16, "2206", 5, {"x": b"x" * record.BODY_BYTES_MAX}),
            terminal.signer,
            centre.sealer,
        )


def test_the_largest_policy_travels_in_a_reply() -> None:
    document = b"d" * policy.DOCUMENT_BYTES_MAX
    made = ask.Tell(TERMINAL, b"1" * 16, "policy", 0, "", {"document": document}, 5)
    got = ask.decode_tell(ask.encode_tell(made, centre.signer, terminal.sealer), centre.verifier)
    assert ask.open_tell(got, terminal.opener) == {"document": document}


@few
@given(answers)
def test_an_answer_round_trips(made: answer.WireAnswer) -> None:
    assert answer.decode(answer.encode(made, centre.signer), centre.verifier) == made


def test_an_answer_over_its_limit_is_refused_before_it_is_sent() -> None:
    one = answer.WireResult(1, Outcome.SETTLED, 0, bytes(32))
    made = answer.WireAnswer(
        TERMINAL, EPOCH, 9, ZERO, 1, 5, Credit(), (one,) * 64, 9, ZERO, b"", b"s", b"r" * 256_000
    )
    got = answer.decode(answer.encode(made, centre.signer), centre.verifier)
    assert (len(got.results), len(got.sealed)) == (64, 256_000)
    with pytest.raises(EdgeError, match="E-WIR-01"):
        answer.encode(replace(made, sealed=b"r" * 261_000), centre.signer)
    with pytest.raises(EdgeError, match="E-WIR-07"):
        answer.encode(replace(made, results=(one,) * 65), centre.signer)


@pytest.mark.parametrize("path", [bytes(31), bytes(33), bytes(65 * 32)], ids=len)
def test_a_path_is_whole_hashes_and_not_too_many(path: bytes) -> None:
    one = answer.WireResult(1, Outcome.SETTLED, 0, path)
    made = answer.WireAnswer(
        TERMINAL, EPOCH, 9, ZERO, 1, 5, Credit(), (one,), 9, ZERO, b"", b"s", b"r"
    )
    with pytest.raises(EdgeError, match="E-WIR-07"):
        answer.encode(made, centre.signer)


def test_a_result_over_its_limit_is_refused_before_it_is_sealed() -> None:
    place = {"terminal": TERMINAL, "epoch": EPOCH, "number": 1}
    most = b"r" * answer.RESULT_BYTES_MAX
    assert answer.seal_results([most], terminal.sealer, **place)
    with pytest.raises(EdgeError, match="E-WIR-01"):
        answer.seal_results([b"", most + b"r"], terminal.sealer, **place)


@pytest.mark.parametrize(
    "credit",
    [Credit(window=0), Credit(window=1001), Credit(pace_ms=-1), Credit(spread_ms=10**9)],
    ids=repr,
)
def test_a_credit_that_would_stop_or_flood_the_terminal_is_refused(credit: Credit) -> None:
    with pytest.raises(EdgeError, match="E-WIR-07"):
        answer.encode(
            answer.WireAnswer(TERMINAL, EPOCH, 0, ZERO, 1, 5, credit, (), 0, ZERO), centre.signer
        )
