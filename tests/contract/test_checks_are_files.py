"""Every check is one file, and a new one needs no other change than its words: a file that nobody here has seen is put into
the folder of the checks, and is listed, weighed, demanded and written into the record."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec
import numpy as np
import pytest

from edge.core import events as e
from edge.core import liveness
from edge.core.types import LivenessBand, LivenessRules
from edge.drivers.vision import checks as gates
from edge.drivers.vision.nets.blazeface import Face
from edge.http.kiosk import STATIC
from edge.wire import policy as wire
from sim.stage.lamps import LAMPS, plays_lights
from tests.core.glow import Scene, shots
from tests.flows.kit import Desk, good_face, on, policy, press, send, tell_story, template

lamps_checks = importlib.import_module("edge.core.liveness.checks")  # its name is also that of its list
NAME: Final = "redder"
CHECK: Final = '''"""Skin is redder than it is blue."""

from edge.core.liveness.evidence import NOTHING, Evidence, Finding, by_limit

NEEDS = "light"
LIMIT = 1.2


def judge(seen: Evidence, limit: float) -> Finding:
    """Red in parts of blue."""
    lit = [shot.glow for shot in seen.shots if shot.glow]
    if not lit:
        return NOTHING
    return by_limit(sum(sum(g[0::3]) for g in lit) / sum(sum(g[2::3]) for g in lit), limit, "light_flat")
'''
GATE: Final = '''"""Nobody is served upside down."""

from msgspec import Struct

AT = 1
SAYS = ("upside_down",)
STOPS = SAYS


class Limits(Struct, frozen=True):
    """px."""

    lower_max: float = 0.0


def problem(scene, limits):
    """The nose below the eyes."""
    points = scene.face.points if scene.faces else None
    return "upside_down" if points is not None and points[0, 1] - points[2, 1] > limits.lower_max else None
'''
MUST: Final = ("passive", "follows", NAME)
Drop = Callable[[str], None]


def dropped(package: ModuleType, folder: Path, source: str) -> Iterator[None]:
    """The file stands in the package's folder, as far as the package can see, and is gone behind."""
    (folder / f"{NAME}.py").write_text(source, encoding="utf-8")
    importlib.invalidate_caches()
    package.__path__.append(str(folder))
    lamps_checks.checks.cache_clear()
    try:
        yield
    finally:
        package.__path__.remove(str(folder))
        sys.modules.pop(f"{package.__name__}.{NAME}", None)
        if hasattr(package, NAME):
            delattr(package, NAME)
        lamps_checks.checks.cache_clear()


@pytest.fixture
def check(tmp_path: Path) -> Iterator[None]:
    yield from dropped(lamps_checks, tmp_path, CHECK)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[None]:
    yield from dropped(gates, tmp_path, GATE)


def looked(own: tuple[float, float, float], limits: dict[str, float] | None = None) -> Desk:
    """A visit under a policy that demands it; own: the colour of the face."""
    rules = LivenessRules(bands=(LivenessBand(0, MUST, -9.0),), limits=limits or {})
    desk = Desk(policy("P1", liveness=rules))
    desk.post(e.LinkUp())
    desk.post(LAMPS)
    play = on("light", lambda d: plays_lights(d, lambda lamps: shots(Scene(own=own), lamps)))
    return tell_story(desk, send(), on("ways", press("face")), on("look", good_face), play)


RED, BLUE = (0.35, 0.28, 0.22), (0.22, 0.28, 0.35)


# -- a check of the face ---------------------------------------------------------------------------
@pytest.mark.usefixtures("check")
def test_a_new_file_is_listed_measured_and_stands_in_the_record_with_its_limit() -> None:
    assert NAME in lamps_checks.checks() and liveness.plays((NAME,)) == {"light"}
    desk = looked(RED, {NAME: 1.25})
    tell_story(desk, on("working", template))
    verdict = desk.ask("1101").body["verdict"]
    row = next(row for row in verdict["checks"] if row[0] == NAME)
    assert verdict["live"] is True
    assert 1.4 < row[1] < 1.8 and list(row[2:]) == [1.25, "pass"]


@pytest.mark.usefixtures("check")
def test_a_new_file_that_is_demanded_refuses_with_its_own_reason() -> None:
    desk = looked(BLUE)
    assert (desk.screen.name, desk.screen.fields["problem"]) == ("look", "light_flat")
    assert not any(ask.infno == "1101" for ask in desk.asks)


@pytest.mark.usefixtures("check")
def test_a_signed_policy_may_demand_it_where_the_file_is() -> None:
    told = policy("P1", liveness=LivenessRules(bands=(LivenessBand(0, MUST),)))
    assert wire._policy(msgspec.to_builtins(told, builtin_types=(bytes,))) == told


def test_and_without_the_file_nobody_passes_it_and_the_policy_is_not_taken() -> None:
    assert NAME not in lamps_checks.checks(), "the tests above leave nothing behind"
    assert looked(RED).screen.name != "working"
    told = policy("P1", liveness=LivenessRules(bands=(LivenessBand(0, MUST),)))
    with pytest.raises(wire.EdgeError, match="does not have"):
        wire._policy(msgspec.to_builtins(told, builtin_types=(bytes,)))


# -- a gate of a shot ------------------------------------------------------------------------------
def standing(*, upright: bool) -> gates.Scene:
    points = np.array([[290, 210], [350, 210], [320, 240], [320, 270], [260, 220], [380, 220]], np.float32)
    if not upright:
        points[:, 1] = 480 - points[:, 1]
    rgb = np.random.default_rng(1).integers(60, 200, (480, 640, 3)).astype(np.uint8)
    return gates.scene(rgb, [Face(0.9, 235.0, 155.0, 170.0, 170.0, points)])


@pytest.mark.usefixtures("gate")
def test_a_new_gate_is_asked_in_its_place_and_stops_what_it_is_there_for() -> None:
    assert NAME in gates.modules() and "upside_down" in gates.says()
    found = gates.Gate().before_mesh(standing(upright=True))
    assert found == gates.Finding(None) or not found.stops
    assert gates.Gate().before_mesh(standing(upright=False)) != found
    # Which side is which is the gate's own: the one of the two that it names is stopped, and first.
    named = [gates.Gate().before_mesh(standing(upright=up)) for up in (True, False)]
    assert gates.Finding("upside_down", stops=True) in named


def test_and_without_its_file_nobody_speaks_of_it() -> None:
    assert "upside_down" not in gates.says()
    assert all(gates.Gate().before_mesh(standing(upright=up)).problem != "upside_down" for up in (True, False))


# -- their words -----------------------------------------------------------------------------------
def reasons(source: str) -> set[str]:
    """Every word that a file hands on as why somebody did not pass."""
    tree = ast.parse(source)
    calls = [at for at in ast.walk(tree) if isinstance(at, ast.Call) and isinstance(at.func, ast.Name)]
    handed = [
        *(arg for at in calls if at.func.id in ("Finding", "by_limit") for arg in at.args[2:]),  # type: ignore[attr-defined]
        *(word.value for at in calls for word in at.keywords if word.arg == "reason"),
    ]
    handed += [at.value for at in tree.body if isinstance(at, ast.Assign) and ast.unparse(at.targets[0]) == "SPOOF"]
    consts = [at for arg in handed for at in ast.walk(arg)]
    return {at.value for at in consts if isinstance(at, ast.Constant) and isinstance(at.value, str)}


FILES: Final = sorted(Path(lamps_checks.__path__[0]).glob("[a-z]*.py"))
GIVEN: Final = sorted(
    {"light_unseen", "spoof_score", "eye_missing", liveness.FEW}.union(*(reasons(one.read_text()) for one in FILES))
)
LANGUAGES: Final = sorted({path.stem for path in (STATIC / "i18n").glob("*.json")} - {"codes"})


def test_the_reasons_are_found_where_they_are_given() -> None:
    assert reasons(CHECK) == {"light_flat"}
    assert {"light_late", "light_weak", "light_not_followed", "face_changed", "face_lost", "infrared_dark"} < set(GIVEN)
    assert {"stream_odd", "stream_slow", "eyes_unseen", "depth_flat"} < set(GIVEN)


@pytest.mark.parametrize("reason", GIVEN)
def test_every_reason_of_a_check_has_its_words_in_every_language(reason: str) -> None:
    listed = json.loads((STATIC / "i18n/codes.json").read_text(encoding="utf-8"))["problems"]
    assert reason in listed and len(LANGUAGES) >= 2
    for language in LANGUAGES:
        texts = json.loads((STATIC / f"i18n/{language}.json").read_text(encoding="utf-8"))
        assert texts[f"problem.{reason}"].strip() and texts[f"say.look.{reason}"].strip(), language
