"""Commit before answer, the same first answer for ever, one log: on both databases, with crashes
and company."""

from __future__ import annotations

import threading

import pytest
from kit import NOW, Device, make, rows_of

from edge.core.types import Outcome
from edge.errors import EdgeError
from edge.wire import answer as wire_answer
from edge.wire import topics
from edge.wire.log import merkle
from edge.wire.log import receipt as wire_receipt
from sim.centre import audit, desk, setup
from sim.centre.books import store
from sim.centre.books.store import Store

LINE = [("SYN-A-0001", 1_000)]


def test_a_crash_between_commit_and_answer_is_healed_by_the_resend(tmp_path, db_url, device, folk):
    centre = make(tmp_path, [device], folk, db_url)
    device.write(device.settle(device.who(folk[0]), "B1", LINE))
    (lost,) = centre.on_message(topics.up("T-1"), device.payload(1, 1), NOW)
    centre.store.close()  # the answer never left
    device.centre = setup.open_centre(tmp_path, db_url)
    (answer,) = device.send(1)
    said = [
        wire_answer.decode(data, centre.keys.verifier) for data in (lost[1], device.published[-1])
    ]
    first, again = [wire.results[0] for wire in said]
    assert (again.index, again.outcome) == (first.index, first.outcome)
    told, told_again = [wire_answer.open_results(wire, device.opener) for wire in said]
    assert told_again == told
    assert answer.results[0].outcome is Outcome.SETTLED
    assert audit.audit(device.centre.store).settled == 1
    device.centre.store.close()


def test_a_hello_after_a_lost_answer_brings_the_results_again(tmp_path, device, folk):
    centre = make(tmp_path, [device], folk, "sqlite://")
    identity = device.who(folk[0])
    for number in range(70):
        device.write(device.settle(identity, f"B{number}", LINE))
    for first in range(1, 70, 10):
        centre.on_message(topics.up("T-1"), device.payload(first, first + 9), NOW)
    (answer,) = device.hello()
    assert answer.upto_seq == 70
    assert [result.seq for result in answer.results] == list(range(1, 65))
    (rest,) = device.send(65, 70)
    assert [result.seq for result in rest.results] == list(range(65, 71))
    (nothing,) = device.hello()
    assert nothing.results == ()
    centre.store.close()


def test_a_failing_message_leaves_no_trace_in_books_log_or_tree(
    tmp_path, db_url, device, folk, monkeypatch
):
    """A real defect in the middle of an envelope: the database loses its table of leaves for one
    message."""
    centre = make(tmp_path, [device], folk, db_url)
    identity = device.who(folk[0])
    device.do(device.settle(identity, "B0", LINE))
    before = audit.audit(centre.store)
    for number in (1, 2):
        device.write(device.settle(identity, f"B{number}", LINE))
    with centre.store.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE leaves RENAME TO away")
    with pytest.raises(Exception, match="leaves"):
        centre.on_message(topics.up("T-1"), device.payload(2, 3), NOW)
    with centre.store.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE away RENAME TO leaves")
    assert audit.audit(centre.store) == before
    (answer,) = device.send(2, 3)
    assert [result.outcome for result in answer.results] == [Outcome.SETTLED] * 2
    assert audit.audit(centre.store).faults == ()
    centre.store.close()


def test_messages_at_the_same_time_are_taken_one_after_the_other(tmp_path, db_url, folk):
    devices = [Device(f"T-{index}") for index in range(4)]
    centre = make(tmp_path, devices, folk, db_url)
    other = setup.open_centre(tmp_path, db_url)  # a second worker on the same database
    for index, device in enumerate(devices):
        identity = device.who(folk[index])
        for number in range(5):
            device.write(device.settle(identity, f"{device.name}-{number}", LINE))
    problems: list[BaseException] = []

    def work(device: Device, worker: desk.Centre) -> None:
        try:
            for seq in range(1, 6):
                device.take(
                    worker.on_message(topics.up(device.name), device.payload(seq, seq), NOW)
                )
        except BaseException as problem:
            problems.append(problem)

    workers = [centre, other, centre, other]
    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(devices, workers, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    found = audit.audit(centre.store)
    assert (found.settled, found.tree_size, found.faults) == (20, 20, ())
    assert all(device.answers[-1].upto_seq == 5 for device in devices)
    centre.store.close()
    other.store.close()


def test_the_same_bill_from_two_terminals_at_once_is_settled_once(tmp_path, db_url, folk):
    devices = [Device("T-1"), Device("T-2")]
    centre = make(tmp_path, devices, folk, db_url)
    other = setup.open_centre(tmp_path, db_url)
    for device in devices:
        device.write(device.settle(device.who(folk[0]), "B1", LINE))
    results: list[Outcome] = []

    def work(device: Device, worker: desk.Centre) -> None:
        (answer,) = device.take(
            worker.on_message(topics.up(device.name), device.payload(1, 1), NOW)
        )
        results.append(answer.results[0].outcome)

    threads = [
        threading.Thread(target=work, args=pair)
        for pair in zip(devices, (centre, other), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [Outcome.DUPLICATE, Outcome.SETTLED]
    assert audit.doubles(centre.store) == []
    centre.store.close()
    other.store.close()


def test_any_two_answers_are_of_one_growing_log(tmp_path, folk):
    """Not only neighbours, as the terminal checks: every pair, by a tree rebuilt from the store."""
    devices = [Device("T-1"), Device("T-2")]
    centre = make(tmp_path, devices, folk, "sqlite://")
    for device in devices:
        identity = device.who(folk[0])
        for number in range(6):
            device.write(device.settle(identity, f"{device.name}{number}", LINE))
    for seq in range(1, 7):
        for device in devices:
            device.send(seq)
    answers = [
        wire_answer.decode(data, centre.keys.verifier)
        for device in devices
        for data in device.published
    ]
    rows = sorted(rows_of(centre, store.leaves), key=lambda row: row["idx"])
    tree = merkle.Tree.from_leaf_hashes(row["hash"] for row in rows)
    for old in answers:
        for new in answers:
            if old.tree_size <= new.tree_size:
                path = tree.consistency(old.tree_size, new.tree_size)
                assert merkle.verify_consistency(
                    old.tree_size, new.tree_size, path, old.root, new.root
                )
    late = answers[5].results[0]
    proven = wire_receipt.consistency_sizes(answers[5].consistency)
    assert answers[4].tree_size in proven
    assert late.index == answers[5].tree_size - 1
    centre.store.close()


def test_a_log_that_was_altered_behind_the_centres_back_stops_it(tmp_path, db_url, device, folk):
    centre = make(tmp_path, [device], folk, db_url)
    identity = device.who(folk[0])
    for number in range(3):
        device.do(device.settle(identity, f"B{number}", LINE))
    with centre.store.begin() as conn:
        conn.execute(store.leaves.update().where(store.leaves.c.idx == 1).values(hash=bytes(32)))
    fresh = setup.open_centre(tmp_path, db_url)
    with pytest.raises(EdgeError, match="E-LOG-20"):
        fresh.on_message(topics.up("T-1"), device.payload(1, 1), NOW)
    assert audit.audit(centre.store).faults
    centre.store.close()
    fresh.store.close()


def test_the_audit_sees_an_altered_outcome_result_record_or_posting(tmp_path, device, folk):
    def spoiled(sql: str) -> tuple[str, ...]:
        fresh = Device("T-1")
        centre = make(tmp_path / str(len(sql)), [fresh], folk, "sqlite://")
        identity = fresh.who(folk[0])
        for number in range(2):
            fresh.do(fresh.settle(identity, f"B{number}", LINE))
        assert audit.audit(centre.store).faults == ()
        with centre.store.begin() as conn:
            conn.exec_driver_sql(sql)
        found = audit.audit(centre.store).faults
        centre.store.close()
        return found

    assert spoiled("UPDATE records SET outcome = 'rejected' WHERE seq = 1")
    assert spoiled("UPDATE records SET result = x'a0' WHERE seq = 2")
    assert spoiled("UPDATE records SET data = CAST(data || x'00' AS BLOB) WHERE seq = 1")
    assert spoiled("DELETE FROM records WHERE seq = 1")
    assert spoiled("UPDATE postings SET fen = fen + 1 WHERE id = 2")
    assert spoiled("UPDATE accounts SET balance_fen = balance_fen - 5 WHERE name LIKE 'acct%'")
    assert spoiled("UPDATE streams SET upto = 1")


def test_a_guest_writes_beside_the_centre_and_never_checkpoints(tmp_path, device, folk):
    url = setup.default_url(tmp_path)
    centre = make(tmp_path, [device], folk, url)
    guest = Store(url, guest=True)
    with guest.begin() as conn:
        assert conn.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 0
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    from sim.centre.books import people

    code = people.issue_code(guest, folk[0].psn_no, NOW)
    body = {"means": "qr", "ecQrCode": code, "businessType": "01301", "orgId": device.org}
    assert device.ask("1101", body)[0] == 0
    guest.close()
    centre.store.close()


def test_an_envelope_of_large_results_is_answered_in_parts_that_fit(
    tmp_path, device, folk, monkeypatch
):
    from sim.centre import answers

    monkeypatch.setattr(answers, "BYTES_AT_ONCE", 4 * 1024)
    centre = make(tmp_path, [device], folk, "sqlite://")
    identity = device.who(folk[0])
    for number in range(8):
        device.write(device.settle(identity, f"B{number}", LINE))
    parts = device.send(1, 8)
    assert len(parts) > 1
    assert [result.seq for part in parts for result in part.results] == list(range(1, 9))
    assert {part.upto_seq for part in parts} == {8}
    centre.store.close()
