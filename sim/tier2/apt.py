"""apt with lists of our own: source packages and newer suites without a change to the system."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from edge.errors import EdgeError

SYSTEM = Path("/etc/apt")
# The sources are taken from these, whatever suite this machine runs: the compiler is this machine's.
SUITES = "trixie sid"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TIMEOUT_S = 900
TRIES = 3


class Apt:
    """`home` gets lists, cache and a configuration; nothing outside of it changes but by `install`."""

    def __init__(self, home: Path, system: Path = SYSTEM) -> None:
        self._home = home.absolute()
        self._system = system
        self._ready = False

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those that are not installed."""
        return [name for name in names if "ok installed" not in self._state(name)]

    def _state(self, name: str) -> str:
        query = ["dpkg-query", "-W", "-f=${Status}", name]
        return subprocess.run(query, capture_output=True, text=True, check=False).stdout

    def install(self, names: Sequence[str]) -> None:
        """With the system's own configuration, as root or through sudo."""
        lead = [] if os.getuid() == 0 else ["sudo"]
        self._run([*lead, "apt-get", "update", "-qq"], own=False)
        self._run(
            [*lead, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
             "--no-install-recommends", *names], own=False,
        )  # fmt: skip

    def update(self) -> None:
        """Our own lists, anew. E-SIM-02 when this machine's apt knows no Debian mirror."""
        mirrors = debian_mirrors(self._system)
        if not mirrors:
            raise EdgeError(
                "E-SIM-02",
                f"no Debian mirror in {self._system}/sources.list and sources.list.d",
                "the runtime is built from Debian's packages: configure a mirror for apt",
            )
        parts = self._home / "parts"
        shutil.rmtree(self._home, ignore_errors=True)
        for folder in (parts, self._home / "lists" / "partial", self._home / "cache"):
            folder.mkdir(parents=True)
        text = f"Types: deb deb-src\nURIs: {mirrors[0]}\nSuites: {SUITES}\nComponents: main\n"
        (parts / "tier2.sources").write_text(f"{text}Signed-By: {KEYRING}\n")
        (self._home / "apt.conf").write_text(
            f'Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "{parts}";\n'
            f'Dir::State::Lists "{self._home}/lists";\nDir::Cache "{self._home}/cache";\n'
            'APT::Sandbox::User "";\n'
        )
        self._run(["apt-get", "update", "-qq"])

    def source(self, name: str, version: str, into: Path) -> str:
        """Unpack upstream's source (without Debian's patches, which make it use Debian's libraries) as
        `into/NAME`. The version: the newest that begins with `version`."""
        listed = self._run(["apt-cache", "showsrc", "--only-source", name]).splitlines()
        there = sorted({row.split()[1] for row in listed if row.startswith("Version: ")})
        fitting = [one for one in there if one.startswith(version)]
        if not fitting:
            raise EdgeError(
                "E-SIM-03",
                f"no source package {name} {version}; there are {', '.join(there) or 'none'}",
                "change the versions in sim/tier2/uf2.py together",
            )
        got = fitting[-1]
        self._run(["apt-get", "source", "-qq", "--download-only", "--only-source", f"{name}={got}"], at=into)
        (dsc,) = into.glob(f"{name}_*.dsc")
        self._run(["dpkg-source", "--no-check", "--skip-patches", "-x", dsc.name, name], at=into)
        return got

    def carrier(self, name: str, version: str, into: Path) -> str:
        """Unpack a binary package that carries sources, below `into`."""
        self._run(["apt-get", "download", "-qq", f"{name}={version}"], at=into)
        (package,) = into.glob(f"{name}_*.deb")
        self._run(["dpkg-deb", "-x", package.name, "."], at=into)
        return version

    def _run(self, command: Sequence[str], *, own: bool = True, at: Path | None = None) -> str:
        """What it said; E-SIM-03 after TRIES failures (mirrors that fetch on demand answer "not found"
        at first)."""
        env = dict(os.environ)
        if own:
            env["APT_CONFIG"] = str(self._home / "apt.conf")
        said = ""
        for _ in range(TRIES if command[0] == "apt-get" else 1):
            done = subprocess.run(
                command, cwd=at, env=env, capture_output=True, text=True, check=False,
                timeout=TIMEOUT_S,
            )  # fmt: skip
            if done.returncode == 0:
                return done.stdout
            said = (done.stderr or done.stdout).strip()
        raise EdgeError("E-SIM-03", f"{' '.join(command)}:\n{said}", "see the message of apt above")


def debian_mirrors(system: Path) -> list[str]:
    """The mirrors of Debian itself (not of its security updates) that apt is configured for."""
    found = []
    for path in sorted((system / "sources.list.d").glob("*.sources")):
        for paragraph in re.split(r"\n\s*\n", path.read_text()):
            rows = (row.partition(":") for row in paragraph.splitlines() if row[:1] not in "# ")
            fields = {name.strip().lower(): value.strip() for name, _, value in rows}
            found += [uri for uri in fields.get("uris", "").split() if _of_debian(uri)]
    for path in [system / "sources.list", *sorted((system / "sources.list.d").glob("*.list"))]:
        if path.exists():
            words = (re.sub(r"\[.*?\]", "", row).split() for row in path.read_text().splitlines())
            found += [row[1] for row in words if len(row) > 2 and row[0] == "deb" and _of_debian(row[1])]
    return list(dict.fromkeys(found))


def _of_debian(uri: str) -> bool:
    return uri.rstrip("/").endswith("/debian")
