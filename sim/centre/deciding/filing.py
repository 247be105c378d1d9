"""2501 files for another place."""

from __future__ import annotations

from sim.centre.books import entitlements
from sim.centre.civil import civil
from sim.centre.deciding import entitling
from sim.centre.deciding.case import Case, Done, No


def run(case: Case) -> Done | No:
    """A filing for another place; its number is told."""
    call = case.body.plan[0]
    today = civil(case.at_ms).date().isoformat()
    found = entitling.filing(case.conn, case.person, call, today)
    if isinstance(found, str):
        return No(found)
    number = f"{case.region.region}B{case.mark:013d}"
    row = {"trt_dcla_detl_sn": number, "fixmedins_code": case.terminal.fixmedins_code}
    entitlements.file(case.conn, found.row | row | {"at_ms": case.now_ms})
    return Done({"trt_dcla_detl_sn": number})
