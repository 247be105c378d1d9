"""F05 and F07 with the bank as a process beside: killed, silent, late and forged at each point; what
is not known is asked again, and no order is ever half paid.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.core.types import BillStatus, Now
from edge.errors import EdgeError
from edge.suites import es256
from sim.bank import setup as bank_setup
from sim.bank.bank import SimBank
from sim.bank.client import HttpBank
from sim.bank.server import DEATH, Served
from sim.centre.books import orders, store
from sim.centre.books.orders import FINAL, Ins, Own
from sim.centre.books.people import PersonSpec
from tests.centre.kit import rows_of

ROOT = Path(__file__).resolve().parents[2]
ZHANG = PersonSpec("SYN-Z", "测试张", balance_fen=50_00, cards=(("CZ", "03"),))
AT_BANK = 1_000_00


class Beside:
    """The bank's process, started, killed and started again on its own files and port."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "sim.bank", "--directory", str(self.directory)]
        if self.port:
            command += ["--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        word, port = self.process.stdout.readline().split()
        assert word == "READY"
        self.port = int(port)

    def fault(self, kind: str, op: str, ms: int = 0) -> None:
        said = httpx.post(self.url + "/sim/faults", json={"kind": kind, "op": op, "ms": ms})
        assert said.status_code == 200, said.text

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class Inside(Beside):
    """The same door in a thread of this process, where nothing has to die."""

    def start(self) -> None:
        self.books = bank_setup.open_(self.directory)
        self.served = Served(self.books, bank_setup.keys(self.directory), self.port).start()
        self.port = self.served.port

    def end(self) -> None:
        self.served.stop()
        self.books.close()


@pytest.fixture
def beside(clinic, tmp_path: Path, request) -> Iterator[tuple[Any, Beside]]:
    """A counter whose centre asks a bank over HTTP."""
    (desk,) = clinic([ZHANG], {"fixmedins_code": "H51010000001", "level": "l2"})
    centre = desk.centre
    home = tmp_path / "bank"
    public = bank_setup.make(home, centre.keys.sign_public_pem, [("SYN-Z", AT_BANK)])
    bank = getattr(request, "param", Beside)(home)
    bank.start()
    verifier = es256.Es256Verifier.of(es256.load_sign_public(public.read_bytes()))
    centre.bank = HttpBank(bank.url, centre.keys.signer, verifier, timeout_ms=600, quiet_ms=0)
    desk.at_centre(orders.sign, "SYN-Z", orders.ONECODE)
    yield desk, bank
    nothing_is_half_paid(desk, bank)


def nothing_is_half_paid(desk: Any, bank: Beside) -> None:
    """Both books, read by themselves after the bank's process is gone, agree to the fen."""
    desk.now = Now(desk.now.utc_ms + orders.HOLD_MS, desk.now.mono_ms + orders.HOLD_MS)
    for _ in range(3):
        desk.centre.work(desk.now.utc_ms)
    bank.end()
    rows = rows_of(desk.centre, store.pay_orders)
    assert rows and all((Ins(row["ins"]), Own(row["own"])) in FINAL for row in rows), rows
    live = {row["setl_id"] for row in rows_of(desk.centre, store.settlements) if row["live"]}
    for row in rows:
        assert (row["ins"] == "booked") == (row["own"] == "paid") == (row["setl_id"] in live)
    paid = sum(row["fen"] for row in rows if row["own"] == "paid")
    books = SimBank(bank.directory / "bank.db")
    assert books.totals() == (0, paid) and books.balance("SYN-Z") == AT_BANK - paid
    assert books.imbalance() == 0 and desk.balance("bank:onecode") == -paid
    books.close()


def chosen(desk: Any) -> Any:
    desk.until_confirm("B1", 300_00, ZHANG).press("pay")
    return desk.press("choose", "way:onecode").sees("confirm", way="onecode")


def test_f05_one_scan_through_two_processes_and_back(beside) -> None:
    desk, _ = beside
    chosen(desk).press("confirm", "online").sees("settled", outcome="settled")
    desk.done().undo("B1")
    assert desk.of("B1").status is BillStatus.CANCELLED
    chosen(desk).press("confirm", "online").sees("settled")


@pytest.mark.parametrize("when", ["die_before", "die_after"])
@pytest.mark.parametrize("op", ["hold", "capture", "give_back"])
def test_f05_the_bank_is_killed_at_each_point(beside, op: str, when: str) -> None:
    desk, bank = beside
    chosen(desk)
    if op == "give_back":
        desk.press("confirm", "online").done()
    bank.fault(when, op)
    if op == "give_back":
        desk.undo("B1")
    else:
        desk.press("confirm", "online")
    bank.process.wait(10)
    assert bank.process.returncode == DEATH
    expected = {"hold": BillStatus.REJECTED, "capture": BillStatus.SETTLED}
    assert desk.of("B1").status is expected.get(op, BillStatus.CANCELLED)
    bank.start()  # and what was not known is asked again


@pytest.mark.parametrize(
    "kind", ["drop_before", "drop_after", "refused", "lost_answer", "forged", "delay"]
)
@pytest.mark.parametrize("op", ["hold", "capture"])
@pytest.mark.parametrize("beside", [Inside], indirect=True)
def test_f05_everything_but_a_signed_answer_in_time_is_unknown(beside, op: str, kind: str) -> None:
    desk, bank = beside
    chosen(desk)
    bank.fault(kind, op, ms=1_000)
    began = time.monotonic()
    desk.press("confirm", "online")
    assert time.monotonic() - began < 6  # a bank that is late holds nobody up
    done = BillStatus.REJECTED if op == "hold" else BillStatus.SETTLED
    assert desk.of("B1").status is done


@pytest.mark.parametrize("beside", [Inside], indirect=True)
def test_f05_a_question_carried_out_twice_is_carried_out_once(beside) -> None:
    desk, bank = beside
    chosen(desk)
    bank.fault("duplicate", "hold")
    bank.fault("duplicate", "capture")
    desk.press("confirm", "online").sees("settled")


@pytest.mark.parametrize("beside", [Inside], indirect=True)
def test_f05_the_bank_believes_only_its_centre(beside) -> None:
    desk, bank = beside
    chosen(desk).press("confirm", "online").sees("settled")
    stranger = es256.Es256Signer(es256.generate_sign_key())
    other = HttpBank(bank.url, stranger, desk.centre.keys.verifier, quiet_ms=0)
    with pytest.raises(TimeoutError):
        other.give_back(rows_of(desk.centre, store.pay_orders)[0]["pay_ordid"])
    for path, body, status in (
        ("/v1/hold", b"{}", 401), ("/v1/none", b"{}", 404), ("/phone/repay", b"[]", 422),
        ("/phone/debts", b"x" * 20_000, 413), ("/sim/faults", b'{"kind": "none"}', 422),
    ):  # fmt: skip
        assert httpx.post(bank.url + path, content=body).status_code == status
    why = httpx.post(bank.url + "/phone/repay", json={"repay_id": "R", "holder": "SYN-Z",
                     "payer": "SYN-Z", "fen": 1})  # fmt: skip
    assert json.loads(why.text) == {"why": "no_contract"}


def test_f05_after_a_silence_the_centre_does_not_wait_again_for_a_while() -> None:
    at = [100.0]
    key = es256.generate_sign_key()
    verifier = es256.Es256Verifier.of(key.public_key())
    bank = HttpBank("http://127.0.0.1:9", es256.Es256Signer(key), verifier, clock=lambda: at[0])
    asked: list[str] = []
    bank._post = lambda path, _: asked.append(path) or (503, "", b"")  # type: ignore[method-assign]
    for moment in (100.0, 101.0, 102.9, 103.1):
        at[0] = moment
        with pytest.raises(TimeoutError):
            bank.standing("SYN-Z", "11")
    assert len(asked) == 2
    with pytest.raises(EdgeError, match="E-CFG-21"):
        HttpBank("ftp://bank", es256.Es256Signer(key), verifier)
