"""The configuration: one TOML file, checked at once, all mistakes listed with file, line, key and
what is allowed.

msgspec stops at the first error of a decode, so each value is checked alone. Unknown keys are
errors (a misspelt limit that is silently ignored is worse than no limit). Secrets are never in the
file, only the names of files that hold them.
"""

from __future__ import annotations

import ipaddress
import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import msgspec
from msgspec import Meta, Struct

from edge.core.types import Settings
from edge.errors import EdgeError
from edge.loader import choices, guess
from edge.loader import load as load_driver

CONFIG_BYTES_MAX: Final = 64 * 1024
NONE: Final = "none"  # the driver for a part that is not there
BY_BOARD: Final = "board"  # the witness that is a controller
PATH_KEYS: Final = frozenset(
    {"path", "port", "pair_key"}
)  # of device options: relative to the file

Port = Annotated[int, Meta(ge=1, le=65535, description="1 to 65535")]
Ms = Annotated[int, Meta(ge=1_000, le=600_000, description="1000 to 600000 milliseconds")]
Wait = Annotated[int, Meta(ge=10, le=3_600_000, description="10 to 3600000 milliseconds")]
Text = Annotated[str, Meta(min_length=1, max_length=200, description="1 to 200 characters")]
FilePath = Annotated[str, Meta(max_length=500, extra={"path": True}, description="a path")]
MustPath = Annotated[
    str, Meta(min_length=1, max_length=500, extra={"path": True}, description="a path")
]


class Terminal(Struct, frozen=True):
    """[terminal] Who this terminal is, as enrolled at the centre."""

    name: Annotated[
        str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,31}$", description="2 to 32 of a-z 0-9 and -")
    ]
    fixmedins_code: Annotated[
        str, Meta(pattern=r"^[A-Z0-9]{12}$", description="12 characters of A-Z 0-9")
    ]
    fixmedins_name: Text
    mdtrtarea_admvs: Annotated[str, Meta(pattern=r"^[0-9]{6}$", description="6 digits")]
    opter: Text
    opter_name: Text
    utc_offset_min: Annotated[int, Meta(ge=-720, le=840, description="minutes")] = 480


class Centre(Struct, frozen=True):
    """[centre] Whose word counts: public keys of the settlement centre."""

    sign_key: MustPath  # PEM, P-256
    seal_key: MustPath  # X25519, what record bodies are sealed to
    policy: FilePath = ""  # a signed policy document to start with; without it P0
    cert: FilePath = ""  # X.509, PEM: the centre's own; goes into bundles
    terminal_cert: FilePath = ""  # X.509, PEM: this terminal's, signed by the centre at enrolment


class Broker(Struct, frozen=True):
    """[broker] The way to the centre."""

    host: Text
    port: Port = 8883
    driver: str = "paho"
    tls: bool = True
    ca: FilePath = ""
    cert: FilePath = ""
    key: FilePath = ""
    protocol: Annotated[str, Meta(pattern=r"^(3\.1\.1|5)$", description='"3.1.1" or "5"')] = "3.1.1"
    keepalive_s: Annotated[int, Meta(ge=5, le=600, description="5 to 600 seconds")] = 30
    connect_timeout_s: Annotated[int, Meta(ge=5, le=300, description="5 to 300 seconds")] = 30
    shards: Annotated[int, Meta(ge=1, le=256, description="1 to 256")] = 16
    reconnect_spread_ms: Wait = 60_000
    reconnect_base_ms: Wait = 2_000
    reconnect_cap_ms: Wait = 300_000
    reconnect_stable_ms: Wait = 30_000
    answer_quiet_ms: Wait = 30_000


class Store(Struct, frozen=True):
    """[store] The ledger."""

    path: MustPath
    driver: str = "sqlite"
    reserve_mib: Annotated[int, Meta(ge=1, le=4096, description="1 to 4096 MiB")] = 16
    keep_days: Annotated[int, Meta(ge=1, le=3650, description="1 to 3650 days")] = 90
    keep_records: Annotated[int, Meta(ge=64, le=1_000_000, description="64 to 1000000")] = 1_000


class Export(Struct, frozen=True):
    """[export] Where a stick is mounted to which the running agent may write; "" = nowhere."""

    directory: FilePath = ""


class Keys(Struct, frozen=True):
    """[keys] Where the device keys live."""

    directory: MustPath
    driver: str = "file"


class Device(Struct, frozen=True):
    """[camera], [board] and [witness]: a driver by name; the other keys are its own `Options`."""

    driver: str = NONE
    options: dict[str, Any] = {}


class Vision(Struct, frozen=True):
    """[vision] Where the models are (`facepay models fetch`). second: ask the optional second
    anti-spoof net too (`facepay models fetch --set second`, the extra `second-net`)."""

    models: FilePath = ""
    second: bool = False


class Http(Struct, frozen=True):
    """[http] The HIS API and the kiosk page. Port 0 = any free one (it is in the log)."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="0 to 65535")] = 8080
    token_file: FilePath = ""


class Ui(Struct, frozen=True):
    """[ui] Language, voice and patience."""

    lang: Annotated[str, Meta(pattern=r"^(zh-CN|en)$", description='"zh-CN" or "en"')] = "zh-CN"
    voice: bool = True
    look_timeout_ms: Ms = 30_000
    step_timeout_ms: Ms = 6_000
    confirm_timeout_ms: Ms = 60_000
    result_show_ms: Ms = 8_000
    liveness_tries_max: Annotated[int, Meta(ge=1, le=10, description="1 to 10")] = 3


class Config(Struct, frozen=True):
    """The whole file, checked; paths absolute."""

    terminal: Terminal
    centre: Centre
    broker: Broker
    store: Store
    keys: Keys
    camera: Device = Device()
    vision: Vision = Vision()
    board: Device = Device()
    witness: Device = Device()  # not written: the controller, where there is one
    export: Export = Export()
    http: Http = Http()
    ui: Ui = Ui()

    def settings(self) -> Settings:
        """What the core needs of it."""
        me, ui, link = self.terminal, self.ui, self.broker
        return Settings(
            terminal=me.name,
            fixmedins_code=me.fixmedins_code,
            fixmedins_name=me.fixmedins_name,
            mdtrtarea_admvs=me.mdtrtarea_admvs,
            opter=me.opter,
            opter_name=me.opter_name,
            lang=ui.lang,
            voice=ui.voice,
            look_timeout_ms=ui.look_timeout_ms,
            step_timeout_ms=ui.step_timeout_ms,
            confirm_timeout_ms=ui.confirm_timeout_ms,
            result_show_ms=ui.result_show_ms,
            liveness_tries_max=ui.liveness_tries_max,
            utc_offset_min=me.utc_offset_min,
            reconnect_spread_ms=link.reconnect_spread_ms,
            reconnect_base_ms=link.reconnect_base_ms,
            reconnect_cap_ms=link.reconnect_cap_ms,
            reconnect_stable_ms=link.reconnect_stable_ms,
            answer_quiet_ms=link.answer_quiet_ms,
            prune_keep_days=self.store.keep_days,
            prune_keep_records=self.store.keep_records,
        )


class Problem(Struct, frozen=True):
    """One mistake: where (line 0 = the file as a whole), what, and what would be right."""

    file: str
    line: int
    where: str
    text: str
    code: str

    def __str__(self) -> str:
        """As an editor understands it: file:line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}  {self.where}  {self.text}  {self.code}"


SECTIONS: Final[dict[str, Any]] = get_type_hints(Config, include_extras=True)
DEVICES: Final = ("camera", "board", "witness")  # may be absent, and each driver has its own options


def load(path: Path) -> Config:
    """Read and check. EdgeError with the first problem's code; the message lists them all."""
    config, problems = check(path)
    if config is None:
        lines = "\n".join(str(problem) for problem in problems)
        raise EdgeError(
            problems[0].code,
            f"the configuration has mistakes:\n{lines}",
            "correct them all at once",
        )
    return config


def check(path: Path) -> tuple[Config | None, list[Problem]]:
    """The configuration, or every problem in it in the order of the file."""
    try:
        with path.open("rb") as file:
            raw = file.read(CONFIG_BYTES_MAX + 1)
        if len(raw) > CONFIG_BYTES_MAX:
            return None, [
                Problem(path.name, 0, "", f"longer than {CONFIG_BYTES_MAX} bytes", "E-CFG-05")
            ]
        text = raw.decode("utf-8")
        tree = tomllib.loads(text)
    except OSError as error:
        return None, [Problem(str(path), 0, "", f"cannot be read: {error.strerror}", "E-CFG-05")]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return None, [
            Problem(path.name, _line_in(str(error)), "", f"is not TOML: {error}", "E-CFG-06")
        ]
    return _Checker(path, text).run(tree)


def missing_files(config: Config) -> list[str]:
    """Files that the configuration names and that must be there at start, as "[section] key =
    path"."""
    wanted = [
        ("centre", "sign_key", config.centre.sign_key),
        ("centre", "seal_key", config.centre.seal_key),
        ("centre", "policy", config.centre.policy),
        ("centre", "cert", config.centre.cert),
        ("centre", "terminal_cert", config.centre.terminal_cert),
        ("http", "token_file", config.http.token_file),
    ]
    if config.broker.tls:
        wanted += [("broker", key, getattr(config.broker, key)) for key in ("ca", "cert", "key")]
    return [
        f"[{section}] {key} = {path}"
        for section, key, path in wanted
        if path and not Path(path).is_file()
    ]


def _line_in(message: str) -> int:
    found = re.search(r"at line (\d+)", message)
    return int(found.group(1)) if found else 0


class _Checker:
    """One pass over one file."""

    def __init__(self, path: Path, text: str) -> None:
        self._name = path.name
        self._base = path.resolve().parent
        self._lines = _positions(text)
        self._problems: list[Problem] = []

    def run(self, tree: dict[str, Any]) -> tuple[Config | None, list[Problem]]:
        values: dict[str, Any] = {}
        for name, value in tree.items():
            if name not in SECTIONS:
                self._add(name, "", f"unknown section{guess(name, tuple(SECTIONS))}", "E-CFG-01")
            elif not isinstance(value, dict):
                self._add(name, "", f"must be a section [{name}]", "E-CFG-03")
        for name, section in SECTIONS.items():
            given = tree.get(name, {})
            if isinstance(given, dict):
                check = self._device if name in DEVICES else self._section
                values[name] = check(name, section, given, present=name in tree)
        if not self._problems:
            if "witness" not in tree and values["board"].driver != NONE:
                values["witness"] = Device(BY_BOARD)
            self._together(values)
        self._problems.sort(key=lambda problem: problem.line)
        return (None if self._problems else Config(**values)), self._problems

    def _section(self, name: str, section: Any, given: dict[str, Any], *, present: bool) -> Any:
        fields = {field.name: field for field in msgspec.structs.fields(section)}
        for key in given:
            if key not in fields:
                self._add(name, key, f"unknown key{guess(key, tuple(fields))}", "E-CFG-01")
        needed = [key for key, field in fields.items() if field.required]
        if needed and not present:
            self._add(name, "", f"section is missing; it needs {', '.join(needed)}", "E-CFG-04")
            return None
        values: dict[str, Any] = {}
        for key, field in fields.items():
            if key in given:
                values[key] = self._value(name, key, field.type, given[key])
            elif field.required:
                self._add(name, key, f"is missing: {_allowed(field.type)}", "E-CFG-04")
        return None if self._problems else section(**values)

    def _value(self, section: str, key: str, wanted: Any, value: Any) -> Any:
        try:
            msgspec.convert(value, wanted, strict=True)
        except msgspec.ValidationError as error:
            says = _allowed(wanted) or str(error)
            self._add(section, key, f"= {_shown(value)}: must be {says}", "E-CFG-03")
            return value
        if key == "driver":
            self._driver(section, value)
        if (_meta(wanted).extra or {}).get("path") and value:
            return str(self._base / value)
        return value

    def _device(self, name: str, _section: Any, given: dict[str, Any], *, present: bool) -> Any:
        """The keys of a device are the `Options` of its driver, read from the driver's file."""
        driver = given.get("driver", NONE)
        rest = {key: value for key, value in given.items() if key != "driver"}
        if not isinstance(driver, str) or not self._driver(name, driver):
            return None
        if driver == NONE:
            self._switched_off(name, rest)
            return Device()
        options = _options(name, driver)
        if options is None:
            for key in rest:
                self._add(name, key, f'the driver "{driver}" has no options', "E-CFG-01")
            return Device(driver=driver)
        decoded = self._section(name, options, rest, present=present)
        if decoded is None:
            return None
        kept = {key: getattr(decoded, key) for key in rest}
        for key in PATH_KEYS & set(rest):
            if rest[key]:
                kept[key] = str(self._base / rest[key])
        return Device(driver=driver, options=kept)

    def _switched_off(self, name: str, rest: dict[str, Any]) -> None:
        """Keys of a device that is switched off may stay in the file, as long as some driver knows
        them."""
        known = {"driver"}
        for driver in choices(name):
            options = _options(name, driver)
            known |= {field.name for field in msgspec.structs.fields(options)} if options else set()
        for key in rest:
            if key not in known:
                text = f"unknown key{guess(key, tuple(known))}"
                self._add(name, key, text, "E-CFG-01")

    def _driver(self, section: str, name: str) -> bool:
        known = choices(section)
        if section in DEVICES:
            known = tuple(sorted({*known, NONE}))
        if name in known:
            return True
        hint = f"{guess(name, known)}; choices: {' '.join(known)}"
        self._add(section, "driver", f'= "{name}": no such driver{hint}', "E-CFG-02")
        return False

    def _together(self, values: dict[str, Any]) -> None:
        """What is right alone and wrong together."""
        broker, http, camera = values["broker"], values["http"], values["camera"]
        if broker.tls:
            for key in ("ca", "cert", "key"):
                if not getattr(broker, key):
                    self._add("broker", key, "is missing: TLS needs ca, cert and key", "E-CFG-07")
        elif not _loopback(broker.host):
            self._add("broker", "tls", "= false is allowed on this machine only", "E-CFG-07")
        if broker.reconnect_base_ms > broker.reconnect_cap_ms:
            self._add("broker", "reconnect_base_ms", "is above reconnect_cap_ms", "E-CFG-07")
        if not http.token_file and not _loopback(http.host):
            text = f'= "{http.host}" is reachable from outside: set token_file'
            self._add("http", "host", text, "E-CFG-07")
        if values["witness"].driver == BY_BOARD and values["board"].driver == NONE:
            self._add("witness", "driver", '= "board" and there is no [board] driver', "E-CFG-07")
        if camera.driver != NONE and not values["vision"].models:
            self._add(
                "vision", "models", "is missing: a camera needs the models' folder", "E-CFG-07"
            )

    def _add(self, section: str, key: str, text: str, code: str) -> None:
        line = self._lines.get((section, key)) or self._lines.get((section, ""), 0)
        self._problems.append(Problem(self._name, line, f"[{section}] {key}".rstrip(), text, code))


def _positions(text: str) -> dict[tuple[str, str], int]:
    """(section, key) -> line, (section, "") -> line of its heading. tomllib does not tell, and our
    files are flat."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := re.match(r"\s*\[+\s*\"?([^\]\"]+?)\"?\s*\]", line):
            section = heading.group(1)
            found.setdefault((section, ""), number)
        elif pair := re.match(r"\s*\"?([A-Za-z0-9_.-]+)\"?\s*=", line):
            found.setdefault((section, pair.group(1)), number)
            if not section:
                found.setdefault((pair.group(1), ""), number)
    return found


def _options(family: str, driver: str) -> Any:
    """The `Options` of a device driver, or None."""
    return getattr(sys.modules[load_driver(family, driver).__module__], "Options", None)


def _meta(wanted: Any) -> Meta:
    metas = [meta for meta in getattr(wanted, "__metadata__", ()) if isinstance(meta, Meta)]
    return metas[0] if metas else Meta()


def _allowed(wanted: Any) -> str:
    """What a value may be, in words."""
    base = getattr(wanted, "__origin__", wanted)
    name = {str: "a text", int: "a whole number", bool: "true or false"}.get(base, "")
    described = _meta(wanted).description
    return f"{name}, {described}" if described and name else name or described or ""


def _shown(value: Any) -> str:
    return repr(value)[:60].replace("'", '"')


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
