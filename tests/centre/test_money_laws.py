"""Laws of the books, with drawn cases through the whole centre: no order of cancels leaves a fen, a
replay of any prefix changes nothing, and the terminal's estimate is the centre's split whenever rules
and year are the same.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import NOW, Device, make, rows_of

from edge.core.limits import BUILT_IN
from edge.core.money import yuan
from edge.core.types import Bill, FeeLine, Json, Outcome, Person
from edge.core.visit.settle import estimate
from sim.centre import audit, bodies
from sim.centre.books import people, registry, rules, store
from sim.centre.books.people import PersonSpec
from sim.centre.deciding import quoting
from sim.centre.deciding.case import Scene

CODES = ("SYN-A-0001", "SYN-B-0001", "SYN-B-0004", "SYN-C-0001", "SYN-S-0002", "SYN-S-0005", "NO")
LINES = st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 900_00)), min_size=1, max_size=4)
RELATIVE = PersonSpec("SYN-R", "测试亲", psn_type="1101", balance_fen=70_00, cards=(("CR", "03"),))
WHO = PersonSpec(
    "SYN-W", "测试戊", balance_fen=90_00, cards=(("CW", "03"),), relatives=(("SYN-R", "父母"),)
)


def books(centre: Any) -> tuple[Any, ...]:
    """What must be as it was: balances and the year, not the history."""
    accounts = {row["name"]: row["balance_fen"] for row in rows_of(centre, store.accounts)}
    years = [
        {name: row[name] for name in row if name.endswith("_fen")}
        for row in rows_of(centre, store.accumulators)
    ]
    moved = {name: fen for name, fen in accounts.items() if fen}
    return moved, [year for year in years if any(year.values())]


@settings(max_examples=12, deadline=None)
@given(st.lists(LINES, min_size=3, max_size=3), st.permutations([0, 1, 2]), st.integers(0, 2))
def test_no_order_of_cancels_leaves_a_fen(
    bills: list[list[tuple[str, int]]], order: list[int], kept: int
) -> None:
    with TemporaryDirectory() as folder:
        device = Device(level="l2")
        centre = make(Path(folder), [device], [RELATIVE, WHO], "sqlite://")
        start, identity, ids = books(centre), device.who(WHO), []
        for number, lines in enumerate(bills):
            done = device.do(device.settle(identity, f"B{number}", lines))
            assert done.outcome is Outcome.SETTLED
            ids.append(done.body["setlinfo"]["setl_id"])
        for which in order[: 3 - kept]:
            undone = device.do(device.cancel(ids[which], f"B{which}"))
            assert undone.outcome is Outcome.SETTLED
        assert audit.audit(centre.store).faults == ()
        for which in order[3 - kept :]:
            device.do(device.cancel(ids[which], f"B{which}"))
        assert books(centre) == start
        assert audit.audit(centre.store).faults == ()
        centre.store.close()


@settings(max_examples=10, deadline=None)
@given(st.lists(LINES, min_size=3, max_size=3), st.integers(1, 4))
def test_a_replay_of_any_prefix_changes_nothing(
    bills: list[list[tuple[str, int]]], upto: int
) -> None:
    with TemporaryDirectory() as folder:
        device = Device(level="l2")
        centre = make(Path(folder), [device], [RELATIVE, WHO], "sqlite://")
        identity, first = device.who(WHO), {}
        for number, lines in enumerate(bills):
            first[number + 1] = device.do(device.settle(identity, f"B{number}", lines))
        gone = device.cancel(first[1].body["setlinfo"]["setl_id"], "B0")
        first[4] = device.do(gone)
        was = books(centre)
        again = [one for answer in device.send(1, upto) for one in answer.results]
        assert [(one.seq, one.outcome, one.body) for one in again] == [
            (seq, first[seq].outcome, first[seq].body) for seq in range(1, upto + 1)
        ]
        assert books(centre) == was
        centre.store.close()


@settings(max_examples=40, deadline=None)
@given(
    LINES,
    st.sampled_from(rules.LEVELS),
    st.sampled_from(["310", "390"]),
    st.sampled_from(["510100", "500100"]),
)
def test_the_estimate_is_the_centres_split_when_rules_and_year_are_the_same(
    lines: list[tuple[str, int]], level: str, insutype: str, pool: str
) -> None:
    region = rules.load(pool)
    psn_type = "1401" if insutype == "390" else "1101"
    spec = msgspec.structs.replace(
        WHO, insutype=insutype, psn_type=psn_type, insuplc_admdvs=pool, relatives=()
    )
    fee = tuple(FeeLine(str(n), code, code, fen) for n, (code, fen) in enumerate(lines))
    sale = level == "pharmacy"
    amount_fen = sum(one.amount_fen for one in fee)
    bill = Bill("pharmacy" if sale else "settle", "B1", amount_fen, fee)
    policy = msgspec.structs.replace(BUILT_IN, rules=region.document(level))
    person = Person("SYN-W", "测**", insutype, pool, "token")
    med_type = "41" if sale else "11"
    here = estimate.local(policy, bill, person, med_type)
    with TemporaryDirectory() as folder:
        device = Device(level=level, admdvs=pool)
        centre = make(Path(folder), [device], [spec], "sqlite://", region=pool)
        with centre.store.begin() as conn:
            known, terminal = people.find(conn, "SYN-W"), registry.find(conn, "T-1")
            assert known is not None and terminal is not None
            scene = Scene(conn, terminal, centre.region, NOW)
            there = quoting.quote(scene, _plan(fee, amount_fen, sale), known)
        centre.store.close()
    assert isinstance(there, quoting.Quote)
    split = msgspec.structs.replace(there.settled.split, balc_fen=0)
    assert here == split


def _plan(fee: tuple[FeeLine, ...], amount_fen: int, sale: bool) -> list[bodies.Call]:
    rows = [
        {
            "feedetl_sn": one.feedetl_sn,
            "med_list_codg": one.med_list_codg,
            "det_item_fee_sumamt": yuan(one.amount_fen),
        }
        for one in fee
    ]
    data: Json = {"medfee_sumamt": yuan(amount_fen), "acct_used_flag": "0"}
    if sale:
        data |= {"med_type": "41"}
        return [bodies.Call("2102", "1" * 30, {"data": data, "drugdetail": rows})]
    return [
        bodies.Call("2204", "1" * 30, {"feedetail": rows}),
        bodies.Call("2206", "2" * 30, {"data": data | {"med_type": "11"}}),
    ]
