"""What the centre's tests share beside the stage's `Device`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edge.core.money import yuan
from edge.core.types import Json
from edge.wire import answer as wire_answer
from sim.centre import setup
from sim.centre.books import store
from sim.centre.books.people import PersonSpec
from sim.centre.desk import Centre
from sim.stage.device import BOOT, NOW, ZERO, Device, near, rows, spec_of, template

__all__ = [
    "BOOT", "NOW", "ZERO", "Device", "codes_of", "copy", "estimate", "make", "near", "rows",
    "rows_of", "spec_of", "template", "wire_results",
]  # fmt: skip


def estimate(fund_fen: int, cash_fen: int, **more: int) -> Json:
    """A split as the terminal writes it: everything in scope."""
    total = fund_fen + cash_fen
    fields = {"medfee_sumamt": total, "inscp_scp_amt": total, "hifp_pay": fund_fen}
    fields |= {"fund_pay_sumamt": fund_fen, "psn_cash_pay": cash_fen, **more}
    return {name: yuan(amount) for name, amount in fields.items()}


def rows_of(centre: Centre, table: Any) -> list[dict[str, Any]]:
    with centre.store.begin() as conn:
        return [dict(row) for row in conn.execute(table.select()).mappings()]


def codes_of(centre: Centre) -> list[str]:
    return [row["code"] for row in rows_of(centre, store.incidents)]


def wire_results(data: bytes, centre: Centre) -> wire_answer.WireAnswer:
    return wire_answer.decode(data, centre.keys.verifier)


def make(
    directory: Path,
    devices: list[Device],
    people: list[PersonSpec] | None,
    url: str,
    **options: Any,
) -> Centre:
    specs = [device.spec for device in devices]
    centre = setup.make_centre(directory, url, specs, people, now_ms=NOW, **options).centre
    for device in devices:
        device.meet(centre)
    return centre


def copy(person: PersonSpec, **changes: Any) -> PersonSpec:
    return msgspec.structs.replace(person, **changes)
