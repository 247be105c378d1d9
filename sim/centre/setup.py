"""Make a fresh centre: keys, terminals, invented people, rules, a policy for each terminal. Also
opens one that exists.

made = make_centre(directory, terminals=[TerminalSpec(...)], people=[PersonSpec(...)])
made.centre.on_message(...)                      in the same process, or
made.write_config(port=…, ca=…, cert=…, key=…)    and `python -m sim.centre --config centre.toml`
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from msgspec.structs import replace

from edge.suites import es256
from sim.centre.answers import Message
from sim.centre.books import ledgers, policy, registry, rules
from sim.centre.books import people as folk
from sim.centre.books import store as t
from sim.centre.books.people import PersonSpec
from sim.centre.books.registry import TerminalSpec
from sim.centre.desk import Centre
from sim.centre.keys import CentreKeys

__all__ = ["Made", "PersonSpec", "TerminalSpec", "default_url", "make_centre", "open_centre"]

REGION: Final = "510100"
POPULATION: Final = 20
DAY_MS: Final = 86_400_000  # certificates begin a day early: clocks differ


class Made:
    """A centre that was set up: its parts, its public files, and what a demo does beside the
    running process.

    `store` here is a guest: it may write beside the centre's own process (codes, faces) and never
    checkpoints.
    """

    def __init__(
        self, directory: Path, url: str, centre: Centre, terminals: list[TerminalSpec]
    ) -> None:
        self.directory = directory
        self.url = url
        self.centre = centre
        self.keys = centre.keys
        self.store = centre.store if centre.store.memory else t.Store(url, guest=True)
        self.sign_key = directory / "centre-sign.pub"
        self.seal_key = directory / "centre-seal.pub"
        self.config = directory / "centre.toml"
        self.cert = directory / "centre.crt"
        self.certs = {spec.name: directory / f"terminal-{spec.name}.crt" for spec in terminals}
        self.policies = {spec.name: directory / f"policy-{spec.name}.cose" for spec in terminals}
        self.policy = next(iter(self.policies.values()), None)  # of the first terminal

    def on_message(self, topic: str, payload: bytes, now_ms: int) -> list[Message]:
        """The centre itself, in this process."""
        return self.centre.on_message(topic, payload, now_ms)

    def register_face(self, psn_no: str, template: bytes, model: str) -> None:
        """Enrol a face (192 float32, little-endian)."""
        folk.register_face(self.store, psn_no, template, model)

    def issue_code(
        self, psn_no: str, now_ms: int, *, ttl_ms: int = folk.CODE_TTL_MS, org: str = ""
    ) -> str:
        """What the person's phone shows: one-time, 28 characters, good for `ttl_ms`."""
        return folk.issue_code(self.store, psn_no, now_ms, ttl_ms=ttl_ms, org=org)

    def write_config(
        self,
        *,
        port: int,
        ca: object = "",
        cert: object = "",
        key: object = "",
        tls: bool = True,
        spread_ms: int = 1000,
        bank: tuple[str, Path] | None = None,
    ) -> Path:
        """centre.toml for `python -m sim.centre`. `spread_ms` is what the answers announce for
        reconnects; `bank`: where it is, and its public key."""
        lines = [
            f'directory = "{self.directory}"',
            f'db_url = "{self.url}"',
            f'region = "{self.centre.region.region}"',
            f"shards = {self.centre.shards}",
            "lamps = false",  # the people of our clinics answer no lights
            "[broker]",
            f"port = {port}",
            *(f'{name} = "{value}"' for name, value in (("ca", ca), ("cert", cert), ("key", key))),
            f"tls = {str(tls).lower()}",
            "[credit]",
            f"spread_ms = {spread_ms}",
        ]
        if bank is not None:
            lines += ["[bank]", f'url = "{bank[0]}"', f'key = "{bank[1]}"']
        self.config.write_text("\n".join(lines) + "\n")
        return self.config

    def close(self) -> None:
        """Give the connections back."""
        self.store.close()
        self.centre.store.close()


def default_url(directory: Path) -> str:
    """The SQLite database of a centre directory."""
    return f"sqlite:///{directory / 'centre.db'}"


def make_centre(
    directory: Path,
    db_url: str | None = None,
    terminals: Iterable[TerminalSpec] = (),
    people: Iterable[PersonSpec] | None = None,
    profile: str = "",
    *,
    now_ms: int | None = None,
    region: str = REGION,
    store: t.Store | None = None,
    **options: Any,
) -> Made:
    """A centre with these terminals and people (20 invented ones when None); what is known already
    stays as it is.

    `profile` overrides that of the terminals. `options` go to Centre: credit, caps, shards, faces,
    dice. db_url "sqlite://" keeps everything in memory (virtual worlds). `store`: one that is open
    already, instead of db_url's. `now_ms`: when policies begin; the clock when None.
    """
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    specs = [replace(spec, profile=profile) if profile else spec for spec in terminals]
    url = db_url or default_url(directory)
    keys = CentreKeys.create(directory)
    centre = Centre(store or t.Store(url), keys, rules.load(region), **options)
    made = Made(directory, url, centre, specs)
    made.sign_key.write_bytes(keys.sign_public_pem)
    made.cert.write_bytes(keys.own_cert(now - DAY_MS))
    made.seal_key.write_text(keys.seal_public_bytes.hex() + "\n")
    with centre.store.begin() as conn:
        centre.log.catch_up(conn)
        for spec in specs:
            document = _enrol(conn, centre, spec, now)
            certificate = keys.terminal_cert(
                spec.name, spec.fixmedins_code, spec.sign_public, now - DAY_MS
            )
            made.certs[spec.name].write_bytes(certificate)
            made.policies[spec.name].write_bytes(document)
        add_people(conn, folk.population(POPULATION) if people is None else people, now)
    return made


def _enrol(conn: sa.Connection, centre: Centre, spec: TerminalSpec, now_ms: int) -> bytes:
    """The terminal's policy document."""
    es256.load_sign_public(spec.sign_public)
    es256.load_seal_public(spec.seal_public)
    if registry.find(conn, spec.name) is None:
        registry.add(conn, spec)
    terminal = registry.find(conn, spec.name)
    assert terminal is not None
    document = policy.current(conn, centre.issuer, terminal, now_ms)
    assert document is not None, "nothing is held yet"
    return document


def open_centre(
    directory: Path,
    db_url: str | None = None,
    *,
    region: str = REGION,
    guest: bool = False,
    **options: Any,
) -> Centre:
    """A centre that was made before; `guest`: beside its own running process. EdgeError E-KEY-01
    when there is none."""
    keys = CentreKeys.open(directory)
    store = t.Store(db_url or default_url(directory), guest=guest)
    return Centre(store, keys, rules.load(region), **options)


def add_people(conn: sa.Connection, specs: Iterable[PersonSpec], now_ms: int) -> None:
    """Add people with their opening balances; known ones stay as they are."""
    for spec in specs:
        if folk.find(conn, spec.psn_no) is None:
            folk.add(conn, [spec])
            ledgers.open_person(conn, spec, now_ms)
