"""edge/docs/SCENARIOS.md says what is so: each step is listed (tests/tidy/test_papers.py: the rest)."""

from __future__ import annotations

import re
from pathlib import Path

from sim.scenes import form

ROOT = Path(__file__).resolve().parents[2]
PAPER = (ROOT / "edge/docs/SCENARIOS.md").read_text()


def test_every_step_is_in_the_list_and_no_other() -> None:
    table = PAPER[PAPER.index("| Steps |") : PAPER.index("Frames that came")]
    assert set(re.findall(r"`([a-z-]+)`", table)) == set(form.kinds())


def test_the_example_is_a_scenario() -> None:
    text = PAPER[PAPER.index("```toml") + 7 : PAPER.index("```\n\nDecoded")]
    assert len(form.parse(text.encode(), "paper", "SCENARIOS.md").steps) == 5
