"""Every text in both languages, and a text for everything that the core can put on the screen."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from edge.core import limits, tx
from edge.core.effects import Show, Speak
from edge.core.types import Mode
from edge.core.visit import refusals, screens
from edge.core.visit.face import gestures
from edge.core.visit.machine import BUTTONS
from edge.http.kiosk import STATIC, Button
from tests.kiosk.states import STATES

CORE = Path(screens.__file__).parents[1]
SOURCE = {path: path.read_text() for path in sorted(CORE.rglob("*.py"))}
EVERYTHING = "\n".join(SOURCE.values())
CODES: dict[str, list[str]] = json.loads((STATIC / "i18n" / "codes.json").read_text())


def texts(lang: str) -> dict[str, str]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, str]:
        assert len(pairs) == len(dict(pairs)), "a key is there twice"
        return dict(pairs)

    return json.loads((STATIC / "i18n" / f"{lang}.json").read_text(), object_pairs_hook=unique)


TEXTS = {lang: texts(lang) for lang in ("zh-CN", "en")}


def calls(name: str) -> list[ast.Call]:
    """Every call of `name` (or x.name) in the core."""
    found = [
        node
        for text in SOURCE.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
    ]
    return [
        call for call in found if getattr(call.func, "id", getattr(call.func, "attr", "")) == name
    ]


def strings(node: ast.AST) -> set[str]:
    return {
        at.value
        for at in ast.walk(node)
        if isinstance(at, ast.Constant) and isinstance(at.value, str)
    }


def test_both_languages_have_the_same_keys_and_placeholders():
    zh, en = TEXTS.values()
    assert set(zh) == set(en)
    for key in zh:
        assert zh[key].strip() and en[key].strip(), key
        assert set(re.findall(r"\{(\w+)\}", zh[key])) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_every_listed_code_has_a_text():
    prefix = {
        "ways": "way",
        "kinds": "kind",
        "steps": "step",
        "problems": "problem",
        "phases": "phase",
        "refusals": "refused",
        "next_steps": "next",
        "slip": "slip",
    }
    wanted = [
        f"{prefix[group]}.{code}"
        for group, codes in CODES.items()
        if group in prefix
        for code in codes
    ]
    assert [key for key in wanted if key not in TEXTS["en"]] == []


def test_the_list_has_every_screen_and_every_screen_has_a_picture():
    shown = {
        call.args[0].value
        for call in calls("Show")
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert shown <= set(CODES["screens"])
    assert set(CODES["screens"]) <= {screen for screen, _, _ in STATES.values()}
    page = (STATIC / "js" / "kiosk.js").read_text()
    assert all(re.search(rf"\b{name}: (identify|outcome|pharmacy)\.", page) for name in CODES["screens"])


def test_the_list_has_every_button_step_kind_and_mode():
    assert {str(button) for button in BUTTONS} == set(CODES["buttons"]) == set(get_args(Button))
    assert set(gestures.STEPS) == set(CODES["steps"])
    assert set(tx.kinds()) == set(CODES["kinds"])
    assert {str(mode) for mode in Mode} == set(CODES["modes"])


def test_every_cap_of_an_outage_has_its_own_words_for_the_patient():
    assert set(limits.CAPS) == set(CODES["caps"])
    for lang in TEXTS.values():
        words = [lang[f"refused.offline_caps.{cap}"] for cap in limits.CAPS]
        assert len(set(words)) == len(words)
    decided = strings(ast.parse(SOURCE[CORE / "limits.py"]))
    estimated = strings(ast.parse(SOURCE[CORE / "visit" / "settle" / "pay.py"]))
    assert set(limits.CAPS) <= decided | estimated


def test_the_list_has_every_refusal_and_next_step():
    known = set(CODES["refusals"]) | set(refusals.KNOWN)
    assert set(refusals.KNOWN) <= set(CODES["refusals"])
    steps = set().union(*refusals.STEPS.values(), refusals.ELSE_STEPS)
    constants = {
        target.id: strings(node.value)
        for text in SOURCE.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.AnnAssign)
        and node.value
        and isinstance(target := node.target, ast.Name)
        and target.id.isupper()
    }
    for call in calls("Refusal"):
        if call.args and isinstance(call.args[0], ast.Constant):
            code = call.args[0].value
            assert code in known or code.startswith(("rejected_", "E-")), code
        if len(call.args) > 1:
            named = {at.id for at in ast.walk(call.args[1]) if isinstance(at, ast.Name)}
            steps |= strings(call.args[1]).union(*(constants.get(name, set()) for name in named))
    chosen = re.findall(r'code = "(\w+)" if .*? else "(\w+)"', EVERYTHING)
    assert {code for pair in chosen for code in pair if not code.startswith("E-")} <= known
    assert steps - known <= set(CODES["next_steps"])


def test_the_list_has_every_problem_and_reason():
    seen = re.search(r"`problem` is None or one of: ([\w\s]+?)\.", EVERYTHING)
    assert seen
    reasons = {
        call.args[1].value
        for call in calls("fail")
        if len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
    }
    reasons |= {"spoof_score"} | {
        call.args[1].value for call in calls("try_again") if isinstance(call.args[1], ast.Constant)
    }
    assert set(seen[1].split()) | reasons <= set(CODES["problems"])


def test_the_list_has_every_phase_and_slip_line():
    phases = {
        call.args[0].value
        for call in calls("working")
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert phases
    assert phases <= set(CODES["phases"])
    lines = set(re.findall(r'"slip\.(\w+)"', EVERYTHING))
    assert lines
    assert lines <= set(CODES["slip"])


@pytest.mark.parametrize("lang", TEXTS)
def test_every_prompt_has_a_text_or_its_screens_own(lang):
    spoken = {
        effect.key
        for name, _, fields in STATES.values()
        for effect in screens.beside(Show(name, 1, fields))
        if isinstance(effect, Speak)
    }
    spoken |= {
        effect.key
        for problem in CODES["problems"]
        for effect in screens.beside(Show("look", 1, {"problem": problem}))
        if isinstance(effect, Speak)
    }
    spoken |= {
        effect.key
        for code in CODES["refusals"]
        for effect in screens.beside(Show("refused", 1, {"code": code}))
        if isinstance(effect, Speak)
    }
    assert spoken
    # the centre's own codes have no end: for those the voice says the screen's prompt
    open_ended = {"say.refused.2001", "say.refused.something_new"}
    assert spoken - open_ended <= set(TEXTS[lang])
    assert "say.refused" in TEXTS[lang]


def test_no_text_is_written_into_the_page_itself():
    for path in sorted((STATIC / "js").glob("*.js")):
        code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text())
        assert not re.search(r"[\u4e00-\u9fff]", code), path.name
    keys = set(
        re.findall(
            r'\bt(?:Or)?\("([\w.]+)"',
            "\n".join(p.read_text() for p in (STATIC / "js").glob("*.js")),
        )
    )
    assert keys - set(TEXTS["en"]) == set()
