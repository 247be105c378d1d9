"""Scenario files are read strictly, and what is wrong in them is said with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import EdgeError
from sim.scenes import form
from sim.scenes.__main__ import find
from sim.scenes.boards import patched
from sim.scenes.form import HOME

GOOD = b'title = "t"\narea = "link"\n\n[[step]]\ndo = "press"\nbutton = "face"\n'


def refused(text: bytes) -> EdgeError:
    with pytest.raises(EdgeError) as raised:
        form.parse(text, "x", "x.toml")
    return raised.value


def test_a_good_file_is_typed() -> None:
    scenario = form.parse(GOOD, "x", "x.toml")
    assert scenario.steps[0].text == "press button=face"
    assert (scenario.steps[0].line, scenario.steps[0].fields.ms) == (4, 100)


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        (b"button", b"buton", "E-SCN-02", "x.toml:6: unknown key 'buton'; did you mean 'button'?"),
        (b'"press"', b'"pres"', "E-SCN-02", "x.toml:5: there is no step 'pres'; did you mean 'press'"),
        (b"title", b"titel", "E-SCN-02", "x.toml:1: unknown key 'titel'; did you mean 'title'?"),
        (b'"link"', b'"links"', "E-SCN-03", "x.toml:2: area 'links' is none of"),
        (b'"face"', b"7", "E-SCN-03", "x.toml:6: Expected `str`, got `int`"),
        (b'button = "face"', b'button = "face"\nms = 0', "E-SCN-03", "x.toml:7: Expected `int` >= 1"),
        (b'button = "face"', b"", "E-SCN-03", "x.toml:4: needs button"),
        (b'do = "press"', b"", "E-SCN-03", "x.toml:4: a step needs `do`"),
        (b"[[step]]", b"[step]", "E-SCN-03", "steps are written as [[step]]"),
        (b'"t"', b'"t', "E-SCN-01", "is not TOML"),
        (b'"t"', b'"\xff"', "E-SCN-01", "is not TOML"),
        (b'"t"', b'"t"\nseed = -1', "E-SCN-03", "x.toml:2: Expected `int` >= 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(old: bytes, new: bytes, code: str, said: str) -> None:
    error = refused(GOOD.replace(old, new, 1))
    assert (error.code, said in str(error)) == (code, True), str(error)


def test_a_step_with_another_program_in_it_needs_the_clock_of_the_wall() -> None:
    flashing = GOOD + b'[[step]]\ndo = "upgrade"\n'
    assert "x.toml:7: upgrade needs realtime = true" in str(refused(flashing))
    assert form.parse(b"realtime = true\n" + flashing, "x", "x.toml").head.realtime


def test_all_problems_of_a_file_are_said_at_once() -> None:
    error = refused(GOOD.replace(b"button", b"buton").replace(b"title", b"titel"))
    assert "x.toml:1" in str(error)
    assert "x.toml:6" in str(error)


def test_sizes_have_limits() -> None:
    assert refused(GOOD + b"#" * form.BYTES_MAX).code == "E-SCN-01"
    assert "201 steps" in str(refused(GOOD + b'[[step]]\ndo = "reset"\n' * form.STEPS_MAX))
    assert "0 steps" in str(refused(b'title = "t"\narea = "link"\n'))


def test_a_name_that_leads_nowhere_brings_the_nearest() -> None:
    with pytest.raises(EdgeError, match=r"E-SCN-04.*did you mean 'lamps_white'"):
        find(["lamps_wite"])
    assert find(["lamps_white"]) == [HOME / "lamps_white.toml"]


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("no such text in the firmware", "fits 0 places"),
        ("elif self._since[i] < 0:", "fits 2 places: a/firmware/duties/tamper.py, a/firmware/io/b"),
    ],
)
def test_a_patch_must_fit_one_place(old: str, said: str) -> None:
    with pytest.raises(EdgeError, match=rf"E-SCN-03.*{said}"):
        patched([form.Patch(old, "x")])


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_no_bytes_bring_anything_but_a_scenario_or_its_error(
    junk: bytes, at: int, gone: int
) -> None:
    try:
        form.parse(GOOD[:at] + junk + GOOD[at + gone :], "x", "x.toml")
    except EdgeError as error:
        assert error.code in ("E-SCN-01", "E-SCN-02", "E-SCN-03")
