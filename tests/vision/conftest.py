"""The models and photographs, through the project's own fetch; the stage of simulated people, built when missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.drivers.vision.nets import models
from edge.drivers.vision.sight import Sight
from sim.camera import stage


@pytest.fixture(scope="session")
def models_dir() -> Path:
    models.fetch(models.MODELS_DIR)
    return models.MODELS_DIR


@pytest.fixture(scope="session")
def sight(models_dir: Path) -> Sight:
    return Sight(models_dir)


@pytest.fixture(scope="session")
def people() -> Path:
    folder = models.PROJECT / ".facepay" / "stage"
    stage.build(folder, people=("p1", "p2"))
    return folder
