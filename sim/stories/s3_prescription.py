"""The third of the nine: F15 → F14 → F16."""

from __future__ import annotations

from sim.stage import bill
from sim.stories.f15_prescription import PLACES, WANG, sold
from sim.stories.f16_online_purchase import courier, ordered
from sim.stories.tell import Tell

TITLE = (
    "从处方到药店：凭处方取药，买一盒常备药，再从家里下单",
    "From the prescription to the pharmacy: dispensed once, something from the shelf, an order from home",
)


def play(tell: Tell) -> None:
    """With a prescription, then without, then from home."""
    with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
        sold(tell, town)
        west = town.desks["west"]
        tell.pays(west, bill("pharmacy", "P1", "SYN-A-0001 25.00", med_type="41"), WANG)
        tell.holds("不凭处方的也结算", "what needs no prescription is settled, too",
                   west.paid("P1")["medfee_sumamt"] == 25_00)  # fmt: skip
        east = town.desks["east"]
        east.done()
        number = ordered(tell, east, "H1", WANG)
        told = [courier(east, number, what) for what in ("pick_up", "deliver", "sign")]
        tell.holds("送到家，签收", "brought home and signed for", told == ["", "", ""])
