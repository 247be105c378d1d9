"""The centre's process: `python -m sim.centre --config centre.toml`.

One MQTT connection of its own (the product's fenced paho driver: a fresh client per connection,
nothing queued behind our back), one thread that works: message in, database transaction, answers
out. Killed at any moment it loses nothing: what was not committed is sent again by the terminal,
what was committed is answered again with the first result.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import queue
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from edge.core.events import Freed, LinkLost, LinkUp
from edge.core.liveness import WITH_LAMPS
from edge.core.types import Credit, LivenessRules
from edge.drivers.broker import Happening, Message, Options
from edge.drivers.broker.paho import Driver
from edge.errors import EdgeError
from edge.suites import es256
from sim.bank.client import HttpBank
from sim.centre import setup
from sim.centre.desk import Centre

INBOX_MAX: Final = 10_000  # more waiting messages are dropped: the terminals send again
UNDER_WAY_MAX: Final = 200  # answers the broker has not taken yet; below the driver's own bound
WAIT_FREE_S: Final = 5.0
BACK_OFF_S: Final = (0.2, 5.0)  # full jitter between 0 and this; one centre does not make a storm
LEAVE_S: Final = 3.0
WORK_EVERY_S: Final = 5.0
T = TypeVar("T")
EXIT_DATABASE: Final = 3  # the log is not what it was: a person must look

log = logging.getLogger("facepay.centre")


class BrokerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """[broker] Where messages come from. `shards`: which of them this worker serves, all when
    empty."""

    port: int
    host: str = "127.0.0.1"
    ca: str = ""
    cert: str = ""
    key: str = ""
    tls: bool = True
    client_id: str = "centre"
    keepalive_s: int = 10
    shards: tuple[int, ...] = ()


class CreditConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """[credit] What answers tell the terminals (edge.core.types.Credit)."""

    window: int = 20
    pace_ms: int = 0
    spread_ms: int = 60_000


class BankConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """[bank] Who pays own parts, and the key its answers are signed with; "" = nobody."""

    url: str = ""
    key: str = ""


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """centre.toml."""

    directory: str
    broker: BrokerConfig
    db_url: str = ""
    region: str = setup.REGION
    shards: int = 16
    lamps: bool = True  # policies demand a look under the terminals' own lamps; a terminal without takes what they say instead
    gestures: Annotated[tuple[Literal["turn", "blink", "dot"], ...], msgspec.Meta(min_length=1)] = ("turn", "blink")
    credit: CreditConfig = CreditConfig()
    bank: BankConfig = BankConfig()


def open_guest(path: Path) -> Centre:
    """The centre of this configuration, beside its own running process. EdgeError."""
    config = read_config(path)
    return setup.open_centre(
        Path(config.directory),
        config.db_url or None,
        guest=True,
        region=config.region,
        shards=config.shards,
    )


def read_config(path: Path) -> Config:
    """EdgeError E-CFG-21 when it cannot be read or has a wrong or unknown key."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Config)
    except (OSError, msgspec.DecodeError) as error:
        raise EdgeError(
            "E-CFG-21", f"{path}: {error}", "see sim.centre.setup.write_config"
        ) from error


def rules_of(config: Config) -> LivenessRules:
    """What policies of this centre say of living people."""
    return msgspec.structs.replace(WITH_LAMPS if config.lamps else LivenessRules(), gestures=config.gestures)


def bank_of(config: BankConfig, signer: es256.Es256Signer) -> HttpBank | None:
    """None when nobody pays own parts. EdgeError E-CFG-21 no address or key, E-KEY-03 no such key."""
    return HttpBank(config.url, signer, bank_key(config)) if config.url else None


def bank_key(config: BankConfig) -> es256.Es256Verifier:
    """What the bank says is signed with it."""
    try:
        public = es256.load_sign_public(Path(config.key).read_bytes())
    except OSError as error:
        raise EdgeError("E-CFG-21", f"the bank's key: {error}", "[bank] key, or --bank-key") from error
    return es256.Es256Verifier.of(public)


class Process:
    """The link, the inbox and the one loop."""

    def __init__(self, config: Config) -> None:
        credit = Credit(**msgspec.structs.asdict(config.credit))
        self._centre: Centre = setup.open_centre(
            Path(config.directory),
            config.db_url or None,
            region=config.region,
            shards=config.shards,
            credit=credit,
            liveness=rules_of(config),
        )
        self._centre.bank = bank_of(config.bank, self._centre.keys.signer)
        self._inbox: queue.Queue[Happening | None] = queue.Queue(INBOX_MAX)
        self._link = Driver(_options(config.broker), self._post)
        self._under_way: set[int] = set()
        self._token = 0
        self._failures = 0
        self._connect_at: float | None = 0.0
        self._stopping = False
        self._dropped = 0
        self._work_at = 0.0

    def stop(self, *_: object) -> None:
        """SIGTERM: finish the message at hand, then leave."""
        self._stopping = True
        self._post(None)

    def run(self) -> int:
        """Until told to stop. 0, or EXIT_DATABASE."""
        try:
            while not self._stopping:
                self._turn()
        except EdgeError as error:
            log.exception("the database is not what it was", extra={"code": error.code})
            return EXIT_DATABASE
        finally:
            self._link.close(LEAVE_S)
            self._centre.store.close()
        log.info("stopped")
        return 0

    def _turn(self) -> None:
        wait_s = 1.0
        if self._connect_at is not None:
            wait_s = self._connect_at - time.monotonic()
            if wait_s <= 0:
                self._connect_at = None
                self._link.connect()
                wait_s = 1.0
        try:
            happening = self._inbox.get(timeout=wait_s)
        except queue.Empty:
            self._idle()
            return
        if isinstance(happening, Message):
            self._message(happening)
        elif isinstance(happening, Freed):
            self._under_way.discard(happening.token)
        elif isinstance(happening, LinkUp):
            self._failures = 0
            log.info("connected")
            print("READY", flush=True)
        elif isinstance(happening, LinkLost):
            self._lost(happening)

    def _lost(self, happening: LinkLost) -> None:
        self._under_way.clear()
        base, cap = BACK_OFF_S
        limit = min(cap, base * 2 ** min(self._failures, 10))
        self._failures += 1
        self._connect_at = time.monotonic() + random.uniform(0, limit)
        log.warning("link lost", extra={"code": happening.code})

    def _message(self, message: Message) -> None:
        now_ms = time.time_ns() // 1_000_000
        answers = self._guarded(
            lambda: self._centre.on_message(message.topic, message.payload, now_ms)
        )
        for topic, payload in answers or ():
            self._publish(topic, payload)

    def _idle(self) -> None:
        """What is due by itself: the wallet's way back, what a bank was asked."""
        if time.monotonic() >= self._work_at:
            self._work_at = time.monotonic() + WORK_EVERY_S
            self._guarded(lambda: self._centre.work(time.time_ns() // 1_000_000))

    def _guarded(self, what: Callable[[], T]) -> T | None:
        """Rolled back when it fails; the terminal asks again. One message that we cannot handle must
        not end the service."""
        try:
            return what()
        except EdgeError as error:
            if error.code == "E-LOG-20":
                raise
            log.exception("a message was not handled", extra={"code": error.code})
        except (
            SQLAlchemyError,
            AssertionError,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
        ):
            log.exception("a message was not handled")
        return None

    def _publish(self, topic: str, payload: bytes) -> None:
        until = time.monotonic() + WAIT_FREE_S
        while len(self._under_way) >= UNDER_WAY_MAX:
            if time.monotonic() > until or not self._drain_freed():
                return  # an answer may be lost: it is asked for again
        self._token += 1
        self._under_way.add(self._token)
        self._link.publish(topic, payload, self._token)

    def _drain_freed(self) -> bool:
        """Wait for the broker without losing what else arrives. False when the link went."""
        kept: list[Happening | None] = []
        up = True
        try:
            happening = self._inbox.get(timeout=WAIT_FREE_S)
            if isinstance(happening, Freed):
                self._under_way.discard(happening.token)
            else:
                kept.append(happening)
                up = not isinstance(happening, LinkLost)
        except queue.Empty:
            up = False
        for one in kept:
            self._post(one)
        return up

    def _post(self, happening: Happening | None) -> None:
        try:
            self._inbox.put_nowait(happening)
        except queue.Full:
            self._dropped += 1
            if isinstance(happening, LinkLost):  # this one must not be missed
                self._connect_at = time.monotonic()


def _options(broker: BrokerConfig) -> Options:
    levels = [f"{shard:02x}" for shard in broker.shards] or ["+"]
    topics = tuple(f"fp/1/{level}/+/{what}" for level in levels for what in ("up", "ask"))
    return Options(
        host=broker.host,
        port=broker.port,
        client_id=broker.client_id,
        subscribe=topics,
        state_topic=f"fp/1/00/{broker.client_id}/state",
        ca=broker.ca,
        cert=broker.cert,
        key=broker.key,
        tls=broker.tls,
        keepalive_s=broker.keepalive_s,
    )


class JsonLines(logging.Formatter):
    """One JSON object a line; no body of any message is ever logged."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "at": round(record.created, 3),
            "level": record.levelname,
            "text": record.getMessage(),
        }
        if hasattr(record, "code"):
            line["code"] = record.code
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def main(arguments: list[str] | None = None) -> int:
    """Entry. 2 when it cannot start."""
    parser = argparse.ArgumentParser(
        prog="python -m sim.centre", description="the reference centre"
    )
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--bank", default="", help="http://host:port of `python -m sim.bank`")
    parser.add_argument("--bank-key", default="", help="the bank's public key, PEM")
    options = parser.parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        config = read_config(options.config)
        bank = BankConfig(options.bank or config.bank.url, options.bank_key or config.bank.key)
        process = Process(msgspec.structs.replace(config, bank=bank))
    except EdgeError as error:
        print(error, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, process.stop)
    signal.signal(signal.SIGINT, process.stop)
    return process.run()


if __name__ == "__main__":
    commands = {
        "import": "carried",
        "alarms": "alarms",
        "lift": "lifting",
        "unlock": "unlocking",
        "activations": "counting",
        "rx-free": "prescriptions.freeing",
    }
    beside = commands.get(sys.argv[1] if sys.argv[1:] else "")
    if beside is None:
        sys.exit(main())
    sys.exit(importlib.import_module(f"sim.centre.{beside}").main(sys.argv[2:]))
