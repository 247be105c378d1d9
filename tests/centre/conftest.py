"""Databases and a small clinic for the centre's tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import kit

from sim.centre import audit
from sim.centre.books import people
from sim.centre.desk import Centre


def _postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[str]:
    """A private cluster in a temporary folder, on a unix socket only."""
    binaries = _postgres_bin()
    assert binaries is not None, "PostgreSQL is not installed: sim/setup tests (apt: postgresql)"
    home = Path(tempfile.mkdtemp(prefix="fp-pg-", dir="/tmp"))  # a socket path must be short
    as_user = []
    if os.geteuid() == 0:  # postgres refuses to run as root
        shutil.chown(home, "postgres", "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = home / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    init = [
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
    ]
    subprocess.run([*as_user, *init], **quiet)
    options = f"-k {home} -c listen_addresses= -c max_connections=20 -c fsync=off"
    control = [str(binaries / "pg_ctl"), "-D", str(data), "-w"]
    start = [*control, "-o", options, "-l", str(home / "log"), "start"]
    subprocess.run([*as_user, *start], **quiet)
    try:
        yield str(home)
    finally:
        subprocess.run([*as_user, *control, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_socket: str) -> Iterator[str]:
    """A fresh database of that cluster."""
    import psycopg

    name = f"t{uuid.uuid4().hex[:12]}"
    admin = f"host={postgres_socket} user=postgres dbname=postgres"
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}"')
    yield f"postgresql+psycopg://postgres@/{name}?host={postgres_socket}"
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Both kinds of store, a fresh one each."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'centre.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def folk() -> list[people.PersonSpec]:
    return people.population(8)


@pytest.fixture
def device() -> kit.Device:
    return kit.Device()


@pytest.fixture
def centre(tmp_path: Path, device: kit.Device, folk: list[people.PersonSpec]) -> Iterator[Centre]:
    """One terminal at a centre in memory; afterwards books, chain and log must agree, and nothing
    is settled twice."""
    made = kit.make(tmp_path, [device], folk, "sqlite://")
    yield made
    found = audit.audit(made.store)
    assert found.faults == ()
    assert audit.doubles(made.store) == []
    made.store.close()
