"""The house rules as tests: sizes, layers, types, style, and what may lie at the top of the tree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
TOP = {
    "pyproject.toml",
    "firmware",
    "edge",
    "sim",
    "tests",
    "README.md",
    "LICENSE",
    "requirements.lock",
}


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows or would add, so that a clone is judged and not this machine's leftovers."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


PYTHON = tracked("*.py")


def test_the_top_of_the_tree_holds_only_what_was_agreed() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in tops if not name.startswith(".")} <= TOP


def test_no_file_is_longer_than_500_lines() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in PYTHON
        if (n := p.read_text().count("\n")) > FILE_LINES_MAX
    }
    assert not long


def test_no_function_is_longer_than_70_lines() -> None:
    long = []
    for path in PYTHON:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {lines}")
    assert not long


def test_every_module_and_public_thing_of_the_product_says_what_it_is_for() -> None:
    silent = []
    for path in PYTHON:
        if path.relative_to(ROOT).parts[0] not in {"edge", "sim"} or not path.read_text().strip():
            continue
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(f"{path.relative_to(ROOT)} has no docstring")
    assert not silent


def test_bodies_are_not_stubs() -> None:
    """`...` is for Protocols; NotImplementedError and `pass`-only functions are promises nobody keeps."""
    stubs = []
    for path in PYTHON:
        if path.relative_to(ROOT).parts[0] not in {"edge", "sim", "firmware"}:
            continue
        source = path.read_text()
        if "NotImplementedError" in source or re.search(r"#\s*(TODO|FIXME|XXX)\b", source):
            stubs.append(str(path.relative_to(ROOT)))
    assert not stubs


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "edge", "sim", "firmware", "tests"],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ],
    ids=lambda c: c[0],
)
def test_the_checkers_are_content(command: list[str]) -> None:
    tool = str(Path(sys.executable).parent / command[0])
    done = run(tool, *command[1:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_no_registry_host_is_named() -> None:
    hosts = re.compile(
        r"(pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org|fonts\.googleapis)"
    )
    named = [
        str(p.relative_to(ROOT))
        for p in tracked()
        if p.suffix in {".py", ".md", ".toml", ".sh", ".js", ".html", ".lock", ""}
        and p.name != Path(__file__).name
        and hosts.search(p.read_text(errors="ignore"))
    ]
    assert not named
