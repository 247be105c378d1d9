"""What the centre's log holds, recomputed from the stored rows and not from what the centre
remembers."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from msgspec import Struct

from edge.core.types import Outcome
from edge.wire.log.merkle import Tree
from edge.wire.log.receipt import leaf_bytes
from edge.wire.record import record_hash
from sim.centre.books import ledgers
from sim.centre.books import store as t


class Line(Struct, frozen=True):
    """One decided record."""

    terminal: str
    epoch: int
    seq: int
    hash: bytes
    kind: str
    mode: str
    bill_no: str
    outcome: str
    leaf: int


class TaskClosed(Struct, frozen=True):
    """How one task of a terminal's staff was closed, and the record that says so."""

    terminal: str
    about: str
    task_kind: str
    how: str
    fen: int
    operator: str
    epoch: int
    seq: int


class Audit(Struct, frozen=True):
    """The whole: `faults` is empty when log, records, chain and books agree."""

    lines: tuple[Line, ...]
    tree_size: int
    root: bytes
    settled: int  # live settlements
    medfee_fen: int
    fund_fen: int
    imbalance_fen: int
    faults: tuple[str, ...]
    closings: tuple[TaskClosed, ...] = ()

    def outcomes(self) -> dict[str, int]:
        """How many records came out how."""
        counts = dict.fromkeys((str(outcome) for outcome in Outcome), 0)
        for line in self.lines:
            counts[line.outcome] += 1
        return counts

    def line(self, terminal: str, epoch: int, seq: int) -> Line | None:
        """One record."""
        wanted = (terminal, epoch, seq)
        return next(
            (one for one in self.lines if (one.terminal, one.epoch, one.seq) == wanted), None
        )


def audit(store: t.Store) -> Audit:
    """Read everything in one transaction and check it against itself."""
    with store.begin() as conn:
        rows = conn.execute(sa.select(t.records).order_by(t.records.c.leaf)).mappings().all()
        leaves = conn.execute(sa.select(t.leaves.c.hash).order_by(t.leaves.c.idx)).scalars().all()
        head = conn.execute(sa.select(t.log_head.c.size, t.log_head.c.root)).first()
        c = t.settlements.c
        sums = sa.select(sa.func.count(), sa.func.sum(c.medfee_fen), sa.func.sum(c.fund_fen))
        settled, medfee, fund = conn.execute(sums.where(c.live == 1)).one()
        streams = conn.execute(sa.select(t.streams)).mappings().all()
        closed = conn.execute(sa.select(t.task_closings)).mappings().all()
        imbalance = ledgers.imbalance(conn)
        paid = ledgers.paid_by_funds(conn)
    tree = Tree()
    faults = [fault for row in rows for fault in _line_faults(row, tree)]
    stored = Tree.from_leaf_hashes(bytes(one) for one in leaves)
    size, root = (head[0], bytes(head[1])) if head is not None else (0, Tree().root())
    if (tree.size, tree.root()) != (size, root) or stored.root() != root:
        faults.append("the log's root is not that of the records")
    faults += _chain_faults(rows, streams)
    closings = tuple(TaskClosed(**{n: row[n] for n in TaskClosed.__struct_fields__}) for row in closed)
    faults += _closing_faults(rows, closings)
    if imbalance:
        faults.append(f"the books are out by {imbalance} fen")
    if paid != int(fund or 0):
        faults.append(f"the funds paid {paid} fen, the live settlements say {int(fund or 0)}")
    lines = tuple(Line(**{name: row[name] for name in Line.__struct_fields__}) for row in rows)
    return Audit(
        lines,
        tree.size,
        tree.root(),
        int(settled),
        int(medfee or 0),
        int(fund or 0),
        imbalance,
        tuple(faults),
        closings,
    )


def doubles(store: t.Store) -> list[tuple[str, str]]:
    """(institution, bill_no) that are settled more than once at this moment: must be empty."""
    c = t.settlements.c
    with store.begin() as conn:
        query = sa.select(c.fixmedins_code, c.bill_no).where(c.live == 1)
        return [
            (row[0], row[1])
            for row in conn.execute(
                query.group_by(*query.selected_columns).having(sa.func.count() > 1)
            )
        ]


def settled_bills(store: t.Store) -> dict[str, tuple[str, int, int, int]]:
    """bill_no -> (setl_id, medfee_fen, fund_fen, seq) of the live settlements (of one
    institution's demo)."""
    c = t.settlements.c
    with store.begin() as conn:
        rows = conn.execute(
            sa.select(c.bill_no, c.setl_id, c.medfee_fen, c.fund_fen, c.seq).where(c.live == 1)
        )
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def incidents(store: t.Store, *, alarms_only: bool = False) -> list[tuple[str, str, int, int]]:
    """(code, terminal, epoch, seq) of what was quarantined or noted, in order."""
    c = t.incidents.c
    query = sa.select(c.code, c.terminal, c.epoch, c.seq).order_by(c.id)
    with store.begin() as conn:
        rows = conn.execute(query.where(c.alarm == 1) if alarms_only else query)
        return [(row[0], row[1], row[2], row[3]) for row in rows]


def suspicions(store: t.Store) -> list[tuple[str, int, list[str]]]:
    """(terminal, since ms, codes of the alarms of that moment) of those that get no new policy."""
    who = t.terminals.c
    frozen = sa.select(who.name, who.frozen_ms).where(who.frozen_ms > 0).order_by(who.name)
    with store.begin() as conn:
        rows = conn.execute(frozen).all()
        return [(name, since_ms, _alarms(conn, name, since_ms)) for name, since_ms in rows]


def _alarms(conn: sa.Connection, name: str, since_ms: int) -> list[str]:
    c = t.incidents.c
    query = sa.select(c.code).where(c.alarm == 1, c.terminal == name, c.at_ms >= since_ms)
    return sorted({row[0] for row in conn.execute(query)})


def _line_faults(row: sa.RowMapping, tree: Tree) -> list[str]:
    name = f"{row['terminal']}/{row['epoch']}/{row['seq']}"
    faults = []
    if row["leaf"] != tree.size:
        faults.append(f"{name}: leaf {row['leaf']} where {tree.size} was due")
    if record_hash(bytes(row["data"])) != bytes(row["hash"]):
        faults.append(f"{name}: the stored bytes were altered")
    leaf = leaf_bytes(
        bytes(row["hash"]),
        row["terminal"],
        row["epoch"],
        row["seq"],
        Outcome(row["outcome"]),
        bytes(row["result"]),
    )
    tree.append(leaf)
    return faults


def _chain_faults(rows: Sequence[sa.RowMapping], streams: Sequence[sa.RowMapping]) -> list[str]:
    last: dict[tuple[str, int], tuple[int, bytes]] = {}
    faults = []
    for row in sorted(rows, key=lambda one: (one["terminal"], one["epoch"], one["seq"])):
        key = (row["terminal"], row["epoch"])
        if row["seq"] != last.get(key, (0, b""))[0] + 1:
            faults.append(f"{key}: a gap before {row['seq']}")
        last[key] = (row["seq"], bytes(row["hash"]))
    ends = {(row["terminal"], row["epoch"]): (row["upto"], bytes(row["chain"]))
            for row in streams if row["upto"]}  # 0: begun by an export that held nothing good  # fmt: skip
    if ends != last:
        faults.append("a stream does not end with its last record")
    return faults


def _closing_faults(rows: Sequence[sa.RowMapping], closings: Sequence[TaskClosed]) -> list[str]:
    """Each closing is said by a record that was taken, and the other way round."""
    taken = {
        (row["terminal"], row["epoch"], row["seq"])
        for row in rows
        if (row["kind"], row["outcome"]) == ("close_task", str(Outcome.SETTLED))
    }
    said = {(one.terminal, one.epoch, one.seq) for one in closings}
    return [f"{one}: closed without its record" for one in sorted(said ^ taken)]
