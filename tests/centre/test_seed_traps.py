"""What the seed documents say that does not agree with itself (DOMAIN "Inconsistencies found in the seeds"):
the centre neither hides nor mends it.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from edge.errors import EdgeError
from sim.centre import targets
from sim.centre.population import DATA
from sim.centre.targets import report, text


def test_the_rounded_targets_of_the_towns_and_the_rounded_target_of_all_are_both_shown() -> None:
    towns = targets.read()
    found = report(towns, {})
    assert len(towns) == 30 and found.insured == 649_237
    assert (found.sum_of_targets, found.target_of_sum) == (259_694, 259_695)
    assert "259,694" in text(found) and "259,695" in text(found)


def test_a_town_is_ranked_by_what_it_reached_and_a_person_of_another_place_counts_for_none() -> None:
    towns = targets.read()
    found = report(towns, {"都督乡": 1_491, "三合街道": 36_833, "江北区": 5})
    assert [one.town for one in found.towns[:2]] == ["都督乡", "三合街道"]
    assert [one.missing for one in found.towns[:2]] == [0, 1]
    assert (found.activated, found.elsewhere) == (1_491 + 36_833, 5)


@pytest.mark.parametrize(
    "rows",
    ["", "1,a,100,0.4,41", "1,a,100,0.4,40\n2,a,100,0.4,40", "1,a,x,0.4,40", "1,a,100", "1,a,100,nan,40"],
)
def test_an_annex_that_cannot_be_right_is_refused_with_its_row(tmp_path, rows) -> None:
    path = tmp_path / "towns.csv"
    path.write_text("no,town,insured,target_rate,target\n" + rows)
    with pytest.raises(EdgeError) as caught:
        targets.read(path)
    assert caught.value.code == "E-CFG-20"


def test_the_sums_that_the_seed_states_are_sums() -> None:
    insured = yaml.safe_load(DATA.read_text())["insured"]
    employee, resident = Decimal(str(insured["employee"])), Decimal(str(insured["resident"]))
    assert employee + resident == Decimal("8067.25")  # 万, S1
