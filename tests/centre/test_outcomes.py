"""Each outcome of PROTOCOL, one by one."""

from __future__ import annotations

import kit
from kit import NOW

from edge.core.types import Outcome


def test_a_simple_bill_is_settled_and_proven(centre, device, folk):
    identity = device.who(folk[0])
    result = device.do(device.settle(identity, "B1", [("SYN-A-0001", 30_000)]))
    assert result.outcome is Outcome.SETTLED
    assert result.body["infcode"] == 0
    # employee, community: deductible 200, ratio 60 %: fund 60.00; the account pays the rest of the scope
    info = result.body["setlinfo"]
    assert (info["hifp_pay"], info["acct_pay"], info["psn_cash_pay"]) == ("60.00", "240.00", "0.00")
