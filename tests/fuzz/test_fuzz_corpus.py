"""Every input that the fuzzers kept, and every old crash, through its parser again; and each target
a short while under the fuzzer itself."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.errors import EdgeError
from tests.fuzz.kit import CORPUS, INPUT_S, NAMES, kept, load, survives

SHORT_S = 1
CORPUS_BYTES_MAX = 300_000


@pytest.mark.parametrize("name", NAMES)
def test_every_kept_input_gives_a_value_or_an_edge_error_in_time(name: str) -> None:
    target = load(name)
    inputs = [*target.seeds(), *(path.read_bytes() for path in kept(name)), b""]
    for data in inputs:
        began = time.monotonic()
        survives(target, data)
        assert time.monotonic() - began < INPUT_S


@pytest.mark.parametrize("name", NAMES)
def test_at_least_one_seed_of_a_target_is_a_good_message(name: str) -> None:
    def good(data: bytes) -> bool:
        try:
            load(name).eat(data)
        except EdgeError:
            return False
        return True

    assert any(good(data) for data in load(name).seeds())


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(NAMES)
    assert sum(p.stat().st_size for p in CORPUS.rglob("*") if p.is_file()) < CORPUS_BYTES_MAX


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_short_hunt_finds_no_crash(name: str, tmp_path: Path) -> None:
    fuzz(name, tmp_path, expect=0)


@pytest.mark.slow
def test_the_fuzzer_sees_a_parser_that_lets_something_else_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Must fail: in this process tree the reader of results breaks on an empty map."""
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    fuzz("result", tmp_path, expect=1)


BROKEN = """
import sys
if sys.argv[0] == "-m" and "tests.fuzz.one" in sys.orig_argv:
    from edge.wire import answer
    def result_map(data):
        if data[:1] == b"\\xa0":
            raise KeyError("setlinfo")
    answer.result_map = result_map
"""


def fuzz(name: str, folder: Path, *, expect: int) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has no wheel for this Python: the corpus is replayed, nothing is hunted")
    words = ["--target", name, "--seconds", str(SHORT_S), "--crashes", str(folder / "crashes")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words],
        capture_output=True, text=True, timeout=120, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == expect, done.stdout + done.stderr[-4000:]
