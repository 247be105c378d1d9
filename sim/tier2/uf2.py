"""`facepay sim uf2`: the Pico's MicroPython runtime as a UF2, built from Debian's packages and nothing
else: micropython and mbedtls as source packages, the Pico SDK and TinyUSB as the packages that carry
their sources.

No setting of the system is touched: apt reads lists of our own under .facepay/tier2/apt, made from the
hosts this machine is configured for, with `deb-src` lines and the suites that have the packages. Only
missing tools are installed, through sudo when you are not root, and each is named before, with the reason.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from edge.errors import EdgeError
from sim.tier2 import HOME, STAMP, UF2
from sim.tier2.apt import Apt

TOOLS = {
    "gcc-arm-none-eabi": "the Pico's compiler",
    "libnewlib-arm-none-eabi": "its C library",
    "libstdc++-arm-none-eabi-newlib": "what the SDK has in C++",
    "cmake": "the build of the port",
    "make": "the build of the port",
    "gcc": "mpy-cross, which runs here",
    "libc6-dev": "mpy-cross, which runs here",
    "dpkg-dev": "source packages are unpacked with it",
    "python3": "scripts of the build",
}
# What belongs together: MicroPython 1.26 pins Pico SDK 2.1.1, TinyUSB 0.18 and Mbed TLS 3.6.
SOURCES = {"micropython": "1.26.1+ds-1", "mbedtls": "3.6."}
CARRIERS = {"pico-sdk-source": "2.1.1-1", "tinyusb-source": "0.18.0+dfsg-1"}
BASE, FAMILY = "0x10000000", "0xe48bff56"  # flash of the RP2040; its family in the UF2 list
# So that two builds can be alike: the day of 1.26.1, no path of this machine, and no version from whatever
# git repository lies around the sources (ours does).
ALIKE = {
    "SOURCE_DATE_EPOCH": "1757548800",
    "MICROPY_GIT_TAG": "v" + SOURCES["micropython"].partition("+")[0],
    "CFLAGS": f"-ffile-prefix-map={HOME}=.",
    "CXXFLAGS": f"-ffile-prefix-map={HOME}=.",
}
TIMEOUT_S = 3600  # of one command
LOOK_EVERY_S = 0.5
LOG_END_BYTES = 4096
LOG = HOME / "build.log"
FROZEN = 'freeze("$(PORT_DIR)/modules")\ninclude("$(MPY_DIR)/extmod/asyncio")\n'


def main() -> int:
    """Build unless what is there was built from the same packages."""
    parser = argparse.ArgumentParser(prog="facepay sim uf2", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build also when it is there")
    args = parser.parse_args()
    held = stamp()
    if held is not None and not args.force:
        say(f"there already: {UF2} (sha256 {held['sha256'][:16]}, MicroPython {held['runtime']})")
        return 0
    started = time.monotonic()
    try:
        packages = build()
    except EdgeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    record = write_stamp(packages, round(time.monotonic() - started))
    say(f"{UF2}: {record['bytes']} bytes, sha256 {record['sha256']}, in {record['seconds']} s")
    return 0


def stamp() -> dict[str, Any] | None:
    """What the UF2 was built from; None when it is not there, not whole or of other packages."""
    try:
        held: dict[str, Any] = json.loads(STAMP.read_text())
        whole = held["sha256"] == hashlib.sha256(UF2.read_bytes()).hexdigest()
        return held if whole and held["runtime"] == SOURCES["micropython"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_stamp(packages: dict[str, str], seconds: int) -> dict[str, object]:
    """Beside the UF2 that was just made."""
    record: dict[str, object] = {
        "runtime": SOURCES["micropython"],
        "sha256": hashlib.sha256(UF2.read_bytes()).hexdigest(),
        "bytes": UF2.stat().st_size,
        "packages": packages,
        "seconds": seconds,
    }
    STAMP.write_text(json.dumps(record, indent=1) + "\n")
    return record


def build() -> dict[str, str]:
    """Fetch, put together, compile. The versions used, by package."""
    HOME.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    apt = Apt(HOME / "apt")
    missing = apt.missing(list(TOOLS))
    if missing:
        say(f"installing with apt{'' if os.getuid() == 0 else ', through sudo'} (up to 2.5 GB on disk):")
        for name in missing:
            say(f"  {name}: {TOOLS[name]}")
        apt.install(missing)
    say("fetching the sources")
    apt.update()
    got = HOME / "got"
    shutil.rmtree(got, ignore_errors=True)
    got.mkdir()
    packages = {name: apt.source(name, version, got) for name, version in SOURCES.items()}
    packages |= {name: apt.carrier(name, version, got) for name, version in CARRIERS.items()}
    tree = got / "micropython"
    for name, folder in (("mbedtls", got / "mbedtls"), ("pico-sdk", got / "usr/src/pico-sdk"),
                         ("tinyusb", got / "usr/src/tinyusb")):  # fmt: skip
        place = tree / "lib" / name
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
    # Debian leaves micropython-lib out; the build asks for its README and a Pico needs none of it.
    (tree / "lib" / "micropython-lib" / "README.md").touch()
    compiled(tree, got / "out")
    shutil.rmtree(got, ignore_errors=True)
    return packages


def compiled(tree: Path, out: Path) -> None:
    """The tree with its libraries in place -> UF2."""
    frozen = tree.parent / "frozen.py"
    frozen.write_text(FROZEN)
    say(f"compiling (one and a half minutes of a processor; {LOG} has the words)")
    run(
        "cmake", "-S", tree / "ports" / "rp2", "-B", out, "-DMICROPY_BOARD=RPI_PICO",
        "-DPICO_BUILD_DOCS=0",
        "-DPICO_NO_PICOTOOL=1",  # it would be cloned; MicroPython's own uf2conv does what is needed
        f"-DMICROPY_FROZEN_MANIFEST={frozen}",
    )  # fmt: skip
    run("make", "-C", out, f"-j{os.cpu_count() or 1}")
    new = UF2.with_suffix(".new")
    run(
        sys.executable, tree / "tools" / "uf2conv.py", "-b", BASE, "-f", FAMILY, "-c",
        "-o", new, out / "firmware.bin",
    )  # fmt: skip
    new.replace(UF2)


def run(*command: str | Path) -> None:
    """Quietly, into the log, with make's per cent on a terminal; E-SIM-01 with the end of what it said
    when it fails or takes longer than TIMEOUT_S."""
    shown = sys.stdout.isatty()
    with LOG.open("ab") as log, subprocess.Popen(
        [*map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        env={**os.environ, **ALIKE},
    ) as process:  # fmt: skip
        end = time.monotonic() + TIMEOUT_S
        while process.poll() is None and time.monotonic() < end:
            if shown:
                print(f"\r  {percent():>4} ", end="", flush=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY_S)
        late = process.poll() is None
        if late:
            process.terminate()  # make ends its children
    if shown:
        print("\r       \r", end="", flush=True)
    if process.returncode:
        why = f"took more than {TIMEOUT_S} s" if late else "failed"
        raise EdgeError("E-SIM-01", f"{Path(command[0]).name} {why}:\n{_end_of_log()}", f"see {LOG}")


def percent() -> str:
    """How far make has come by its own account, "" when it has not said."""
    found = re.findall(r"^\[ *(\d+)%\]", _end_of_log(), re.MULTILINE)
    return f"{found[-1]} %" if found else ""


def _end_of_log() -> str:
    with LOG.open("rb") as file:
        file.seek(max(0, LOG.stat().st_size - LOG_END_BYTES))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-12:])


def say(text: str) -> None:
    """One line to whoever waits."""
    print(f"· {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
