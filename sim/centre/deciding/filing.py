"""2501 files for another place. Who is in a ward there may still be filed, from the day of the
admission on (S3: the urgent admission whose relatives file later)."""

from __future__ import annotations

from sim.centre.books import entitlements, stays
from sim.centre.civil import civil
from sim.centre.deciding import entitling
from sim.centre.deciding.case import Case, Done, No


def run(case: Case) -> Done | No:
    """A filing for another place; its number is told."""
    call = case.body.plan[0]
    today = civil(case.at_ms).date().isoformat()
    admitted = stays.in_ward(case.conn, case.person.psn_no)
    since = admitted.begn[:10] if admitted is not None else today
    found = entitling.filing(case.conn, case.person, call, today, min(since, today))
    if isinstance(found, str):
        return No(found)
    number = f"{case.region.region}B{case.mark:013d}"
    row = {"trt_dcla_detl_sn": number, "fixmedins_code": case.terminal.fixmedins_code}
    entitlements.file(case.conn, found.row | row | {"at_ms": case.now_ms})
    return Done({"trt_dcla_detl_sn": number})
