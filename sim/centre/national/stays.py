"""What a HIS does for an inpatient: 2401 to 2405, 2301 to 2305, 5303 who lies where, 2001 who may have
benefit. Admissions and settlements are the plans of the records (`sim.centre.deciding`); the lines of
2301 come day by day and are what a terminal's bedside settlement finds here.

Names: the transactions and the fields of 2401 are DOMAIN §1.2 (A); the nodes `dscginfo` of 2402,
`trtinfo` of 2001 and the rows of 5303 are from memory of the specification (C): verify before quoting.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from msgspec.structs import replace

from edge.core.types import Json
from sim.centre import bodies
from sim.centre.books import people, stays
from sim.centre.books.people import Known
from sim.centre.books.stays import Stay
from sim.centre.civil import civil
from sim.centre.deciding import discharging, entitling, plans, quoting, staying
from sim.centre.deciding.case import No, Scene, insured, stamp
from sim.centre.national import visits
from sim.centre.national.call import Call, by_cert

ALL: Final = "0000"
FEN: Final = Decimal("0.01")
CHECKED: Final = "01"
LATER: Final = "出院前请办理异地就医备案（2501）"
FUNDS: Final = {"310": "310100", "390": "390100"}


# -- 2401 to 2405 ----------------------------------------------------------------------------------
def admit(call: Call) -> Json | No:
    """2401: into the ward. The same number again is the same stay."""
    info = call.input["mdtrtinfo"]
    person = by_cert(replace(call, input={"data": info}))
    if isinstance(person, No):
        return person
    plan = [bodies.Call("2401", call.envelope["msgid"], {"mdtrtinfo": info})]
    done = plans.run(call.case(call.body("admit", info["ipt_no"], plan), person))
    if isinstance(done, No):
        first = done.first if done.code == "duplicate" else None
        return done if first is None else {"result": {"mdtrt_id": first["mdtrt_id"]}}
    told: Json = {"result": {"mdtrt_id": done.output["mdtrt_id"]}}
    return told | ({"warn_msg": LATER} if "stayinfo" in done.output else {})


def leave(call: Call) -> Json | No:
    """2402: discharged. What is not settled is owed from now on."""
    info = call.input["dscginfo"]
    stay = _mine(call, info)
    if isinstance(stay, No):
        return stay
    if stay.out_at:
        return No("discharged_already")
    if not stay.begn <= info["endtime"] <= stamp(call.now_ms):
        return No("endtime_wrong")
    stays.leave(call.conn, stay, info["endtime"])
    return {}


def unadmit(call: Call) -> Json | No:
    """2404: the admission is taken back while nothing hangs on it."""
    stay = _mine(call, call.data)
    if isinstance(stay, No):
        return stay
    plan = [bodies.Call("2404", call.envelope["msgid"], {"data": call.data})]
    done = plans.run(call.case(call.body("cancel", "", plan), _person(call, stay)))
    return done if isinstance(done, No) else {}


def readmit(call: Call) -> Json | No:
    """2405: the discharge is taken back, unless the person lies somewhere by now."""
    stay = _mine(call, call.data)
    if isinstance(stay, No):
        return stay
    if not stay.out_at:
        return No("not_discharged")
    if stays.settled(call.conn, stay):
        return No("stay_settled")
    if stays.in_ward(call.conn, stay.psn_no) is not None:
        return No("in_hospital_elsewhere")
    stays.leave(call.conn, stay, "")
    return {}


# -- 2301, 2302 ------------------------------------------------------------------------------------
def fees(call: Call) -> Json | No:
    """2301: lines of one stay, as they arise; what gives back has a count below zero."""
    rows: list[Json] = call.input["feedetail"]
    if any((row["mdtrt_id"], row["psn_no"]) != (rows[0]["mdtrt_id"], rows[0]["psn_no"]) for row in rows):
        return No("one_visit_a_call")
    stay = _open(call, rows[0])
    if isinstance(stay, No):
        return stay
    if not all(_adds_up(row) for row in rows):
        return No("line_differs")
    known = stays.lines(call.conn, stay)
    numbers = [row["feedetl_sn"] for row in (*known, *rows)]
    if len(set(numbers)) != len(numbers):
        return No("feedetl_sn_used")
    left = discharging.together(known, rows)
    if isinstance(left, No):
        return left
    stays.add_lines(call.conn, stay, rows)
    return {"result": _split(call, rows, _person(call, stay))}


def take_fees_back(call: Call) -> Json | No:
    """2302: one line, or all; not one of which a part was given back."""
    stay = _open(call, call.data)
    if isinstance(stay, No):
        return stay
    number = call.data["feedetl_sn"]
    if not stays.drop_lines(call.conn, stay, "" if number == ALL else number):
        return No("no_lines")
    left = discharging.together(stays.lines(call.conn, stay), [])
    return left if isinstance(left, No) else {}


def _open(call: Call, form: Json) -> Stay | No:
    """A stay that may still cost something."""
    stay = _mine(call, form)
    if isinstance(stay, No):
        return stay
    if stays.settled(call.conn, stay):
        return No("stay_settled")
    return No("discharged_already") if stay.out_at else stay


def _adds_up(row: Json) -> bool:
    """Amount = count times price, to the fen; below zero only where it says of what."""
    amount = Decimal(row["det_item_fee_sumamt"])
    product = (Decimal(row["cnt"]) * Decimal(row["pric"])).quantize(FEN, ROUND_HALF_UP)
    return product == amount and (amount < 0 if row.get("init_feedetl_sn") else amount > 0)


def _split(call: Call, rows: list[Json], person: Known) -> list[Json]:
    """As 2204 tells it; what gives back is told below zero."""
    plain = [
        {name: _above(value) for name, value in row.items() if name != "init_feedetl_sn"}
        for row in rows
    ]
    told = visits.split(call, "feedetail", plain, person)
    backs = [bool(row.get("init_feedetl_sn")) for row in rows]
    names = ("det_item_fee_sumamt", "cnt", *visits.PARTS)
    return [
        one | ({name: _below(one[name]) for name in names} if back else {})
        for one, back in zip(told, backs, strict=True)
    ]


def _above(value: str) -> str:
    return value.removeprefix("-")


def _below(text: str) -> str:
    return text if Decimal(text) == 0 else f"-{text}"


# -- 2303, 2304 (2305 is `visits.cancel`) ----------------------------------------------------------
def price(call: Call) -> Json | No:
    """2303: what the stay would come to now. Books nothing."""
    person = No("mid_setl") if _in_the_middle(call) else by_cert(call)
    if isinstance(person, No):
        return person
    scene = Scene(call.conn, call.terminal, call.centre.region, call.now_ms)
    found = discharging.quote(scene, _plan(call), person)
    if isinstance(found, No):
        return found
    output = quoting.setlinfo(found, person, "", call.data["mdtrt_id"], call.now_ms)
    told = {"setlinfo": output["setlinfo"], "setldetail": output["setldetail"]}
    return told if visits.same_scopes(call, told) else No("scope_differs")


def settle(call: Call) -> Json | No:
    """2304: over the lines of 2301; a deposit that a terminal took is set off, and told beside."""
    person = No("mid_setl") if _in_the_middle(call) else by_cert(call, pays=call.data["chrg_bchno"])
    if isinstance(person, No):
        return person
    body = call.body("inpatient", call.data["chrg_bchno"], _plan(call))
    done = plans.run(call.case(body, person))
    if isinstance(done, No):
        return No("settled_already") if done.code == "duplicate" else done
    told = {"setlinfo": done.output["setlinfo"], "setldetail": done.output["setldetail"]}
    if done.output["stayinfo"]["deposit_amt"] != "0.00":
        told["stayinfo"] = done.output["stayinfo"]  # no national node: what to give back or collect
    return told if visits.same_scopes(call, told) else No("scope_differs")


def _in_the_middle(call: Call) -> bool:
    """中途结算, before the stay ends: this centre settles a stay once."""
    return bool(call.data.get("mid_setl_flag", "0") != "0")


def _plan(call: Call) -> list[bodies.Call]:
    return [bodies.Call(call.infno, call.envelope["msgid"], {"data": call.data})]


# -- 5303, 2001 ------------------------------------------------------------------------------------
def in_hospital(call: Call) -> Json | No:
    """5303: where somebody lies now. Another institution's number of the stay is not told."""
    data, own = call.data, call.client.fixmedins_code
    rows = [
        {
            "psn_no": stay.psn_no,
            "fixmedins_code": stay.fixmedins_code,
            "mdtrt_id": stay.mdtrt_id if stay.fixmedins_code == own else "",
            "ipt_no": stay.ipt_no if stay.fixmedins_code == own else "",
            "med_type": stay.med_type,
            "begntime": stay.begn,
            "adm_dept_name": stay.adm_dept_name,
        }
        for stay in stays.of_person(call.conn, data["psn_no"])
        if not stay.out_at and stay.begn[:10] <= (data.get("endtime") or "9999")[:10]
    ]
    return {"data": rows}


def entitled(call: Call) -> Json | No:
    """2001: whether this person has benefit here on that day, and why not."""
    data = call.data
    person = people.find(call.conn, data["psn_no"])
    if person is None:
        return No("no_person")
    on = (data.get("begntime") or stamp(call.now_ms))[:10]
    visit = (data["med_type"], data.get("dise_codg", ""), on)
    why = insured(person) or ("" if data["insutype"] == person.insutype else "not_insured")
    if not why:
        region, level = call.centre.region, call.client.level
        found = entitling.stand(call.conn, region, level, person, visit)
        why = found if isinstance(found, str) else ""
    row = {
        "psn_no": person.psn_no,
        "trt_chk_type": CHECKED,
        "fund_pay_type": FUNDS.get(data["insutype"], ""),
        "trt_enjymnt_flag": "0" if why else "1",
        "begndate": on,
        "enddate": data.get("endtime", "")[:10] or f"{civil(call.now_ms).year}-12-31",
        "trt_chk_rslt": visits.says(why) if why else "",
    }
    return {"trtinfo": [row]}


# -- parts -----------------------------------------------------------------------------------------
def _mine(call: Call, form: Json) -> Stay | No:
    person = people.find(call.conn, form["psn_no"])
    if person is None:
        return No("no_person")
    return staying.of(call.conn, call.terminal, person, form["mdtrt_id"])


def _person(call: Call, stay: Stay) -> Known:
    found = people.find(call.conn, stay.psn_no)
    assert found is not None, "a stay has a person"
    return found
