"""2201 registers a visit; who registered it owns it."""

from __future__ import annotations

from typing import Final

from edge.core.types import Json
from sim.centre import bodies
from sim.centre.books import store as t
from sim.centre.deciding.case import Case, Done, No

_VISIT: Final = t.get(t.visits, "fixmedins_code", "ipt_otp_no", only=("mdtrt_id", "psn_no"))
_OWNER: Final = t.get(t.visits, "mdtrt_id", "fixmedins_code", only=("psn_no",))
_REGISTER: Final = t.visits.insert()


def run(case: Case) -> Done | No:
    """Kind `register`: a number that came before is a duplicate."""
    return _register(case, alone=True)


def _register(case: Case, *, alone: bool) -> Done | No:
    call = bodies.call(case.body.plan, "2201")
    assert call is not None, "the plan was checked"
    number = bodies.text(bodies.form(call), "ipt_otp_no")
    key = t.at(fixmedins_code=case.terminal.fixmedins_code, ipt_otp_no=number)
    row = case.conn.execute(_VISIT, key).first()
    if row is not None and row[1] != case.person.psn_no:
        return No("ipt_otp_no_used")
    if row is not None:
        output = _registered(case, row[0], number)
        return No("duplicate", output) if alone else Done(output)
    mdtrt_id = f"{case.region.region}M{case.mark:013d}"
    visit = {
        "mdtrt_id": mdtrt_id,
        "fixmedins_code": case.terminal.fixmedins_code,
        "ipt_otp_no": number,
    }
    case.conn.execute(_REGISTER, {**visit, "psn_no": case.person.psn_no, "at_ms": case.at_ms})
    return Done(_registered(case, mdtrt_id, number))


def _registered(case: Case, mdtrt_id: str, number: str) -> Json:
    return {"mdtrt_id": mdtrt_id, "psn_no": case.person.psn_no, "ipt_otp_no": number}


def visit_of(case: Case) -> str | No:
    """The mdtrt_id this settlement belongs to."""
    if bodies.call(case.body.plan, "2201") is not None:
        done = _register(case, alone=False)
        return done if isinstance(done, No) else str(done.output["mdtrt_id"])
    call = bodies.call(case.body.plan, "2207")
    assert call is not None, "the plan was checked"
    mdtrt_id = bodies.text(bodies.form(call), "mdtrt_id")
    key = t.at(mdtrt_id=mdtrt_id, fixmedins_code=case.terminal.fixmedins_code)
    owner = case.conn.execute(_OWNER, key).scalar()
    return mdtrt_id if owner == case.person.psn_no else No("mdtrt_unknown")
