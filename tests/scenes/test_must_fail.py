"""Scenarios see: a firmware with a fault put in is caught by the scenario that is about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenes import form
from sim.scenes.__main__ import HOME
from sim.scenes.form import Patch
from sim.scenes.run import Options, play
from sim.scenes.seen import Verdict

# scenario: (what stands in the firmware, what is put there, what the scenario then says)
FAULTS = {
    "buzzer_ok": ("(80, 2000), (40, 0), (120, 3000)", "(80, 2000), (40, 0), (120, 2000)", "2000"),
    "lamps_left_and_right": ("((500, (AMBER, OFF)), (250, DARK))",
                             "((500, (OFF, AMBER)), (250, DARK))", "left amber, right dark"),
    "lamps_blink_on_time": ("((500, (AMBER, OFF)), (250, DARK))",
                            "((500, (AMBER, OFF)), (650, DARK))", "dark/dark 6"),
    "lamps_ok_ends_by_itself": ("(1, ((1500, (GREEN, GREEN)),))",
                                "(0, ((1500, (GREEN, GREEN)),))", "ring dark"),
    "buttons_bounce_is_no_press": ("now - self._since[i] >= STABLE_MS:\n                self._told[i] = True",
                                   "now >= self._since[i]:\n                self._told[i] = True",
                                   "pressed button=confirm"),
    "buttons_held_is_one_press": ("self._told[i] = True", "self._told[i] = False",
                                  "pressed button=cancel"),
    "reader_social_security_card": ("payload = crypt(self._secret, self.counter, payload)",
                                    "payload = bytes(payload)", "card card_no=A1234567890"),
    "witness_goes_only_forward": ("if old is not None and new[:2] <= old[:2]:", "if old is None:",
                                  "witnessed state=behind"),
    "safe_state_when_the_host_is_silent": ("self.lamps.stop()", "self.lamps.value", "ring dark"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_in_the_firmware_is_caught(name: str, tmp_path: Path) -> None:
    old, new, said = FAULTS[name]
    options = Options(out=str(tmp_path), patch=(Patch(old, new),))
    done = play(form.load(HOME / f"{name}.toml"), options)
    assert done.verdict is Verdict.FAIL, done.why
    assert said in done.why
    assert done.bundle
