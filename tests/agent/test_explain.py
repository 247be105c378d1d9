"""Every code the product can show is explained offline, and no explanation is of a code that nobody
raises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.errors import EdgeError
from edge.explain import CODES, explain

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"E-[A-Z]{2,3}-[0-9]{2}")
SOURCES = [
    path
    for folder in ("edge", "firmware", "sim/board", "sim/scenes", "sim/tier2")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".js", ".json", ".html"} and path.parent.name != "explain"
]


def used() -> dict[str, str]:
    return {
        code: str(path.relative_to(ROOT))
        for path in SOURCES
        for code in CODE.findall(path.read_text(encoding="utf-8"))
    }


def test_every_code_in_the_tree_is_explained() -> None:
    assert {code: place for code, place in used().items() if code not in CODES} == {}


def test_no_explanation_is_of_a_code_that_nobody_uses() -> None:
    assert set(CODES) - set(used()) - {"E-SYS-04"} == set()


@pytest.mark.parametrize("code", sorted(CODES))
def test_an_explanation_has_a_meaning_and_a_next_step(code: str) -> None:
    meaning, step = CODES[code]
    assert len(meaning) > 10
    assert len(step) > 5
    assert meaning.endswith((".", "…"))
    assert explain(code.lower()).startswith(code)


def test_an_unknown_code_brings_the_nearest() -> None:
    with pytest.raises(EdgeError, match="did you mean E-NET-0") as raised:
        explain("E-NET-99")
    assert raised.value.code == "E-SYS-04"
