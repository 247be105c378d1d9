"""The optional second net: only the listed file, only by request, held to its contract like the others; without it
everything is as before, and what it says is one more check that no policy of ours demands."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from typer.testing import CliRunner

from edge import config, main
from edge.core.events import LookSeen
from edge.core.liveness import checks, says, weigh
from edge.core.liveness.checks import second as check
from edge.core.liveness.evidence import FAIL, PASS, UNKNOWN, Evidence
from edge.core.liveness.fitted import FITTED
from edge.core.types import LivenessRules
from edge.drivers.camera import none
from edge.drivers.vision.eyes import Eyes, seen
from edge.drivers.vision.nets import extra, models, onnx, second, spoof
from edge.drivers.vision.sight import Sight
from edge.errors import EdgeError
from edge.field.checks import Ask
from edge.field.checks import models as doctor
from edge.field.commands import app
from tests.agent.test_config import GOOD
from tests.vision.photos import photographed


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of models with the second one in it."""
    models.fetch(models.MODELS_DIR)
    models.fetch(models.MODELS_DIR, "second")
    return models.MODELS_DIR


@pytest.fixture(scope="module")
def sight(place: Path) -> Sight:
    return Sight(place, second_too=True)


def of(role: str = "second") -> models.Member:
    return models.members("second")[role]


def test_real_people_are_believed_as_the_crop_is_cut_and_its_colours_are_ordered(
    sight: Sight, place: Path
) -> None:
    """Sixteen faces of seven photographs; fed as its own package feeds it (RGB) the net believes fewer."""
    net, as_we, as_they = onnx.open_model(place, second.ROLE), list[float](), list[float]()
    for rgb, face in photographed(sight):
        shown = spoof.patch(rgb, face, second.SIZE)
        as_we.append(spoof.share(net.run(shown), second.LIVE))
        as_they.append(spoof.share(net.run(shown[:, :, ::-1]), second.LIVE))
    assert len(as_we) == 16
    assert sum(value >= check.LIMIT for value in as_we) >= 12 > 10 >= sum(v >= 0.8 for v in as_they)
    assert np.mean(as_we) > np.mean(as_they)


def test_a_look_has_its_opinion_beside_the_first_and_without_it_none(sight: Sight, place: Path) -> None:
    photo = models.members("pictures")["astronaut"]
    rgb = np.asarray(Image.open(models.PICTURES_DIR / photo.name).convert("RGB"))
    both, first = seen(sight.look(rgb), rgb, 1, 1), seen(Sight(place).look(rgb), rgb, 1, 1)
    assert both.live == first.live > 0.5 and both.live2 > 0.5
    assert first.live2 == -1.0 and replace(both, live2=-1.0, face=b"") == replace(first, face=b"")


def test_the_net_is_what_its_contract_says(place: Path) -> None:
    net = onnx.open_model(place, second.ROLE)
    contract = of().contract
    assert contract is not None
    (logits,) = net.run(np.zeros(contract.input, np.float32)).values()
    assert logits.shape == (3,) and logits.dtype == np.float32
    data = models.load(place, second.ROLE, "second")
    for wrong in (replace(contract, input=(80, 80, 3)), replace(contract, planes=False), replace(contract, outputs={"output": (2,)})):
        with pytest.raises(EdgeError) as refused:
            onnx.Model(data, "second", wrong)
        assert refused.value.code == "E-VIS-08"


def test_what_is_no_network_does_not_load(place: Path) -> None:
    contract = of().contract
    assert contract is not None
    for data in (b"", b"\0" * 500, models.load(place, "iris"), models.load(place, second.ROLE, "second")[:-700_000]):
        with pytest.raises(EdgeError) as refused:
            onnx.Model(data, "second", contract)
        assert refused.value.code == "E-VIS-05"


def test_an_answer_that_is_no_number_is_an_error_and_never_a_score(place: Path) -> None:
    net = onnx.open_model(place, second.ROLE)
    with pytest.raises(EdgeError) as refused:
        net.run(np.full((128, 128, 3), np.nan, np.float32))
    assert refused.value.code == "E-VIS-07"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(lambda p: p.unlink(), "E-VIS-01"), (lambda p: p.write_bytes(p.read_bytes()[:-1] + b"\0"), "E-VIS-02")],
)
def test_eyes_that_shall_ask_it_do_not_open_without_the_right_file_and_others_do_not_care(
    place: Path, tmp_path: Path, spoil: Callable[[Path], None], code: str
) -> None:
    shutil.copytree(place, tmp_path / "m")
    spoil(tmp_path / "m" / of().name)
    with pytest.raises(EdgeError) as refused:
        Eyes(none.Driver({}), tmp_path / "m", lambda _event: None, second_too=True).start()
    assert refused.value.code == code
    eyes = Eyes(none.Driver({}), tmp_path / "m", lambda _event: None)
    eyes.start()
    eyes.stop()


def test_without_its_runtime_the_reason_and_the_way_out_are_said(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == extra.RUNTIME else find(name))
    for ask in (lambda: extra.check(place), lambda: onnx.open_model(place, second.ROLE)):
        with pytest.raises(EdgeError) as refused:
            ask()
        assert refused.value.code == "E-VIS-10" and "second-net" in refused.value.hint


def test_a_terminal_without_it_never_loads_its_runtime(place: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from edge.drivers.vision.sight import Sight;"
        f"Sight(Path({str(place)!r})); sys.exit('onnxruntime' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=models.PROJECT, check=False).returncode == 0


def test_the_commands_bring_check_and_list_it_only_when_asked(place: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    (tmp_path / "copy").mkdir()
    shutil.copy(place / of().name, tmp_path / "copy")
    absent = run(app, ["models", "list", str(tmp_path / "m"), "--set", "second"])
    assert absent.output.startswith("absent  second") and "face-recognition-plugin 1.0.9" in absent.output
    brought = run(app, ["models", "import", str(tmp_path / "copy"), str(tmp_path / "m"), "--set", "second"])
    assert brought.exit_code == 0 and brought.output == f"ok second {of().sha256[:16]}\n"
    assert run(app, ["models", "verify", str(tmp_path / "m"), "--set", "second"]).exit_code == 0
    assert "takes 128x128 bgr 0..255; MIT" in run(app, ["models", "list", str(tmp_path / "m"), "--set", "second"]).output
    assert "unlisted" not in run(app, ["models", "list", str(place)]).output
    assert "second" not in models.members(), "nobody has to have it"


def test_the_configuration_names_it_and_every_record_its_hash(place: Path, tmp_path: Path) -> None:
    file, found, said = tmp_path / "facepay.toml", list[dict[str, str]](), list[str]()
    for asked in ("true", "false"):
        vision = f'[vision]\nmodels = "{place}"\nsecond = {asked}\n'
        file.write_text(f'{GOOD}[camera]\ndriver = "files"\npath = "shots"\n{vision}')
        loaded = config.load(file)
        found.append(dict(main._settings(loaded).models))
        said += [one.text for one in doctor.check(Ask(file, loaded, None))]
    assert said[0].startswith("7 as listed") and said[1].startswith("6 as listed"), "facepay doctor"
    assert found[0] == found[1] | {"second": of().sha256}


# -- the check -------------------------------------------------------------------------------------
def shots(live2: float, count: int = 6) -> Evidence:
    return Evidence(tuple(LookSeen(n, 66 * n, None, live=0.9, live2=live2) for n in range(count)))


def test_where_nobody_asked_the_second_net_it_says_nothing_and_passes_nobody() -> None:
    found = check.judge(shots(-1.0), check.LIMIT)
    assert found.state == UNKNOWN and says("second", found) == 0.0
    must = ("passive", "second")
    assert weigh(shots(-1.0), must, -9.0, LivenessRules()).outcome == "unsure"
    assert weigh(shots(-1.0), ("passive",), -9.0, LivenessRules()).outcome == "live"


def test_its_mean_is_judged_by_a_limit_of_the_policy_and_what_it_says_is_fused() -> None:
    assert check.judge(shots(0.9), check.LIMIT).state == PASS
    assert check.judge(shots(0.2), check.LIMIT).state == FAIL
    assert check.judge(shots(0.2), 0.1).state == PASS, "the limit is data"
    assert check.judge(shots(0.9, 4), check.LIMIT).state == UNKNOWN
    assert "second" in checks() and "second" in FITTED
    strict = LivenessRules(limits={"second": 0.95})
    told = weigh(shots(0.9), ("passive", "second"), -9.0, strict)
    assert told.outcome == "not_live" and told.reasons == ("spoof_score",)
    low, high = (weigh(shots(value), ("passive",), -9.0, LivenessRules()).odds for value in (0.05, 0.95))
    assert low < high
