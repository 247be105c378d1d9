"""The harness is checked too: a sample of bugs, each of which its tests must catch; and no bug of the
list is out of date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sim.mutants.__main__ import mutants, mutated

ROOT = Path(__file__).resolve().parents[2]
SAMPLE, SEED = 3, 20261125
SEES_NOTHING = "test_any_claim_ends_quickly_and_without_an_error"


@pytest.mark.parametrize("name", mutants())
def test_every_mutant_still_fits_the_code_and_names_tests_that_exist(name: str) -> None:
    mutant = mutants()[name]
    assert mutated(mutant, (ROOT / mutant.path).read_text())
    assert mutant.tests
    for test in mutant.tests:
        file, _, function = test.partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(), f"{test} is not there any more"


@pytest.mark.slow
def test_a_sample_of_mutants_is_caught() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim.mutants", "--sample", str(SAMPLE), "--seed", str(SEED)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == f"mutants {SAMPLE} · caught {SAMPLE} · survived 0"


@pytest.mark.slow
def test_a_mutant_that_no_test_sees_is_an_error(tmp_path: Path) -> None:
    """Must fail: the tests it names do not look at what it breaks."""
    blind = ROOT / "sim/mutants/list/leaf_is_a_node.toml"
    code = (
        "import sys, msgspec; from pathlib import Path; from sim.mutants import __main__ as m; "
        f"m.LIST = Path({str(tmp_path)!r}); sys.argv[1:] = []; raise SystemExit(m.main())"
    )
    text = blind.read_text().replace("test_a_leaf_is_never_taken_for_a_node", SEES_NOTHING)
    assert text != blind.read_text()
    (tmp_path / "blind.toml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr[-2000:]
    assert "survived 1" in done.stdout
