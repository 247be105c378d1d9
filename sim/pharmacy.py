"""The stockroom of a pharmacy: 3501 at the centre's second door, signed as its HIS would."""

from __future__ import annotations

from sim.centre.desk import Centre
from sim.prescriber import Prescriber, Told


class Stockroom:
    """One pharmacy that tells its inventory."""

    def __init__(self, centre: Centre, now_ms: int, code: str) -> None:
        self._his = Prescriber(centre, now_ms, code, "测试药房", kind="2", level="pharmacy")

    def counts(self, on: str, *rows: tuple[str, str, str]) -> Told:
        """So many of each on that day: (code, name, count)."""
        found = [
            {"med_list_codg": code, "fixmedins_hilist_name": name, "invdate": on, "inv_cnt": count}
            for code, name, count in rows
        ]
        return self._his.call("3501", {"invinfo": found})
