"""The agent as a process: with a TLS broker, a centre and a controller; and with none of them."""

from __future__ import annotations

import base64
import socket
from pathlib import Path

import psutil
import pytest

from edge.suites import es256
from edge.wire import cbor, record
from edge.wire.log.receipt import check_inclusion
from sim.centre.audit import audit, doubles
from sim.centre.books.people import population
from sim.clinic.counter import AgentProcess, Clerk, Counter, until

CARDS = [person.cards[0] for person in population(20)]
ENDS = {"settled", "rejected", "refused", "provisional"}


# -- the whole way, on both brokers ----------------------------------------------------------------
def test_a_card_visit_settles_and_the_receipt_is_of_the_very_record(
    counter: Counter, desk: Clerk
) -> None:
    desk.online()
    desk.with_board()
    answer = desk.send("P-1", 2500, "settle")
    assert answer.status_code == 202
    state = desk.pay_by_card(answer.json()["bill_id"], CARDS[0], ENDS)
    assert state["status"] == "settled"
    proof = desk.http.get(f"/v1/bills/{state['bill_id']}/receipt").json()
    line = audit(counter.made.store).line("yd-0001", desk.status()["epoch"], state["seq"])
    assert line is not None
    assert line.hash == record.record_hash(base64.b64decode(proof["record"]))
    assert line.bill_no == "P-1"
    # With the centre's public key and nothing else the HIS can check it: the leaf names this record, the receipt proves it.
    key = es256.load_sign_public(counter.made.keys.sign_public_pem)
    leaf = base64.b64decode(proof["leaf"])
    _, index, _ = check_inclusion(
        base64.b64decode(proof["receipt"]), leaf, es256.Es256Verifier.of(key)
    )
    assert index == line.leaf
    assert cbor.loads(leaf, max_bytes=500)[0] == line.hash
    assert audit(counter.made.store).faults == ()


def test_without_the_network_a_card_alone_is_refused_and_the_terminal_is_usable_when_it_is_back(
    counter: Counter, desk: Clerk
) -> None:
    """Offline the card says who and the face shows that it is them; this terminal has no camera."""
    desk.online()
    desk.with_board()
    counter.cable.cut()
    try:
        until(lambda: desk.status()["net"] == "down", "cut")
        bill_id = desk.send("P-2", 1800, "settle").json()["bill_id"]
        until(lambda: desk.bill(bill_id)["status"] == "refused")
        assert desk.bill(bill_id)["refusal"]["next_steps"]
        desk.press("done")
    finally:
        counter.cable.restore()
    desk.online()
    again = desk.send("P-2b", 1800, "settle").json()["bill_id"]
    assert desk.pay_by_card(again, CARDS[1], ENDS)["status"] == "settled"


def test_an_answer_that_does_not_come_is_unknown_and_never_failure(
    counter: Counter, desk: Clerk
) -> None:
    """The centre dies between the confirmation and its answer, then the broker; nothing is lost or
    doubled."""
    desk.online()
    desk.with_board()
    bill_id = desk.send("P-4", 1100, "settle").json()["bill_id"]

    desk.up_to_confirm(CARDS[3])
    counter.kill_centre()
    desk.press("confirm")
    until(lambda: desk.bill(bill_id)["status"] in {"confirming", "provisional"}, "unknown")
    counter.broker.kill()
    until(lambda: desk.status()["net"] == "down", "broker gone")
    counter.broker.restart()
    counter.start_centre()
    until(lambda: desk.bill(bill_id)["status"] == "settled", "answered")
    assert desk.status()["waiting"] == 0
    assert audit(counter.made.store).faults == ()
    assert doubles(counter.made.store) == []


def test_a_controller_unplugged_in_a_visit_ends_it_cleanly_and_is_found_again(
    counter: Counter, desk: Clerk
) -> None:
    desk.online()
    desk.with_board()
    assert counter.board is not None
    bill_id = desk.send("P-3", 900).json()["bill_id"]
    until(lambda: desk.screen() == "ways")
    counter.board.unplug()
    until(lambda: desk.bill(bill_id)["status"] == "refused")  # no camera either: no way is left
    counter.board.replug()
    desk.with_board()
    desk.press("done")
    again = desk.send("P-3b", 900).json()["bill_id"]
    assert desk.pay_by_card(again, CARDS[2], ENDS)["status"] == "settled"


def test_a_repeated_post_gets_the_same_answer_also_after_a_kill(
    counter: Counter, desk: Clerk
) -> None:
    first = desk.send("P-5", 700)
    counter.agent.kill()
    counter.agent.start()
    again = Clerk(counter)
    again.online()
    again.with_board()
    second = again.send("P-5", 700)
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    other = again.http.post(
        "/v1/bills", json={"kind": "register", "bill_no": "P-5x", "amount_fen": 1, "lines": []},
        headers={"Idempotency-Key": "key-P-5"},
    )  # fmt: skip
    assert other.status_code == 422
    assert other.json()["code"] == "E-HIS-03"
    assert again.pay_by_card(first.json()["bill_id"], CARDS[5], ENDS)["status"] in ENDS


def test_sigterm_in_a_visit_is_a_clean_end_and_the_bill_is_still_there(
    counter: Counter, desk: Clerk
) -> None:
    bill_id = desk.send("P-6", 800).json()["bill_id"]
    assert counter.agent.stop() == 0
    counter.agent.start()
    again = Clerk(counter)
    again.online()
    again.with_board()
    assert again.pay_by_card(bill_id, CARDS[4], ENDS)["status"] in ENDS
    more = again.send("P-6b", 800).json()["bill_id"]
    assert again.pay_by_card(more, CARDS[4], ENDS)["status"] == "settled"
    assert counter.agent.stop() == 0
    assert not list((counter.directory / "data").glob("*-wal")) or (
        (counter.directory / "data/ledger.db-wal").stat().st_size == 0
    )


# -- alone -----------------------------------------------------------------------------------------
def test_a_cold_boot_without_network_board_and_camera_serves_the_api(alone: Counter) -> None:
    alone.write_config(
        broker={"port": 1}, store={"path": str(alone.directory / "cold" / "ledger.db")}
    )
    alone.agent.start()
    desk = Clerk(alone)
    status = desk.status()
    assert (status["net"], status["screen"]) == ("down", "idle")
    assert status["camera"] == "E-CAM-07"
    bill_id = desk.send("C-1").json()["bill_id"]
    until(lambda: desk.bill(bill_id)["status"] == "refused")  # nobody could say who is there
    assert desk.http.get("/").status_code == 200
    assert alone.agent.stop() == 0


def test_systemd_is_told_ready_alive_and_stopping(alone: Counter, tmp_path: Path) -> None:
    alone.write_config(broker={"port": 1})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(30)
        alone.agent.start({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"})
        assert sock.recv(100) == b"READY=1"
        beats = 0
        while beats < 5:  # nothing happens, and still it lives
            assert sock.recv(100) == b"WATCHDOG=1"
            beats += 1
        psutil.Process(alone.agent.pid).suspend()
        try:
            sock.settimeout(1.5)
            with pytest.raises(TimeoutError):
                while True:  # what was sent before may still be there
                    sock.recv(100)
        finally:
            psutil.Process(alone.agent.pid).resume()
        sock.settimeout(30)
        assert alone.agent.stop() == 0
        rest = []
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            while True:
                rest.append(sock.recv(100))
        assert rest[-1] == b"STOPPING=1"


def test_a_second_agent_on_the_same_ledger_does_not_start(alone: Counter) -> None:
    alone.write_config(broker={"port": 1})
    alone.agent.start()
    second = AgentProcess(alone.agent.config, alone.directory / "second.log")
    with pytest.raises(RuntimeError, match="E-STO-04"):
        second.start()
    assert alone.agent.stop() == 0


@pytest.mark.parametrize(
    ("sections", "code", "exit_code"),
    [
        ({"keys": {"directory": "/nonexistent/keys"}}, "E-KEY-01", 78),
        ({"centre": {"sign_key": "/nonexistent.pem"}}, "E-CFG-05", 78),
        ({"camera": {"driver": "files", "path": "/tmp"}, "vision": {"models": "/nonexistent"}}, "E-VIS-01", 78),
        ({"store": {"path": "/proc/no/ledger.db"}}, "E-CFG-05", 78),
    ],
    ids=["keys", "centre-key", "models", "store"],
)  # fmt: skip
def test_what_must_be_there_is_a_start_error_with_its_code(
    alone: Counter, sections: dict, code: str, exit_code: int
) -> None:
    config = alone.write_config(**{"broker": {"port": 1}, **sections})
    agent = AgentProcess(config, alone.directory / f"start-{code}.log")
    with pytest.raises(RuntimeError, match=code):
        agent.start()
    assert agent.wait(20) == exit_code
    assert "Traceback" not in agent.log.read_text()


def test_a_port_that_is_taken_is_a_start_error(alone: Counter) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = alone.write_config(broker={"port": 1}, http={"port": taken.getsockname()[1]})
        agent = AgentProcess(config, alone.directory / "taken.log")
        with pytest.raises(RuntimeError, match="E-SYS-05"):
            agent.start()


def test_a_disk_that_fails_ends_the_process_at_once_and_nothing_was_said(alone: Counter) -> None:
    alone.write_config(
        broker={"port": 1}, store={"path": str(alone.directory / "eio" / "ledger.db")}
    )
    alone.agent.start()
    desk = Clerk(alone)
    assert desk.send("E-1").status_code == 202
    psutil.Process(alone.agent.pid).rlimit(
        psutil.RLIMIT_FSIZE, (0, 0)
    )  # every write now fails: EFBIG
    with pytest.raises(Exception):
        desk.send("E-2").raise_for_status()
    assert alone.agent.wait(20) == 74
    alone.agent.start()
    again = Clerk(alone)
    assert again.send("E-1").status_code == 202  # what was answered is there
    assert again.send("E-2").status_code == 202
    assert alone.agent.stop() == 0
