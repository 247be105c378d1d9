"""The composition root: the one place that knows every part, and the process around them.

`facepay run --config FILE` comes here. Order: configuration, keys, ledger, core, drivers, API;
heavy imports happen where they are needed. What must be there is a start error with its code (exit
78, the unit does not restart into it forever); what may be missing (network, controller, camera) is
an event, and the terminal works on without.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.config import NONE, Config, load, missing_files
from edge.core.events import CameraLost, Event
from edge.core.types import Restored, Settings
from edge.errors import EdgeError
from edge.loader import load as load_driver
from edge.process import logbook
from edge.process.clock import Clock, Secrets, boot_id

if TYPE_CHECKING:
    from edge.agent import Agent
    from edge.core.terminal import Terminal
    from edge.drivers.broker import Broker
    from edge.drivers.keys import Keys
    from edge.drivers.store import Store
    from edge.process.evidence import Papers
    from edge.process.inbox import Inbox
    from edge.scribe import Scribe

EXIT_CONFIG: Final = (
    78  # EX_CONFIG: a person must change something (RestartPreventExitStatus in the unit)
)
EXIT_IO: Final = 74  # EX_IOERR: the disk failed; start again and check
EXIT_DEAD: Final = 70  # EX_SOFTWARE: a vital part died
START_ERRORS: Final = ("E-CFG", "E-KEY", "E-VIS", "E-SYS", "E-POL", "E-PRF")
KEY_FILE_BYTES_MAX: Final = 4096
TOKEN_BYTES_MAX: Final = 4096
LEAVE_S: Final = 3.0
SEAL_RAW_BYTES: Final = 32

log = logging.getLogger("facepay")


def main(arguments: list[str] | None = None) -> int:
    """Run the terminal; gives the exit code."""
    parser = argparse.ArgumentParser(prog="facepay run", description="Run the terminal.")
    parser.add_argument("--config", type=Path, required=True, help="facepay.toml")
    given = parser.parse_args(arguments)
    logbook.start()
    try:
        config = load(given.config)
        if missing := missing_files(config):
            raise EdgeError(
                "E-CFG-05", "files are missing: " + "; ".join(missing), "enrol the terminal"
            )
    except EdgeError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG
    return asyncio.run(_process(config))


async def _process(config: Config) -> int:
    """Everything from the first open file to the exit code."""
    try:
        async with contextlib.AsyncExitStack() as stack:
            return await _serve(config, stack)
    except Exception as raised:
        error = _leaf(raised)
    if not isinstance(error, EdgeError):
        log.critical("a vital part died", exc_info=error, extra={"fields": {"code": "E-SYS-01"}})
        return EXIT_DEAD
    log.critical("the process ends", extra={"fields": {"code": error.code, "text": str(error)}})
    return EXIT_CONFIG if error.code.startswith(START_ERRORS) else EXIT_DEAD


def _leaf(error: BaseException) -> BaseException:
    """The first real error inside the groups of the TaskGroup."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _serve(config: Config, stack: contextlib.AsyncExitStack) -> int:
    """Compose, run until the owner halts, take apart in the reverse order."""
    from edge.agent import Agent, Parts
    from edge.process.desk import Desk
    from edge.process.inbox import Inbox
    from edge.process.watchdog import Watchdog
    from edge.rim import Rim

    settings, clock, watchdog = _settings(config), Clock(), Watchdog()
    loop = asyncio.get_running_loop()
    inbox, desk = Inbox(loop), Desk()
    keys: Keys = load_driver("keys", config.keys.driver)(config.keys.directory)
    store, restored = _open_store(config, keys, stack)
    scribe = _scribe(config, settings, keys, store, restored)
    core, policy_hash = _core(config, settings, restored, scribe)
    broker = _broker(config, inbox.post, stack)
    eyes = _eyes(config, inbox, stack)
    board = _board(config, inbox, loop, stack)
    witness = _witness(config, board, inbox, loop, stack)
    rim = Rim(desk, broker, _topics(config), eyes, board, witness=witness)
    parts = Parts(
        core, scribe, store, inbox, rim, desk, clock.now, watchdog, policy_hash, papers(config)
    )
    agent = Agent(settings, parts, _token(config), config.export.directory)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, agent.stop)
    code = await _run(agent, config, watchdog)
    watchdog.stopping()
    log.info("stopped", extra={"fields": {"code": code}})
    return code


async def _run(agent: Agent, config: Config, watchdog: Any) -> int:
    """The owner and the API side by side: when one of them dies, so does the process."""
    import uvicorn

    from edge.http.app import server_config

    sock = _listen(config)
    server = uvicorn.Server(server_config(agent, config.http.host, sock.getsockname()[1]))
    # Signals are the agent's: uvicorn would stop the API and leave the owner running.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]

    def started() -> None:
        fields = {"terminal": config.terminal.name, "http_port": sock.getsockname()[1]}
        log.info("ready", extra={"fields": fields})
        watchdog.ready()

    async def serve_http() -> None:
        await server.serve(sockets=[sock])
        if not server.should_exit:
            raise RuntimeError("the API ended by itself")

    async def own() -> int:
        try:
            return await agent.run(started)
        except EdgeError as error:
            if error.code == "E-STO-02":
                _give_up(error)
            raise

    async with asyncio.TaskGroup() as group:
        http = group.create_task(serve_http(), name="http")
        code = await group.create_task(own(), name="owner")
        server.should_exit = True
        await http
    return code


def _give_up(error: EdgeError) -> None:
    """The disk failed: nothing more may touch it and nothing may wait; threads and sockets stay as
    they are."""
    fields = {"code": error.code, "text": str(error)}
    try:
        log.critical("the process ends at once", extra={"fields": fields})
        sys.stderr.flush()
    finally:
        os._exit(EXIT_IO)  # also when the log lies on the disk that failed


def _listen(config: Config) -> socket.socket:
    """The API's socket, bound before anything is shown as ready. E-SYS-05."""
    try:
        family = socket.AF_INET6 if ":" in config.http.host else socket.AF_INET
        # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms for an ACK.
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((config.http.host, config.http.port))
    except OSError as error:
        raise EdgeError(
            "E-SYS-05",
            f"{config.http.host}:{config.http.port} cannot be listened on: {error.strerror}",
            "is another facepay running? change [http] port",
        ) from error
    return sock


# -- the parts -------------------------------------------------------------------------------------
def _open_store(
    config: Config, keys: Keys, stack: contextlib.AsyncExitStack
) -> tuple[Store, Restored]:
    from edge.core.books import bills

    path = Path(config.store.path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EdgeError(
            "E-CFG-05", f"{path.parent} cannot be made: {error.strerror}", "[store] path"
        ) from error
    reserve = config.store.reserve_mib * 1024 * 1024
    store = load_driver("store", config.store.driver)(path, keys.locker, reserve_bytes=reserve)
    stack.callback(store.close)
    return store, store.restore(bills.keep, bills.touched)


def _scribe(
    config: Config, settings: Settings, keys: Keys, store: Store, restored: Restored
) -> Scribe:
    from edge.scribe import CentreKeys, Scribe
    from edge.suites import es256
    from edge.wire.log.trusted import TrustedCentre

    verifier = es256.Es256Verifier.of(es256.load_sign_public(_small(config.centre.sign_key)))
    sealer = es256.HpkeSealer(es256.load_seal_public(_seal_key(_small(config.centre.seal_key))))
    epoch = restored.head.epoch
    trusted = TrustedCentre(
        settings.terminal,
        epoch,
        verifier,
        keys.opener,
        checkpoint=store.checkpoint,
        last_number=store.last_number,
        answered_seq=restored.answered_seq,
    )
    return Scribe(settings, epoch, boot_id(), keys, CentreKeys(verifier, sealer), trusted)


def _core(
    config: Config, settings: Settings, restored: Restored, scribe: Scribe
) -> tuple[Terminal, bytes]:
    from edge.core.terminal import Terminal
    from edge.suites import sm2

    policy, digest, fresh = None, bytes(32), b""
    kept = [*restored.docs.get("policy", {}).values()]
    documents = kept
    if not kept and config.centre.policy:
        documents = [_small(config.centre.policy, 64 * 1024)]
    for document in documents:
        try:
            arrived = scribe.policy(document)
        except EdgeError as error:
            log.warning("policy refused", extra={"fields": {"code": error.code}})
            continue
        policy, digest, fresh = arrived.policy, arrived.hash, b"" if kept else document
    core = Terminal(settings, restored, Secrets(), policy, digest, fresh_policy=fresh, signed=sm2.verify)
    return core, digest


def papers(config: Config) -> Papers:
    """What goes into bundles from beside the ledger. E-CFG-05, E-PRF-02."""
    from edge.process.evidence import Papers
    from edge.suites import _certs

    def certificate(path: str) -> bytes:
        return _certs.der_of(_small(path)) if path else b""

    first = _small(config.centre.policy, 64 * 1024) if config.centre.policy else b""
    return Papers(
        terminal_cert=certificate(config.centre.terminal_cert),
        centre_cert=certificate(config.centre.cert),
        first_policy=first,
    )


def _topics(config: Config) -> Any:
    from edge.rim import Topics
    from edge.wire import topics

    name, shards = config.terminal.name, config.broker.shards
    return Topics(up=topics.up(name, shards), ask=topics.ask(name, shards))


def _broker(
    config: Config, post: Callable[[Any], None], stack: contextlib.AsyncExitStack
) -> Broker:
    from edge.drivers.broker import Options
    from edge.wire import topics

    name, link = config.terminal.name, config.broker
    options = Options(
        host=link.host,
        port=link.port,
        client_id=name,
        subscribe=(topics.down(name, link.shards), topics.tell(name, link.shards)),
        state_topic=topics.state(name, link.shards),
        ca=link.ca,
        cert=link.cert,
        key=link.key,
        tls=link.tls,
        protocol=link.protocol,
        keepalive_s=link.keepalive_s,
        connect_timeout_s=link.connect_timeout_s,
    )
    broker: Broker = load_driver("broker", link.driver)(options, post)
    stack.callback(broker.close, LEAVE_S)
    return broker


def _settings(config: Config) -> Settings:
    """What the core needs to know, with the hashes of the nets that judge: they go into every verdict."""
    settings = config.settings()
    if config.camera.driver == NONE:
        return settings
    from msgspec.structs import replace

    from edge.drivers.vision.nets import models

    judges = tuple((role, models.members()[role].sha256) for role in ("detector", "mesh", "spoof"))
    if config.vision.second:
        judges += tuple((role, one.sha256) for role, one in models.members("second").items())
    return replace(settings, models=judges)


def _eyes(config: Config, inbox: Inbox, stack: contextlib.AsyncExitStack) -> Any:
    """Camera and vision, or None and the event that says so. E-VIS-* when the models are not as
    they must be."""
    if config.camera.driver == NONE:
        inbox.put(CameraLost("E-CAM-07"))
        return None
    from edge.drivers.vision.eyes import Eyes

    camera = load_driver("camera", config.camera.driver)(config.camera.options)
    vision = config.vision
    eyes = Eyes(camera, Path(vision.models), inbox.post, second_too=vision.second)
    eyes.start()
    stack.callback(eyes.stop)
    return eyes


def _board(
    config: Config, inbox: Inbox, loop: asyncio.AbstractEventLoop, stack: contextlib.AsyncExitStack
) -> Any:
    driver = load_driver("board", config.board.driver)
    module = sys.modules[driver.__module__]
    board = driver(module.Options(**config.board.options))
    post: Callable[[Event], None] = inbox.put
    board.start(loop, post)
    stack.callback(board.stop)
    return board


def _witness(
    config: Config,
    board: Any,
    inbox: Inbox,
    loop: asyncio.AbstractEventLoop,
    stack: contextlib.AsyncExitStack,
) -> Any:
    driver = load_driver("witness", config.witness.driver)
    module = sys.modules[driver.__module__]
    witness = driver(module.Options(**config.witness.options), board)
    witness.start(loop, inbox.put)
    stack.callback(witness.stop)
    return witness


def _token(config: Config) -> str:
    """The API's bearer token from its file; "" = none. E-CFG-05."""
    if not config.http.token_file:
        return ""
    token = (
        _small(config.http.token_file, TOKEN_BYTES_MAX).decode("ascii", errors="replace").strip()
    )
    if not token:
        raise EdgeError("E-CFG-05", f"{config.http.token_file} is empty", "put a token in it")
    return token


def _small(path: str, limit: int = KEY_FILE_BYTES_MAX) -> bytes:
    """A small file. E-CFG-05."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise EdgeError(
            "E-CFG-05", f"{path} cannot be read: {error.strerror}", "check the path"
        ) from error
    if len(data) > limit:
        raise EdgeError("E-CFG-05", f"{path} is longer than {limit} bytes", "is it the right file?")
    return data


def _seal_key(data: bytes) -> bytes:
    """The centre's sealing key: 32 raw bytes, 64 hex digits, or PEM. E-KEY-03."""
    if len(data) == SEAL_RAW_BYTES:
        return data
    text = data.decode("ascii", errors="replace").strip()
    if len(text) == SEAL_RAW_BYTES * 2:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import x25519

    try:
        key = serialization.load_pem_public_key(data)
    except ValueError as error:
        raise EdgeError(
            "E-KEY-03", "[centre] seal_key is not a public key", "32 bytes, hex or PEM"
        ) from error
    if not isinstance(key, x25519.X25519PublicKey):
        raise EdgeError(
            "E-KEY-03", "[centre] seal_key is not an X25519 key", "32 bytes, hex or PEM"
        )
    return key.public_bytes_raw()


if __name__ == "__main__":
    raise SystemExit(main())
