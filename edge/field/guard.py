"""The guard in front of everything that would wipe a terminal: reset, new keys, and whatever later
flashes or enrols anew. Records without a receipt must be gone to the centre, or be in an export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from edge.config import Config
from edge.drivers.store import Store
from edge.errors import EdgeError
from edge.loader import load as load_driver
from edge.process import carrying
from edge.suites import es256
from edge.wire import carry

EXPORT_FIRST = "facepay sync --now; or facepay export --to DIR, then --exported FILE.fpm"


class Waiting(Struct, frozen=True):
    """What the ledger holds: records, and those of them without a receipt."""

    records: int = 0
    unanswered: int = 0


class NoKeys:
    """Stands for keys that are gone: numbers and hashes can be read without them, contents not."""

    def lock(self, plain: bytes, aad: bytes) -> bytes:
        """Never."""
        raise EdgeError("E-KEY-01", "the device keys are missing", "facepay keys create")

    def unlock(self, data: bytes, aad: bytes) -> bytes:
        """Never."""
        raise EdgeError("E-KEY-01", "the device keys are missing", "facepay keys create")


@contextmanager
def ledger(config: Config, *, keys: bool = False) -> Iterator[Store | None]:
    """The ledger, opened by ourselves; None when there is none. E-STO-04 while the agent has it."""
    path = Path(config.store.path)
    if not path.is_file():
        yield None
        return
    locker = NoKeys()
    if keys:
        locker = load_driver("keys", config.keys.driver)(config.keys.directory).locker
    store = load_driver("store", config.store.driver)(path, locker, reserve_bytes=0)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def nothing_is_lost(config: Config, exported: Path | None = None) -> Iterator[Waiting]:
    """What the ledger holds, when nothing of it would be lost, and the ledger held for as long as
    the caller wipes: an agent that a supervisor starts again meanwhile, while somebody is still
    being asked, can take no record that nobody has counted. E-FLD-01 something would be lost,
    E-FLD-02 the export does not hold it, E-EXP-03 the export is damaged, E-STO-*."""
    with ledger(config) as store:
        if store is None:
            yield Waiting()
            return
        store.verify_chain()
        found = Waiting(store.head.seq, store.head.seq - store.answered_seq)
        if found.unanswered and exported is None:
            raise EdgeError(
                "E-FLD-01", f"{found.unanswered} records have no receipt", EXPORT_FIRST
            )
        if found.unanswered and exported is not None:
            _must_cover(store, config.terminal.name, exported)
            _must_be_taken_there(config, exported)
        yield found


def must_be_empty_or_exported(config: Config, exported: Path | None = None) -> Waiting:
    """`nothing_is_lost`, for whoever only wants to know."""
    with nothing_is_lost(config, exported) as found:
        return found


def _must_be_taken_there(config: Config, path: Path) -> None:
    """The centre takes nothing without our signature on the manifest, and after the wipe nobody can
    sign another one. (When the keys are gone already, the wipe was cut short: it was checked.)"""
    data = carrying.small(path, carry.MANIFEST_BYTES_MAX)
    try:
        keys = load_driver("keys", config.keys.driver)(config.keys.directory)
    except EdgeError as error:
        if error.code != "E-KEY-01":
            raise
        return
    try:
        carry.decode(data, es256.Es256Verifier.of(es256.load_sign_public(keys.sign_public_pem)))
    except EdgeError as error:
        raise EdgeError(
            "E-EXP-03", f"{path.name} is no export of ours: {error.message}", "export again"
        ) from error


def _must_cover(store: Store, terminal: str, path: Path) -> None:
    """The export begins no later than the first record without a receipt, follows our own chain and
    ends with our own head: the hashes say that."""
    data = carrying.small(path, carry.MANIFEST_BYTES_MAX)
    try:
        manifest = carry.peek(data)
    except EdgeError as error:
        raise EdgeError(
            "E-EXP-03", f"{path.name} is no export: {error.message}", "give the .fpm file"
        ) from error
    head = store.head
    ends = (manifest.terminal, manifest.epoch, manifest.last, manifest.head)
    if ends != (terminal, head.epoch, head.seq, head.hash):
        raise EdgeError(
            "E-FLD-02",
            f"{path.name} ends at record {manifest.last}, the ledger at {head.seq}",
            "stop the agent and export again",
        )
    if manifest.first > store.answered_seq + 1:
        text = f"{path.name} begins at {manifest.first}, after {store.answered_seq + 1}"
        raise EdgeError("E-FLD-02", text, "stop the agent and export again")
    for part, records in carrying.parts_of(path, manifest):
        for seq, one in enumerate(records, start=part.first):
            ours = store.records(seq, seq) if seq > store.base.seq else [one]
            if ours != [one]:
                raise EdgeError("E-FLD-02", f"record {seq} of the export is not ours", "")


def must_have_no_ledger(config: Config) -> None:
    """New keys cannot open what the old ones locked. E-FLD-04 when a ledger with records is there."""
    with ledger(config) as store:
        if store is not None and store.head.seq:
            raise EdgeError(
                "E-FLD-04",
                f"{config.store.path} holds {store.head.seq} records of the old keys",
                "bring the old keys back, or: facepay reset",
            )
