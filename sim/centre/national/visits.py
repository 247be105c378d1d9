"""What moves money or makes a visit: 2201 to 2208, 2101 to 2103, 2601. The plans are those of the
records (`sim.centre.deciding.plans`, `reversals`): a bill that a terminal settled is settled here too."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from edge.core import benefit, money
from edge.core.types import Json
from sim.centre import bodies
from sim.centre.books import people
from sim.centre.books import store as t
from sim.centre.books.people import Known
from sim.centre.deciding import dispensing, plans, quoting, reversals
from sim.centre.deciding.case import Done, No, Scene
from sim.centre.deciding.reversals import Reversal
from sim.centre.national import tables
from sim.centre.national.call import Call, by_cert, of_visit
from sim.centre.national.says import SAYS

ALL_BATCHES: Final = "0000"
SCOPES: Final = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
PARTS: Final = ("fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt")
FEN: Final = Decimal("0.01")
_PAID: Final = t.get(t.settlements, "fixmedins_code", "mdtrt_id", "live", only=("bill_no",))
_VISIT: Final = t.get(t.visits, "mdtrt_id", only=("ipt_otp_no",))
_PERSON: Final = t.get(t.settlements, "setl_id", only=("psn_no", "fixmedins_code"))


def register(call: Call) -> Json | No:
    """2201: a visit. The same number again is the same visit."""
    person = by_cert(call)
    if isinstance(person, No):
        return person
    plan = [bodies.Call("2201", call.envelope["msgid"], {"data": call.data})]
    done = plans.run(call.case(call.body("register", call.data["ipt_otp_no"], plan), person))
    if isinstance(done, No):
        return {"data": done.first} if done.code == "duplicate" and done.first else done
    return {"data": done.output}


def unregister(call: Call) -> Json | No:
    """2202: the visit goes, unless something was settled in it."""
    mdtrt_id, data = call.data["mdtrt_id"], call.data
    person = of_visit(call, mdtrt_id, data["psn_no"])
    if isinstance(person, No):
        return person
    if call.conn.execute(_VISIT, t.at(mdtrt_id=mdtrt_id)).scalar() != data["ipt_otp_no"]:
        return No("mdtrt_unknown")
    if _paid(call, mdtrt_id):
        return No("settled_already")
    tables.drop_lines(call.conn, mdtrt_id)
    call.conn.execute(t.visits.delete().where(t.visits.c.mdtrt_id == mdtrt_id))
    return {"data": {"mdtrt_id": mdtrt_id, "psn_no": person.psn_no}}


def diagnosed(call: Call) -> Json | No:
    """2203: the diagnosis. It is checked and answered; this centre pays by items, not by diseases."""
    info = call.input["mdtrtinfo"]
    person = of_visit(call, info["mdtrt_id"], info["psn_no"])
    return person if isinstance(person, No) else {}


def fees(call: Call) -> Json | No:
    """2204: lines of one visit and one person, kept until they are settled or taken back."""
    rows: list[Json] = call.input["feedetail"]
    mdtrt_id, psn_no = rows[0]["mdtrt_id"], rows[0]["psn_no"]
    if any((row["mdtrt_id"], row["psn_no"]) != (mdtrt_id, psn_no) for row in rows):
        return No("one_visit_a_call")
    person = of_visit(call, mdtrt_id, psn_no)
    if isinstance(person, No):
        return person
    if not all(_adds_up(row) for row in rows):
        return No("line_differs")
    known, paid = tables.known_lines(call.conn, mdtrt_id), _paid(call, mdtrt_id)
    numbers = [row["feedetl_sn"] for row in rows]
    if len(set(numbers)) != len(numbers) or known.keys() & set(numbers):
        return No("feedetl_sn_used")
    if paid & {row["chrg_bchno"] for row in rows}:
        return No("settled_already")
    if len(known) + len(rows) > tables.LINES_MAX:
        return No("too_many_lines")
    tables.add_lines(call.conn, rows)
    return {"result": split(call, "feedetail", rows, person)}


def take_fees_back(call: Call) -> Json | No:
    """2205: the lines of a batch, or all that are not settled."""
    data = call.data
    person = of_visit(call, data["mdtrt_id"], data["psn_no"])
    if isinstance(person, No):
        return person
    batches = set(tables.known_lines(call.conn, data["mdtrt_id"]).values())
    if data["chrg_bchno"] != ALL_BATCHES:
        batches &= {data["chrg_bchno"]}
    free = batches - _paid(call, data["mdtrt_id"])
    if not free:
        return No("settled_already" if batches else "no_lines")
    for batch in free:
        tables.drop_lines(call.conn, data["mdtrt_id"], batch)
    return {}


def price(call: Call) -> Json | No:
    """2206 and 2101: what it would come to. Books nothing."""
    person = by_cert(call)
    if isinstance(person, No):
        return person
    plan = _plan(call, person)
    if isinstance(plan, No):
        return plan
    scene = Scene(call.conn, call.terminal, call.centre.region, call.now_ms)
    found = quoting.quote(scene, plan, person)
    if isinstance(found, No):
        return found
    output = quoting.setlinfo(found, person, "", call.data.get("mdtrt_id", ""), call.now_ms)
    told = {"setlinfo": output["setlinfo"], "setldetail": output["setldetail"]}
    return told if same_scopes(call, told) else No("scope_differs")


def settle(call: Call) -> Json | No:
    """2207 and 2102: the very plan that a terminal's record carries."""
    sale = call.infno == "2102"
    bill_no = call.data.get("invono", call.envelope["msgid"]) if sale else call.data["chrg_bchno"]
    person = by_cert(call, pays=bill_no)
    if isinstance(person, No):
        return person
    plan = _plan(call, person)
    if isinstance(plan, No):
        return plan
    kind = "settle" if not sale else "prescription" if dispensing.rxnos(plan[0]) else "pharmacy"
    body = call.body(kind, bill_no, plan)
    done = plans.run(call.case(body, person))
    if isinstance(done, No):
        return No("settled_already") if done.code == "duplicate" else done
    told = {"setlinfo": done.output["setlinfo"], "setldetail": done.output["setldetail"]}
    if sale:
        told["detlcutinfo"] = split(call, "drugdetail", call.input["drugdetail"], person)
    return told if same_scopes(call, told) else No("scope_differs")


def cancel(call: Call) -> Json | No:
    """2208, 2103 and 2305: the settlement is undone, its mirror image is told."""
    row = call.conn.execute(_PERSON, t.at(setl_id=call.data["setl_id"])).first()
    if row is None or row[1] != call.client.fixmedins_code or row[0] != call.data["psn_no"]:
        return No("setl_unknown")
    plan = [bodies.Call(call.infno, call.envelope["msgid"], {"data": call.data})]
    person = _anybody(call, row[0])
    done = plans.run(call.case(call.body("cancel", "", plan), person))
    if isinstance(done, No):
        return No("undone_already") if done.code == "duplicate" else done
    assert isinstance(done, Done)
    return {"setlinfo": done.output["setlinfo"], "setldetail": done.output["setldetail"]}


def reverse(call: Call) -> Json | No:
    """2601: what the sender does not know the fate of, by message id."""
    plan = [bodies.Call("2601", call.envelope["msgid"], {"data": call.data})]
    case = Reversal(
        conn=call.conn,
        terminal=call.terminal,
        body=call.body("reverse", "", plan),
        mark=call.mark,
        epoch=0,
        seq=call.number,
        now_ms=call.now_ms,
    )
    done = reversals.run(case)
    if isinstance(done, No):
        return done
    return {"warn_msg": done.warn_msg} if done.warn_msg else {}


def says(code: str) -> str:
    """A code of the centre in the words of `err_msg`."""
    return SAYS.get(code, code)


# -- parts -----------------------------------------------------------------------------------------
def _anybody(call: Call, psn_no: str) -> Known:
    """The person of a settlement, also one who may not settle any more."""
    found = people.find(call.conn, psn_no)
    assert found is not None, "a settlement has a person"
    return found


def _plan(call: Call, person: Known) -> list[bodies.Call] | No:
    msgid, data = call.envelope["msgid"], call.data
    if call.infno in quoting.SALES:
        rows = call.input["drugdetail"]
        if not all(_adds_up(row) for row in rows):
            return No("line_differs")
        return [bodies.Call(call.infno, msgid, {"data": data, "drugdetail": rows})]
    visit = of_visit(call, data["mdtrt_id"], person.psn_no)
    if isinstance(visit, No):
        return visit
    rows = tables.lines(call.conn, data["mdtrt_id"], data["chrg_bchno"])
    if not rows:
        return No("no_lines")
    detail = bodies.Call("2204", "", {"feedetail": rows})
    return [detail, bodies.Call(call.infno, msgid, {"data": data})]


def _adds_up(row: Json) -> bool:
    """Amount = count times price, to the fen."""
    product = (Decimal(row["cnt"]) * Decimal(row["pric"])).quantize(FEN, ROUND_HALF_UP)
    return product == Decimal(row["det_item_fee_sumamt"]) > 0


def same_scopes(call: Call, told: Json) -> bool:
    """What the HIS said of the four scopes is what the centre worked out (0 may be left out)."""
    info = told["setlinfo"]
    return all(
        money.fen(call.data[name]) == money.fen(info[name])
        for name in SCOPES
        if name in call.data
    )


def _paid(call: Call, mdtrt_id: str) -> set[str]:
    """The batches of a visit that are settled."""
    key = t.at(fixmedins_code=call.client.fixmedins_code, mdtrt_id=mdtrt_id, live=1)
    return set(call.conn.execute(_PAID, key).scalars())


def split(call: Call, node: str, given_rows: list[Json], person: Known) -> list[Json]:
    """The result rows of 2204: each line in its four parts, as the settlement will have them. The
    scope of a chronic disease is said with 2207 and not known here."""
    catalogue, level = call.centre.region.catalogue, call.terminal.level
    raw = bodies.fee_lines(bodies.Call(call.infno, "", {node: given_rows}), node)
    rows = zip(raw, benefit.split_lines(raw, catalogue, person.insutype, level), strict=True)
    told = []
    for given, line in rows:
        item = catalogue.get(given.med_list_codg)
        limit = item.limit(level) if item is not None else None
        told.append({
            "feedetl_sn": line.feedetl_sn,
            "det_item_fee_sumamt": money.yuan(line.amount_fen),
            "cnt": given.cnt,
            "pric": given.pric,
            "pric_uplmt_amt": money.yuan(limit) if limit is not None else "",
            "selfpay_prop": line.selfpay_prop,
            "fulamt_ownpay_amt": money.yuan(line.fulamt_ownpay_amt_fen),
            "overlmt_amt": money.yuan(line.overlmt_selfpay_fen),
            "preselfpay_amt": money.yuan(line.preselfpay_amt_fen),
            "inscp_scp_amt": money.yuan(line.inscp_scp_amt_fen),
            "chrgitm_lv": line.lv,
        })  # fmt: skip
    return told

