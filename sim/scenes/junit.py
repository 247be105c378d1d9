"""JUnit XML as CI systems read it: one suite per area, times in seconds, what was seen in place of
what was wanted, the last words of the board's console, and the bundle as an attachment (GitLab, Jenkins)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import groupby
from pathlib import Path

from sim.board.chip.flash_image import ROOT
from sim.scenes import bundle
from sim.scenes.seen import Outcome, Verdict

CONSOLE_MAX = 2000
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(outcomes: list[Outcome], target: Path) -> None:
    """The file, whole or not at all."""
    root = ET.Element("testsuites", {"name": "facepay sim run", **_counts(outcomes)})
    for area, group in groupby(sorted(outcomes, key=lambda o: (o.area, o.name)), lambda o: o.area):
        ours = list(group)
        suite = ET.SubElement(root, "testsuite", {"name": area, **_counts(ours)})
        for one in ours:
            suite.append(_case(one))
    ET.indent(root)
    new = target.with_name(target.name + ".new")
    ET.ElementTree(root).write(new, encoding="utf-8", xml_declaration=True)
    new.replace(target)


def _counts(outcomes: list[Outcome]) -> dict[str, str]:
    kinds = [one.verdict for one in outcomes]
    return {
        "tests": str(len(outcomes)),
        "failures": str(kinds.count(Verdict.FAIL)),
        "errors": str(kinds.count(Verdict.ERROR)),
        "skipped": str(kinds.count(Verdict.SKIP)),
        "time": f"{sum(one.wall_ms for one in outcomes) / 1000:.3f}",
    }


def _case(one: Outcome) -> ET.Element:
    case = ET.Element(
        "testcase", classname=f"scenarios.{one.area}", name=one.name, file=_short(one.path),
        time=f"{one.wall_ms / 1000:.3f}",
    )  # fmt: skip
    found = ET.SubElement(case, "properties")
    for key, value in (("title", one.title), ("seed", one.seed), ("board_ms", one.board_ms)):
        ET.SubElement(found, "property", name=key, value=_clean(str(value)))
    tag = {Verdict.FAIL: "failure", Verdict.ERROR: "error", Verdict.SKIP: "skipped"}
    if one.verdict in tag:
        said = ET.SubElement(case, tag[one.verdict], message=_clean(one.why[:500]))
        where = f"{_short(one.path)}:{one.line} {one.step}\n" if one.line else ""
        said.text = _clean(f"{where}{one.why}\n{bundle.replay(one)}\n")
    if one.bundle:
        out = ET.SubElement(case, "system-out")
        out.text = _clean(f"{_console(one)}[[ATTACHMENT|{one.bundle}]]\n")
    return case


def _short(path: str) -> str:
    """From the root of the clone, where CI looks for files."""
    here = Path(path).resolve()
    return str(here.relative_to(ROOT)) if here.is_relative_to(ROOT) else path


def _console(one: Outcome) -> str:
    try:
        said = (Path(one.where) / "console.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return f"{said[-CONSOLE_MAX:]}\n" if said else ""


def _clean(text: str) -> str:
    """XML has no control characters."""
    return _NO_XML.sub("?", text)
