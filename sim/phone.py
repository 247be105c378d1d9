"""A patient's phone: opens an order of mobile payment by its token, says yes with the code of the
owner's voucher, and pays the own part at the bank.

python -m sim.phone --pmc URL --bank URL look TOKEN
python -m sim.phone --pmc URL --bank URL pay TOKEN --code CODE --payer PSN_NO
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

import httpx

from edge.core.money import yuan
from sim.bank.port import MOBILE
from sim.centre.mobile.stas import known

TIMEOUT_S: Final = 8.0
Json = dict[str, Any]


class Phone:
    """One phone, between the payment centre and a bank."""

    def __init__(self, pmc: str, bank: str) -> None:
        self._pmc = httpx.Client(base_url=pmc, timeout=TIMEOUT_S, trust_env=False)
        self._bank = httpx.Client(base_url=bank, timeout=TIMEOUT_S, trust_env=False)

    def close(self) -> None:
        """Give the connections back."""
        self._pmc.close()
        self._bank.close()

    def look(self, pay_token: str) -> Json:
        """What it costs whom, and how it stands. EdgeError for a state that nobody knows: stop."""
        return self._order("/pmc/order", {"pay_token": pay_token})

    def confirm(self, pay_token: str, code: str) -> Json:
        """The person says yes."""
        return self._order("/pmc/confirm", {"pay_token": pay_token, "code": code})

    def pay(self, shown: Json, payer: str, **wrong: Any) -> Json:
        """The own part, at the payer's bank; `wrong` for what a phone should not say."""
        wish = shown["wish"] | {"psn_no": payer} | wrong
        assert wish["way"] == MOBILE, "a phone pays with its owner's money"
        found: Json = self._bank.post("/phone/pay", json=wish).json()
        return found

    def _order(self, path: str, asked: Json) -> Json:
        found: Json = self._pmc.post(path, json=asked).json()
        if "ordStas" in found:
            known(found["ordStas"])
        return found


def main(arguments: list[str] | None = None) -> int:
    """1 when it was not paid."""
    parser = argparse.ArgumentParser(prog="python -m sim.phone", description=__doc__)
    parser.add_argument("--pmc", required=True)
    parser.add_argument("--bank", required=True)
    parser.add_argument("what", choices=["look", "pay"])
    parser.add_argument("token")
    parser.add_argument("--code", default="")
    parser.add_argument("--payer", default="")
    options = parser.parse_args(arguments)
    phone = Phone(options.pmc, options.bank)
    try:
        shown = phone.look(options.token)
        if options.what == "pay" and "ordStas" in shown:
            shown = phone.confirm(options.token, options.code)
            if shown.get("own_fen"):
                print(f"paying {yuan(shown['own_fen'])}")
                print(json.dumps(phone.pay(shown, options.payer), ensure_ascii=False))
                shown = phone.look(options.token)
        print(json.dumps(shown, ensure_ascii=False))
        return 0 if "ordStas" in shown else 1
    finally:
        phone.close()


if __name__ == "__main__":
    sys.exit(main())
