"""`flash list` as a person reads it."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.field.flash.look import Seen

GOOD = {"running": "green", "repl": "cyan", "bootsel": "yellow", "quiet": "yellow"}
WIDE = 120


def show(found: list[Seen], console: Console | None = None) -> None:
    """A table, and below it the next step of each board that needs one."""
    console = console or Console(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=WIDE)
    if not found:
        console.print("no board: plug one in, or name one with --port")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("port", "state", "board", "serial", "runtime", "version", "build", "slot", "note"):
        table.add_column(name, overflow="fold", no_wrap=name in {"state", "build", "slot"})
    for one in found:
        state = Text(one.state, style=GOOD.get(one.state, "red"))
        name = one.serial or one.uid
        table.add_row(one.port, state, one.board, name, one.runtime, one.version, one.build, one.slot, one.note)
    console.print(table)
    for one in found:
        if one.hint:
            code = f"{one.code} " if one.code else ""
            console.print(f"{one.port}: {code}next: {one.hint}", soft_wrap=True)
