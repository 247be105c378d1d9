"""Scenarios see: a firmware with a fault put in is caught by the scenario that is about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.scenes import form
from sim.scenes.form import HOME, Patch
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
    "buttons_held_is_one_press": ("self._told[i] = True", "self._told[i] = now - self._since[i] > 200",
                                  "pressed button=cancel"),
    "reader_social_security_card": ("payload = crypt(self._secret, self.counter, payload)",
                                    "payload = bytes(payload)", "card card_no=A1234567890"),
    "witness_goes_only_forward": ("if old is not None and new[:2] <= old[:2]:", "if old is None:",
                                  "witnessed state=behind"),
    "witness_outlives_a_reset": ("found[0] >= self._number:", "found[0] > 1000:", "witnessed state=held"),
    "emitter_is_never_on_for_longer_than_is_safe": ("(500, 1000, 100),", "(5000, 1000, 900),",
                                                    "ms=500 why=longest"),
    "tamper_is_latched_over_a_reset": ("self.latched = self._kept", "self.latched = 0",
                                       'latched=["case"]'),
    "tamper_open_cannot_be_cleared": ("self.latched &= ~mask | self.open", "self.latched &= ~mask",
                                      'latched=["case"]'),
    "proximity_a_hand_that_passes": ("elif now - self._since >= STABLE_MS:\n            self.near",
                                     "else:\n            self.near", "proximity near=true"),
    "challenge_shows_its_colours_on_time": ("self._until += self._step_ms",
                                            "self._until += self._step_ms + 40", "#0000ff/#0000ff 340 ms"),
    "trial_is_proved_by_the_greeting": ("CONFIRM: (_proved, _proved, _same)",
                                        "CONFIRM: (_proved, _same, _same)", "slot b with 9.9.9, on trial"),
    "trial_of_a_program_that_crashes": ("if s.tries >= TRIES_MAX:", "if s.tries >= 99:", "the link up"),
    "trial_of_a_program_that_hangs": ("if board.state.phase == TRIAL:", "if board.state.phase == 77:",
                                      "boots 2"),
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
