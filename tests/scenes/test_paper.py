"""edge/docs/SCENARIOS.md says what is so: each tick names a test that exists, each step is listed."""

from __future__ import annotations

import re
from pathlib import Path

from sim.scenes import form

ROOT = Path(__file__).resolve().parents[2]
PAPER = (ROOT / "edge/docs/SCENARIOS.md").read_text()


def test_every_tick_of_ours_names_a_test_that_exists() -> None:
    rows = [line.split("|")[1:-1] for line in PAPER.splitlines() if line.startswith("|")]
    ours = [row for row in rows if len(row) == 7 and row[5].strip()[:1] not in ("–", "f", "-")]
    assert len(ours) >= 12
    for row in ours:
        found = re.fullmatch(r" `(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)` ", row[6])
        assert found, f"no test for {row[0]}"
        assert f"def {found[2]}(" in (ROOT / found[1]).read_text(), found[0]


def test_every_step_is_in_the_list_and_no_other() -> None:
    table = PAPER[PAPER.index("| Steps |") : PAPER.index("Frames that came")]
    assert set(re.findall(r"`([a-z-]+)`", table)) == set(form.kinds())


def test_the_example_is_a_scenario() -> None:
    text = PAPER[PAPER.index("```toml") + 7 : PAPER.index("```\n\nDecoded")]
    assert len(form.parse(text.encode(), "paper", "SCENARIOS.md").steps) == 5
