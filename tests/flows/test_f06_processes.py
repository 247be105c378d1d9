"""F06 through processes: the payment centre at the national door, the bank, the phone's command; the
door is killed after the person has paid, and everything is told when it is back.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.suites import sm2
from sim.bank import setup as bank_setup
from sim.centre import audit, setup
from sim.centre.books.people import PersonSpec
from sim.centre.national.tables import Client
from sim.national_his import NationalHis, stamp
from sim.net.brokers import free_port

ROOT = Path(__file__).resolve().parents[2]
ORG = "H51010000001"
LI = PersonSpec("SYN-L", "测试李", balance_fen=50_00, cards=(("CL", "03"),))
AT_BANK, OWN = 1_000_00, 190_00


class Street:
    """The processes, their ports and the centre beside them."""

    def __init__(self, home: Path) -> None:
        self.home, self.parts = home, {}
        self.made = setup.make_centre(home / "centre", people=[LI])
        public = bank_setup.make(
            home / "bank", self.made.keys.sign_public_pem, [("SYN-L", AT_BANK)]
        )
        self.bank, self.door = free_port(), free_port()
        self.config = self.made.write_config(port=1, bank=(f"http://127.0.0.1:{self.bank}", public))
        private, own = sm2.generate()
        text = f'fixmedins_code = "{ORG}"\nlevel = "l2"\n'
        text += f'sign_public = "{base64.b64encode(own).decode()}"\n'
        (home / "client.toml").write_text(text)
        client = Client(ORG, level="l2", sign_public=own)
        self.his = NationalHis(f"http://127.0.0.1:{self.door}", client, private, home)

    def start(self, name: str) -> None:
        """`bank` or `door`."""
        command = {
            "bank": ["sim.bank", "--directory", str(self.home / "bank"), "--port", str(self.bank),
                     "--tell", f"http://127.0.0.1:{self.door}"],
            "door": ["sim.centre.national", "--config", str(self.config), "--port", str(self.door),
                     "--client", str(self.home / "client.toml")],
        }[name]  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY")
        self.parts[name] = process

    def kill(self, name: str) -> None:
        process = self.parts.pop(name)
        process.kill()
        process.wait()

    def phone(self, what: str, token: str, *more: str) -> dict[str, Any]:
        """The last line that the phone's command says."""
        command = ["--pmc", f"http://127.0.0.1:{self.door}", "--bank", f"http://127.0.0.1:{self.bank}"]
        done = subprocess.run(
            [sys.executable, "-m", "sim.phone", *command, what, token, *more],
            cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def code(self) -> str:
        return self.made.issue_code("SYN-L", time.time_ns() // 1_000_000)

    def ordered(self) -> tuple[str, str]:
        """(payOrdId, payToken) of a bill of 300.00."""
        token = self.his.call("1162", {"data": {
            "orgId": ORG, "businessType": "03131", "ecQrCode": self.code(),
        }}).output["data"]["ecToken"]  # fmt: skip
        visit = self.his.call("2201", {"data": {
            "psn_no": "SYN-L", "insutype": "310", "begntime": stamp(), "mdtrt_cert_type": "01",
            "mdtrt_cert_no": token, "ipt_otp_no": "E1",
        }}).output["data"]  # fmt: skip
        uploaded = self.his.call("6201", {
            "data": {"medOrgOrd": "E1", "mdtrtId": visit["mdtrt_id"], "chrgBchno": "E1",
                     "psnNo": "SYN-L", "medType": "11", "insutype": "310", "medfeeSumamt": "300.00",
                     "acctUsedFlag": "1"},
            "feedetailList": [{"feedetlSn": "1", "feeOcurTime": stamp(), "medListCodg": "SYN-A-0001",
                               "medinsListCodg": "1", "detItemFeeSumamt": "300.00", "cnt": 1,
                               "pric": "300.00"}],
        })  # fmt: skip
        pay_ordid = uploaded.output["data"]["payOrdId"]
        priced = self.his.call("6202", {"data": {"payOrdId": pay_ordid}})
        return pay_ordid, priced.output["data"]["payToken"]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    found = Street(tmp_path)
    for name in ("bank", "door"):
        found.start(name)
    assert found.his.sign_in().good
    yield found
    for name in list(found.parts):
        found.kill(name)
    found.his.close()
    audited = audit.audit(found.made.store)
    assert audited.faults == () and audited.imbalance_fen == 0
    found.made.close()


def until(said: Callable[[], str], wanted: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while (found := said()) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_f06_paid_by_phone_while_the_door_dies_and_refunded_through_processes(street: Street) -> None:
    pay_ordid, token = street.ordered()
    assert street.phone("look", token)["own_fen"] == OWN
    shown = street.phone("pay", token, "--code", street.code(), "--payer", "SYN-L")
    assert shown["ordStas"] in ("2", "4", "6")
    street.kill("door")
    street.start("door")

    def stas() -> str:
        return str(street.his.call("6301", {"data": {"payOrdId": pay_ordid}}).output["data"]["ordStas"])

    until(stas, "6")
    refund = {
        "payOrdId": pay_ordid, "appRefdSn": "R1", "appRefdTime": stamp(), "refdType": "CASH",
        "totlRefdAmt": "40.00", "psnAcctRefdAmt": "0.00", "fundRefdAmt": "0.00", "cashRefdAmt": "40.00",
    }  # fmt: skip
    assert street.his.call("6203", {"data": refund}).output["data"]["ordStas"] == "10"

    def taken() -> str:
        books = bank_setup.open_(street.home / "bank")
        try:
            assert books.imbalance() == 0
            return str(books.totals())
        finally:
            books.close()

    until(taken, str((0, OWN - 40_00)))  # the door asks by itself
