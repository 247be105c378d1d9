"""facepay.toml: whatever is in the file, the answer is a configuration or a list of problems."""

import tempfile
from pathlib import Path

from edge import config
from tests.agent.test_config import EXAMPLE, GOOD

MAX_BYTES = 4_096
FOLDER = tempfile.TemporaryDirectory()  # of this process, gone with it
FILE = Path(FOLDER.name) / "facepay.toml"


def seeds() -> list[bytes]:
    return [GOOD.encode(), EXAMPLE.read_bytes()[:MAX_BYTES], b'[camera]\ndriver = "files"\n']


def eat(data: bytes) -> None:
    FILE.write_bytes(data)
    found, problems = config.check(FILE)
    assert (found is None) == bool(problems)
    assert all(problem.code.startswith("E-CFG-") and str(problem) for problem in problems)
