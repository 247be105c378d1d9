"""facepay doctor: each check finds what it is for, names the fix, and the exit code says whether one
failed. A check that dies is a failed check and never a silent one."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import Config, check
from edge.field import checks
from edge.field.checks import FAIL, OK, SKIP, WARN, Ask, Finding
from sim.board import SimBoard
from tests.field.test_carrying import CONFIG, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    for name, key in (("c.pem", made.made.sign_key), ("s.pem", made.made.seal_key)):
        (tmp_path / name).write_bytes(key.read_bytes())
    yield made
    made.store.close()


def states(folder: Path) -> dict[str, Finding]:
    """The worst finding of each check."""
    order = [SKIP, OK, WARN, FAIL]
    worst: dict[str, Finding] = {}
    for one in checks.run(folder / "facepay.toml"):
        if one.check not in worst or order.index(one.state) > order.index(worst[one.check].state):
            worst[one.check] = one
    return worst


def checks_config(folder: Path) -> Config:
    """A terminal with a controller on a cable."""
    section = '[board]\ndriver = "serial_port"\nport = "/dev/none"\npair_key = "/dev/none"\n'
    (folder / "facepay.toml").write_text(CONFIG + section)
    made, problems = check(folder / "facepay.toml")
    assert made is not None, problems
    return made


def doctor(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.field.cli", "doctor", "--config", str(folder / "facepay.toml"), *words],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_every_check_says_something_about_a_whole_terminal(site, tmp_path) -> None:
    site.write(3)
    site.store.close()
    found = states(tmp_path)
    assert set(found) == {module.NAME for module in checks.checks()}
    for name in ("configuration", "keys", "ledger", "disk", "camera", "models", "controller", "permissions"):
        assert found[name].state in {OK, WARN}, found[name]
    assert "record 3, 3 without a receipt" in found["ledger"].text
    assert found["broker"].state == FAIL  # nobody listens on port 8883 here
    assert found["broker"].fix


def test_the_exit_code_and_the_json_say_the_same(site, tmp_path) -> None:
    site.store.close()
    typed = doctor(tmp_path, "--json")
    told = json.loads(typed.stdout)
    assert typed.returncode == 7
    assert told["ok"] is False
    assert told["count"]["fail"] == sum(one["state"] == "fail" for one in told["findings"]) == 1
    with socket.create_server(("127.0.0.1", 0)) as broker:
        text = CONFIG.replace("tls = false", f"tls = false\nport = {broker.getsockname()[1]}")
        (tmp_path / "facepay.toml").write_text(text)
        typed = doctor(tmp_path)
        assert typed.returncode == 0, typed.stdout
        assert "ok    broker" in typed.stdout


def test_a_wrong_configuration_is_told_and_the_rest_is_skipped(tmp_path) -> None:
    (tmp_path / "facepay.toml").write_text("[terminal]\nname = 'X Y'\n")
    found = states(tmp_path)
    assert found["configuration"].state == FAIL
    assert {one.state for name, one in found.items() if name != "configuration"} == {SKIP}


def test_keys_that_others_may_read_and_keys_that_are_gone(site, tmp_path) -> None:
    site.store.close()
    private = next(p for p in (tmp_path / "keys").iterdir() if p.stat().st_mode & 0o077 == 0)
    private.chmod(0o644)
    assert states(tmp_path)["keys"].state == FAIL
    private.chmod(0o600)
    private.unlink()
    assert states(tmp_path)["keys"].code.startswith("E-KEY")


def test_a_damaged_ledger_and_one_that_is_in_use(site, tmp_path) -> None:
    site.write(2)
    assert states(tmp_path)["ledger"].code == "E-STO-04"  # we still have it open
    site.store.close()
    path = tmp_path / "data" / "ledger.db"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(bytes(data))
    found = states(tmp_path)["ledger"]
    assert (found.state, found.code[:5]) == (FAIL, "E-STO")


def test_a_port_that_somebody_else_has(site, tmp_path) -> None:
    site.store.close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        text = CONFIG.replace("[http]\nport = 1", f"[http]\nport = {other.getsockname()[1]}")
        (tmp_path / "facepay.toml").write_text(text)
        found = states(tmp_path)["ports"]
    assert (found.state, found.code) == (FAIL, "E-SYS-05")


def test_the_simulated_controller_is_greeted_and_a_wrong_key_is_told(site, tmp_path) -> None:
    site.store.close()
    with SimBoard(tmp_path / "board") as board:
        section = f'[board]\ndriver = "serial_port"\nport = "{board.path}"\npair_key = "{board.key_path}"\n'
        (tmp_path / "facepay.toml").write_text(CONFIG + section)
        found = states(tmp_path)["controller"]
        assert (found.state, "paired with our key" in found.text) == (OK, True)
        assert found.text.endswith("the newest here")
        other = tmp_path / "other.key"
        other.touch(0o600)
        other.write_bytes(bytes(32))
        (tmp_path / "facepay.toml").write_text(CONFIG + section.replace(str(board.key_path), str(other)))
        found = states(tmp_path)["controller"]
        assert (found.state, found.code) == (FAIL, "E-FLS-41")
        assert "E-BRD-12" in found.text  # frames that are whole and signed with another key


def test_a_controller_with_another_program_than_the_checkouts_is_told_with_the_command(tmp_path) -> None:
    from edge.field.checks import controller

    newest = controller.shipped_build(controller.TREE)
    assert len(newest) == 16
    for source in ("firmware", "edge"):
        (tmp_path / source).symlink_to(controller.TREE / source)
    assert controller.shipped_build(tmp_path) == newest
    (tmp_path / "firmware").unlink()
    shutil.copytree(controller.TREE / "firmware", tmp_path / "firmware")
    (tmp_path / "firmware/app.py").write_bytes(b"# newer\n")
    found = controller.judged("it", newest, tmp_path)
    assert (found.state, found.code, "facepay flash app" in found.fix) == (WARN, "E-BRD-08", True)
    # The same while the agent runs and holds the link.
    status = {"board": "ok", "controller": {"version": "0.1.0", "build": newest}, "alarms": ["E-BRD-40"]}
    config = checks_config(tmp_path)
    first, second = controller.check(Ask(tmp_path, config, status))
    assert (first.state, first.text.endswith("the newest here")) == (OK, True)
    assert (second.state, second.code) == (WARN, "E-BRD-40")
    status["controller"]["build"] = "0" * 16
    assert controller.check(Ask(tmp_path, config, status))[0].code == "E-BRD-08"


def test_a_check_that_dies_is_a_failed_check(tmp_path) -> None:
    class Dies:
        NAME = "dies"

        @staticmethod
        def check(ask: Ask) -> list[Finding]:
            raise ZeroDivisionError("oh")

    found = checks._guarded(Dies, Ask(tmp_path, None, None))  # type: ignore[arg-type]
    assert (found[0].state, found[0].check) == (FAIL, "dies")
