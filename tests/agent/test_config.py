"""The configuration is checked at once: every mistake with file, line, key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge import config
from edge.core.types import Settings
from edge.errors import EdgeError

EXAMPLE = Path(config.__file__).parent / "field/deploy/facepay.example.toml"
GOOD = """
[terminal]
name = "yd-0001"
fixmedins_code = "H51010000001"
fixmedins_name = "clinic"
mdtrtarea_admvs = "510100"
opter = "o"
opter_name = "on"
[centre]
sign_key = "sign.pem"
seal_key = "keys/seal.hex"
[broker]
host = "127.0.0.1"
ca = "ca.pem"
cert = "c.pem"
key = "c.key"
[store]
path = "ledger.db"
[keys]
directory = "keys"
"""


def problems(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    """(line, where, code) of every mistake."""
    file = tmp_path / "facepay.toml"
    file.write_text(text)
    _, found = config.check(file)
    return [(problem.line, problem.where, problem.code) for problem in found]


def text_of(tmp_path: Path, text: str) -> str:
    file = tmp_path / "facepay.toml"
    file.write_text(text)
    return "\n".join(str(problem) for problem in config.check(file)[1])


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_the_example_is_valid() -> None:
    found, mistakes = config.check(EXAMPLE)
    assert mistakes == []
    assert found is not None


def test_the_example_names_every_key_that_the_link_and_the_screen_have() -> None:
    text = EXAMPLE.read_text()
    for section in (config.Terminal, config.Centre, config.Store, config.Keys, config.Vision):
        for field in msgspec.structs.fields(section):
            assert field.name in text or field.name == "driver"


def test_every_mistake_is_listed_at_once_with_its_line(tmp_path: Path) -> None:
    text = (
        GOOD.replace('name = "yd-0001"', 'name = "YD 1"')
        .replace('opter = "o"', "opter = 3")
        .replace('host = "127.0.0.1"', 'host = "127.0.0.1"\nport = 99999\nkeepalives = 30')
        + '[camera]\ndriver = "filez"\n[htttp]\nport = 1\n'
    )
    found = problems(tmp_path, text)
    assert (line_of(text, "name = "), "[terminal] name", "E-CFG-03") in found
    assert (line_of(text, "opter = "), "[terminal] opter", "E-CFG-03") in found
    assert (line_of(text, "port = 99999"), "[broker] port", "E-CFG-03") in found
    assert (line_of(text, "keepalives"), "[broker] keepalives", "E-CFG-01") in found
    assert (line_of(text, 'driver = "filez"'), "[camera] driver", "E-CFG-02") in found
    assert (line_of(text, "[htttp]"), "[htttp]", "E-CFG-01") in found
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('opter = "o"', 'optr = "o"'), 'did you mean "opter"'),
        (("[broker]", "[brokr]"), 'did you mean "broker"'),
        (("[keys]", '[camera]\ndriver = "filse"\n[keys]'), 'did you mean "files"'),
        (("[keys]", '[camera]\ndrivr = "files"\n[keys]'), 'did you mean "driver"'),
    ],
)
def test_a_misspelt_word_brings_the_nearest_one(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    assert says in text_of(tmp_path, GOOD.replace(*change))


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ('mdtrtarea_admvs = "510100"', 'mdtrtarea_admvs = "51"', "6 digits"),
        ('fixmedins_code = "H51010000001"', 'fixmedins_code = "h5"', "12 characters"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nshards = 0', "1 to 256"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nkeepalive_s = true', "5 to 600 seconds"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1"\nprotocol = "4"', '"3.1.1" or "5"'),
        ('path = "ledger.db"', 'path = "ledger.db"\nreserve_mib = 0.5', "1 to 4096 MiB"),
        ("[keys]", '[ui]\nlang = "fr"\n[keys]', '"zh-CN" or "en"'),
        ("[keys]", '[http]\nport = "80"\n[keys]', "0 to 65535"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(
    tmp_path: Path, old: str, new: str, allowed: str
) -> None:
    assert old in GOOD
    found = text_of(tmp_path, GOOD.replace(old, new))
    assert allowed in found
    assert "E-CFG-03" in found


@pytest.mark.parametrize(
    ("text", "where", "code"),
    [
        (GOOD.replace('ca = "ca.pem"\n', ""), "[broker] ca", "E-CFG-07"),
        (GOOD.replace('host = "127.0.0.1"', 'host = "mqtt.example"\ntls = false'), "[broker] tls", "E-CFG-07"),
        (GOOD + '[http]\nhost = "0.0.0.0"\n', "[http] host", "E-CFG-07"),
        (GOOD + '[camera]\ndriver = "files"\npath = "x"\n', "[vision] models", "E-CFG-07"),
        (GOOD + '[camera]\ndriver = "files"\n[vision]\nmodels = "m"\n', "[camera] path", "E-CFG-04"),
        (GOOD + '[camera]\ndriver = "files"\npath = "x"\nfpss = 3\n[vision]\nmodels = "m"\n', "[camera] fpss", "E-CFG-01"),
        (GOOD + "terminal = 3\n", "[keys] terminal", "E-CFG-01"),
        ("camera = 3\n" + GOOD, "[camera]", "E-CFG-03"),
        (GOOD.replace("[store]\n", "").replace('path = "ledger.db"\n', ""), "[store]", "E-CFG-04"),
        (GOOD.replace('directory = "keys"', ""), "[keys] directory", "E-CFG-04"),
        (GOOD.replace('host = "127.0.0.1"', 'host = "127.0.0.1"\nreconnect_base_ms = 9000\nreconnect_cap_ms = 100'),
         "[broker] reconnect_base_ms", "E-CFG-07"),
    ],
)  # fmt: skip
def test_what_is_missing_or_contradicts_is_found(
    tmp_path: Path, text: str, where: str, code: str
) -> None:
    assert [
        (found_where, found_code) for _, found_where, found_code in problems(tmp_path, text)
    ] == [(where, code)]


def test_a_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD + "oops\n") == [(GOOD.count("\n") + 1, "", "E-CFG-06")]


def test_a_file_that_is_not_there_or_far_too_long_is_an_error_not_a_trace(tmp_path: Path) -> None:
    assert config.check(tmp_path / "no.toml")[1][0].code == "E-CFG-05"
    assert problems(tmp_path, "# " + "x" * config.CONFIG_BYTES_MAX) == [(0, "", "E-CFG-05")]


def test_load_raises_with_every_mistake_in_its_message(tmp_path: Path) -> None:
    file = tmp_path / "facepay.toml"
    file.write_text(GOOD.replace('opter = "o"', "opter = 3").replace('"510100"', '"x"'))
    with pytest.raises(EdgeError) as raised:
        config.load(file)
    assert "opter" in raised.value.message
    assert "mdtrtarea_admvs" in raised.value.message


def test_paths_are_relative_to_the_file_and_not_to_the_caller(tmp_path: Path) -> None:
    file = tmp_path / "facepay.toml"
    file.write_text(
        GOOD + '[camera]\ndriver = "files"\npath = "shots"\n[vision]\nmodels = "/models"\n'
    )
    loaded = config.load(file)
    assert loaded.centre.seal_key == str(tmp_path / "keys/seal.hex")
    assert loaded.store.path == str(tmp_path / "ledger.db")
    assert loaded.vision.models == "/models"
    assert loaded.camera.options["path"] == str(tmp_path / "shots")


def test_files_that_must_be_there_at_start_are_named(tmp_path: Path) -> None:
    file = tmp_path / "facepay.toml"
    file.write_text(GOOD)
    (tmp_path / "sign.pem").touch()
    missing = "\n".join(config.missing_files(config.load(file)))
    assert "[broker] ca" in missing
    assert "[centre] seal_key" in missing
    assert "sign_key" not in missing


def test_every_setting_of_the_core_that_a_clinic_may_change_reaches_it(tmp_path: Path) -> None:
    file = tmp_path / "facepay.toml"
    file.write_text(GOOD + "[ui]\nlook_timeout_ms = 11000\nliveness_tries_max = 2\nvoice = false\n")
    settings = config.load(file).settings()
    assert isinstance(settings, Settings)
    assert (settings.terminal, settings.look_timeout_ms, settings.liveness_tries_max) == (
        "yd-0001",
        11000,
        2,
    )
    assert not settings.voice
    file.write_text(GOOD)
    assert config.load(file).settings().voice, "not written: it speaks"
