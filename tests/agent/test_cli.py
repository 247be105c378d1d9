"""`facepay`: what a field engineer types, as a process."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from edge.errors import EdgeError
from edge.field.cli import CLONE
from edge.field.commands.harness import HELP
from edge.loader import FAMILIES, choices, load

ROOT = Path(__file__).resolve().parents[2]


def facepay(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.field.cli", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_explain_works_offline_and_an_unknown_code_is_an_error() -> None:
    done = facepay("explain", "E-STO-02")
    assert done.returncode == 0
    assert "The disk failed" in done.stdout
    wrong = facepay("explain", "E-STO-99")
    assert wrong.returncode == 2
    assert "E-SYS-04" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_list_shows_the_families_by_listing_their_folders() -> None:
    done = facepay("list")
    for family in FAMILIES:
        assert family in done.stdout
    assert facepay("list", "broker").stdout.split() == ["paho"]
    assert 'did you mean "camera"' in facepay("list", "camara").stderr


def test_config_check_lists_every_mistake_and_fails(tmp_path: Path) -> None:
    bad = tmp_path / "facepay.toml"
    bad.write_text('[terminal]\nname = "X"\n')
    done = facepay("config", "check", str(bad))
    assert done.returncode == 1
    assert "facepay.toml:2  [terminal] name" in done.stdout
    assert done.stdout.count("E-CFG-04") > 3
    example = ROOT / "edge/field/deploy/facepay.example.toml"
    assert facepay("config", "check", str(example)).returncode == 0


def test_keys_create_makes_them_once_and_never_over_existing_ones(tmp_path: Path) -> None:
    done = facepay("keys", "create", str(tmp_path / "keys"))
    assert done.returncode == 0
    assert "BEGIN PUBLIC KEY" in done.stdout
    assert "PRIVATE" not in done.stdout
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    again = facepay("keys", "create", str(tmp_path / "keys"))
    assert again.returncode == 2
    assert "E-KEY-04" in again.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before


def test_models_verify_names_the_missing_model(tmp_path: Path) -> None:
    done = facepay("models", "verify", str(tmp_path))
    assert done.returncode == 2
    assert "E-VIS-01" in done.stderr


def test_run_starts_without_the_field_tools() -> None:
    """typer and rich belong to the engineer, not to the device's start."""
    code = "import sys; sys.argv = ['facepay', 'run', '--help']; from edge.field.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit:\n    pass\n"
    code += "print(sorted(m for m in ('typer', 'rich', 'click', 'numpy', 'starlette') if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("text", "code"), [("", "E-CFG-04"), ("x = ", "E-CFG-06"), ("[brokr]\n", "E-CFG-01")]
)
def test_run_with_a_bad_configuration_ends_with_its_own_exit_code(
    tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / "c.toml").write_text(text)
    done = facepay("run", "--config", str(tmp_path / "c.toml"))
    assert done.returncode == 78
    assert code in done.stderr
    assert "Traceback" not in done.stderr


def test_a_driver_that_does_not_exist_brings_the_choices() -> None:
    with pytest.raises(EdgeError, match="paho") as raised:
        load("broker", "pahoo")
    assert raised.value.code == "E-CFG-02"


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_has_members_and_none_is_private(family: str) -> None:
    assert choices(family)
    assert not [name for name in choices(family) if name.startswith("_")]


def test_every_command_of_a_clone_is_in_the_help_and_its_module_is_there() -> None:
    assert set(CLONE) == set(HELP)
    assert all(importlib.util.find_spec(module) is not None for module in CLONE.values())
