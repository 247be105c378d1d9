"""One record that the centre cannot take never holds up the rest: it is kept, logged and receipted
as suspect with a code of its own. What is not signed by the terminal or not in its place still
moves nothing."""

from __future__ import annotations

from pathlib import Path

import kit
import pytest
import sqlalchemy as sa

from edge.core.parts.tasks import FREEZES
from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import cbor, cose, record
from sim.centre import audit, intake
from sim.centre.books import people
from sim.centre.books import store as t
from sim.centre.deciding import plans
from sim.centre.deciding.case import Case


@pytest.fixture
def centre_of(tmp_path: Path, db_url: str, device: kit.Device, folk: list[people.PersonSpec]):
    """On a real database of both kinds; afterwards books, chain and log agree."""
    made = kit.make(tmp_path, [device], folk, db_url)
    yield made
    found = audit.audit(made.store)
    assert found.faults == ()
    assert audit.doubles(made.store) == []
    made.store.close()


def later_version(device: kit.Device, **changes: object) -> int:
    """A record of a version that does not exist yet, signed by the terminal, in its place."""
    seq = device.write(device.register(device.who_cached, f"later-{len(device.log)}"))
    payload = cbor.loads(cose.peek1(device.log[-1], max_bytes=200_000).payload, max_bytes=200_000)
    payload |= {1: 2, 8: "by_voice", 99: {"new": [1, 2, 3]}} | changes
    data = cose.sign1(
        cbor.dumps(payload), device.signer, domain=record.DOMAIN, content_type=record.CONTENT_TYPE
    )
    device.log[-1] = data
    return seq


@pytest.fixture
def dev(centre_of, device: kit.Device, folk: list[people.PersonSpec]) -> kit.Device:
    device.who_cached = device.who(folk[0])
    return device


def fine(device: kit.Device, bill_no: str) -> int:
    return device.write(device.settle(device.who_cached, bill_no, [("XA01AA001", 1000)]))


def test_a_record_of_a_later_version_is_quarantined_and_those_behind_it_are_decided(
    centre_of, dev: kit.Device
) -> None:
    first, poison, last = fine(dev, "B-1"), later_version(dev), fine(dev, "B-2")
    (answer,) = dev.send(first, last)
    assert answer.upto_seq == last
    outcomes = {one.seq: (one.outcome, one.body["code"]) for one in answer.results}
    assert outcomes[first][0] is outcomes[last][0] is Outcome.SETTLED
    assert outcomes[poison] == (Outcome.SUSPECT, intake.UNREADABLE)
    (row,) = [row for row in kit.rows_of(centre_of, t.records) if row["seq"] == poison]
    assert bytes(row["data"]) == dev.log[poison - 1]  # nothing of it is lost
    assert (intake.UNREADABLE, 1) in {
        (row["code"], row["alarm"]) for row in kit.rows_of(centre_of, t.incidents)
    }
    (again,) = dev.send(poison)  # the very bytes: the first answer again
    assert [(one.seq, one.outcome) for one in again.results] == [(poison, Outcome.SUSPECT)]


@pytest.mark.parametrize("changes", [{4: 7}, {3: 9}, {5: bytes(32)}, {2: "other"}])
def test_an_unreadable_record_out_of_its_place_moves_nothing(
    centre_of, dev: kit.Device, changes: dict
) -> None:
    fine(dev, "B-1")
    dev.send(1)
    later_version(dev)
    payload = cbor.loads(cose.peek1(dev.log[-1], max_bytes=200_000).payload, max_bytes=200_000)
    dev.log[-1] = cose.sign1(
        cbor.dumps(payload | changes),
        dev.signer,
        domain=record.DOMAIN,
        content_type=record.CONTENT_TYPE,
    )
    (answer,) = dev.send(2)
    assert (answer.upto_seq, answer.results) == (1, ())


def test_an_unreadable_record_with_a_bad_signature_moves_nothing(
    centre_of, dev: kit.Device
) -> None:
    fine(dev, "B-1")
    dev.send(1)
    later_version(dev)
    dev.log[-1] = dev.log[-1][:-1] + bytes([dev.log[-1][-1] ^ 1])
    (answer,) = dev.send(2)
    assert (answer.upto_seq, answer.results) == (1, ())
    assert kit.codes_of(centre_of)[-1] == "bad_signature"


def test_a_bug_of_the_centre_quarantines_one_record_and_takes_the_rest(
    centre_of, dev: kit.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = plans.run

    def buggy(case: Case) -> object:
        done = run(case)  # money has moved already when it fails
        if case.body.bill_no == "B-2":
            raise KeyError("a bug of ours")
        return done

    monkeypatch.setattr(plans, "run", buggy)
    seqs = [fine(dev, f"B-{number}") for number in (1, 2, 3)]
    (answer,) = dev.send(seqs[0], seqs[-1])
    outcomes = [(one.outcome, one.body["code"]) for one in answer.results]
    assert outcomes == [
        (Outcome.SETTLED, ""),
        (Outcome.SUSPECT, intake.QUARANTINED),
        (Outcome.SETTLED, ""),
    ]
    assert set(audit.settled_bills(centre_of.store)) == {"B-1", "B-3"}  # nothing of it stayed booked
    assert intake.QUARANTINED in kit.codes_of(centre_of)


def test_a_text_that_the_database_cannot_hold_is_a_poison_of_one_record(
    centre_of, dev: kit.Device
) -> None:
    """NUL in a text: SQLite takes it, PostgreSQL refuses the row. Either way the rest goes on."""
    seqs = [fine(dev, number) for number in ("B-1", "B-\x002", "B-3")]
    (answer,) = dev.send(seqs[0], seqs[-1])
    assert answer.upto_seq == seqs[-1]
    assert {"B-1", "B-3"} <= set(audit.settled_bills(centre_of.store))


def test_a_fault_of_the_world_is_no_fault_of_the_record(
    centre_of, dev: kit.Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away: nothing is decided, the terminal sends again."""
    run, broken = plans.run, [True]

    def away(case: Case) -> object:
        if broken[0]:
            raise sa.exc.OperationalError("SELECT", {}, Exception("the server closed the connection"))
        return run(case)

    monkeypatch.setattr(plans, "run", away)
    seq = fine(dev, "B-1")
    with pytest.raises(sa.exc.OperationalError):
        dev.send(seq)
    broken[0] = False
    (answer,) = dev.send(seq)
    assert answer.results[0].outcome is Outcome.SETTLED


def test_a_quarantined_record_does_not_freeze_the_terminal() -> None:
    assert not {intake.UNREADABLE, intake.QUARANTINED} & set(FREEZES)


def test_what_is_no_record_at_all_has_no_place() -> None:
    for payload in ([1], {2: "t"}, {2: "t", 3: 1, 4: 0, 5: bytes(32)}):
        data = cose.sign1(cbor.dumps(payload), kit.Device("d").signer, domain=record.DOMAIN)
        with pytest.raises(EdgeError, match="E-WIR-02"):
            record.decode_place(data, _Anyone())


class _Anyone:
    """Believes every signature: what is judged is the form."""

    def verify(self, kid: bytes, alg: int, message: bytes, signature: bytes) -> bool:
        return True
