"""Every file of `sim/faults` is a fault with the one surface there is, and strikes a living world."""

from __future__ import annotations

import inspect
import random
from pathlib import Path

import pytest

from sim import faults
from sim.hunt import Order, planned, run
from sim.invariants import NAMES
from sim.world import windows_of

FOLDER = Path(faults.__file__).parent
NAMED_IN_THE_ISSUE = {
    "drop duplicate reorder corrupt delay partition broker_restart broker_amnesia centre_crash centre_restored",
    "commit_then_drop power_cut disk_full disk_error clock_jump slow_disk controller_reboot camera_freeze",
    "stolen_copy two_agents",
}


def test_the_folder_is_the_list():
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert set(faults.names()) == files
    assert set(" ".join(NAMED_IN_THE_ISSUE).split()) <= files


def test_the_proof_tells_of_every_fault_and_every_promise():
    told = (FOLDER.parents[1] / "edge" / "docs" / "PROOF.md").read_text()
    assert [name for name in faults.names() if name not in told] == []
    assert [name for name, why in NAMES.items() if f"| {name} | {why} |" not in told] == []


@pytest.mark.parametrize("name", faults.names())
def test_a_fault_is_a_rate_and_a_strike_and_a_few_lines(name):
    fault = faults.load(name)
    assert fault.A_DAY > 0
    assert len(inspect.signature(fault.strike).parameters) == 2
    assert inspect.getdoc(fault)
    assert inspect.getdoc(fault.strike)
    assert len((FOLDER / f"{name}.py").read_text().splitlines()) <= 45


@pytest.mark.parametrize("name", faults.names())
def test_a_fault_alone_strikes_and_no_promise_breaks(name):
    """The first seed whose plan has it: it came, and the world ended well."""
    for seed in range(1, 40):
        report = run(Order(seed, 0.4, (name,)))
        assert report.ok, str(report)
        if report.strikes:
            assert {strike.fault for strike in report.strikes} == {name}
            return
    raise AssertionError(f"{name} never struck")


def test_a_plan_is_the_seeds_own_and_swarms():
    """The same every time; and no seed has every fault, so that the others get deep."""
    windows = windows_of(1.0)
    plans = [faults.plan(seed, windows) for seed in range(1, 60)]
    assert plans == [faults.plan(seed, windows) for seed in range(1, 60)]
    kinds = [{strike.fault for strike in plan} for plan in plans]
    assert set().union(*kinds) == set(faults.names())
    assert all(len(one) < len(faults.names()) for one in kinds)
    for plan in plans:
        assert [strike.number for strike in plan] == list(range(1, len(plan) + 1))
        assert [strike.at_ms for strike in plan] == sorted(strike.at_ms for strike in plan)


def test_dice_of_one_strike_are_its_own():
    order = Order(3, 1.0)
    some = planned(order)[::2]
    fewer = planned(Order(3, 1.0, strikes=tuple(strike.number for strike in some)))
    assert fewer == some
    assert random.Random("strike 3 1").random() != random.Random("strike 3 2").random()
