"""The third of the nine: F15 → F14 → F16."""

from __future__ import annotations

from sim.stage import bill
from sim.stories.f15_prescription import PLACES, WANG, sold
from sim.stories.tell import Tell

TITLE = (
    "从处方到药店：凭处方取药，再自费买一盒常备药",
    "From the prescription to the pharmacy: dispensed once, then something from the shelf",
)
LACKS = "F16, the order from home"


def play(tell: Tell) -> None:
    """With a prescription, then without."""
    with tell.town("2026-11-18 09:00", [WANG], PLACES) as town:
        sold(tell, town)
        west = town.desks["west"]
        tell.pays(west, bill("pharmacy", "P1", "SYN-A-0001 25.00", med_type="41"), WANG)
        tell.holds("不凭处方的也结算", "what needs no prescription is settled, too",
                   west.paid("P1")["medfee_sumamt"] == 25_00)  # fmt: skip
