"""Records taken away by hand: exact bytes, read back, resumable; imported at the centre as often and
in whatever order they come; and nothing is wiped that would be lost."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import Config, load
from edge.core.types import Mode
from edge.drivers.keys.file import Driver as FileKeys
from edge.drivers.store import Batch, Row
from edge.drivers.store.sqlite import Driver as Store
from edge.errors import EdgeError
from edge.field import guard, wipe
from edge.process import carrying
from edge.wire import carry, envelope, record, topics
from edge.wire.log.trusted import TrustedCentre
from sim.centre import audit, carried
from sim.centre import setup as centre_setup
from sim.centre.books.registry import TerminalSpec
from sim.centre.desk import Centre

NAME = "yd-0001"
AT = 1_795_000_000_000

CONFIG = """
[terminal]
name = "yd-0001"
fixmedins_code = "H51010000001"
fixmedins_name = "c"
mdtrtarea_admvs = "510100"
opter = "o"
opter_name = "n"
[centre]
sign_key = "c.pem"
seal_key = "s.pem"
[broker]
host = "127.0.0.1"
tls = false
[store]
path = "data/ledger.db"
[keys]
directory = "keys"
[http]
port = 1
"""


class Site:
    """A terminal's files and its centre."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "data").mkdir()
        self.stick = folder / "stick"
        self.stick.mkdir()
        (folder / "facepay.toml").write_text(CONFIG)
        self.config: Config = load(folder / "facepay.toml")
        self.keys = FileKeys.create(folder / "keys")
        spec = TerminalSpec(NAME, self.keys.sign_public_pem, self.keys.seal_public_bytes)
        self.made = centre_setup.make_centre(folder / "centre", "sqlite://", terminals=[spec])
        self.centre: Centre = self.made.centre
        self.store = self.open()
        self.trusted = TrustedCentre(NAME, 1, self.centre.keys.verifier, self.keys.opener)

    def open(self) -> Store:
        path = self.folder / "data" / "ledger.db"
        return Store(path, self.keys.locker, reserve_bytes=0, new_epoch=1)

    def write(self, count: int, size: int = 200) -> None:
        """Records with bodies that mean nothing to the centre: it says no, with a receipt."""
        dice = random.Random(self.store.head.seq)
        for _ in range(count):
            head = self.store.head
            where = {"terminal": NAME, "epoch": 1, "seq": head.seq + 1}
            txid = dice.randbytes(16)
            body = {"nonsense": dice.randbytes(size)}
            sealed = record.seal_body(body, self.centre.keys.sealer, txid=txid, **where)
            header = record.RecordHeader(
                **where, prev=head.hash, txid=txid, kind="settle", mode=Mode.QUEUED, boot=bytes(16),
                mono_ms=1, wall_ms=AT, error_ms=0, policy=bytes(32), keys="file", sealed=sealed,
            )  # fmt: skip
            data = record.encode(header, self.keys.signer)
            digest = record.record_hash(data)
            row = Row(
                header.seq, txid, "settle", Mode.QUEUED, head.hash, digest, data, {"bill_id": "b"}
            )
            self.store.commit(Batch(rows=(row,)))

    def take(self, *, everything: bool = False) -> carrying.Taken | None:
        def sign(manifest: carry.Manifest) -> bytes:
            return carry.encode(manifest, self.keys.signer)

        return carrying.take(self.store, NAME, sign, self.stick, AT, everything=everything)

    def believe(self, answers: tuple[bytes, ...]) -> None:
        """As the agent does: judge, commit, confirm."""
        for data in answers:
            answer = self.trusted.accept(data, self.store.record_hash)
            if answer is not None:
                self.store.commit(Batch(answers=(answer,)))
                self.trusted.confirm(answer)

    def closed(self) -> Config:
        self.store.close()
        return self.config


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.store.close()
    found = audit.audit(made.centre.store)
    assert found.faults == ()
    made.made.close()


def logged(site: Site) -> list[tuple[int, bytes]]:
    return [(line.seq, line.hash) for line in audit.audit(site.centre.store).lines]


# -- away -----------------------------------------------------------------------------------------
def test_an_export_has_the_exact_bytes_of_everything_without_a_receipt(site: Site) -> None:
    assert site.take() is None  # nothing waits
    site.write(150)
    taken = site.take()
    assert taken is not None
    said = carry.decode(taken.path.read_bytes(), site.centre.verifier(NAME))
    assert (said.first, said.last, said.head) == (1, 150, site.store.head.hash)
    records = [one for _, part in carrying.parts_of(taken.path, said) for one in part]
    assert records == site.store.records(1, 150)
    assert not list(site.stick.glob(".*"))  # nothing half written is left


def test_large_exports_are_cut_into_bounded_parts_always_at_the_same_places(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "PART_BYTES_MAX", 8_000)
    site.write(60)
    taken = site.take()
    assert taken is not None
    parts = taken.manifest.parts
    assert len(parts) > 3
    assert all(part.size <= 8_000 for part in parts)
    site.write(5)
    more = site.take()
    assert more is not None
    assert more.manifest.parts[: len(parts) - 1] == parts[:-1]


def test_an_export_that_was_cut_short_goes_on_and_writes_nothing_twice(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "PART_BYTES_MAX", 8_000)
    site.write(60)
    first = site.take()
    assert first is not None
    first.path.unlink()
    (site.stick / first.manifest.parts[2].name).write_bytes(b"half")
    before = {path.name: path.stat().st_mtime_ns for path in site.stick.iterdir()}
    again = site.take()
    assert again is not None
    assert again.manifest == first.manifest
    after = {path.name: path.stat().st_mtime_ns for path in site.stick.iterdir()}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {first.manifest.parts[2].name}


def test_a_stick_that_is_full_or_gone_is_said_and_leaves_no_manifest(site: Site) -> None:
    site.write(3)
    site.stick.rmdir()
    with pytest.raises(EdgeError, match="E-EXP-01"):
        site.take()
    site.stick.mkdir()
    full = Path("/dev/full")
    assert full.exists()
    name = f".facepay-{NAME}-1-00000001-00000003.fpx.part"
    (site.stick / name).symlink_to(full)
    with pytest.raises(EdgeError, match=r"E-EXP-01.*no room"):
        site.take()
    assert not list(site.stick.glob("*.fpm"))


@pytest.mark.parametrize("harm", ["byte", "cut", "gone", "swapped"])
def test_an_export_that_was_changed_on_the_way_is_found(
    site: Site, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    monkeypatch.setattr(carry, "PART_BYTES_MAX", 8_000)
    site.write(40)
    taken = site.take()
    assert taken is not None
    part = site.stick / taken.manifest.parts[1].name
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    if harm == "byte":
        part.write_bytes(bytes(data))
    elif harm == "cut":
        part.write_bytes(bytes(data[:-10]))
    elif harm == "gone":
        part.unlink()
    else:
        part.write_bytes((site.stick / taken.manifest.parts[0].name).read_bytes())
    with pytest.raises(EdgeError, match="E-EXP-03"):
        list(carrying.parts_of(taken.path, taken.manifest))
    with pytest.raises(EdgeError, match="E-EXP-03"):
        carried.bring(site.centre, [taken.path], AT)


# -- at the centre --------------------------------------------------------------------------------
def test_an_import_is_the_intake_itself_and_its_answers_are_receipts(
    site: Site, tmp_path: Path
) -> None:
    site.write(150)
    taken = site.take()
    assert taken is not None
    (done,) = carried.bring(site.centre, [taken.path], AT)
    assert (done.upto, done.gap) == (150, 0)
    path = carried.write_answers(site.centre, done, tmp_path)
    assert path is not None
    answers = carry.unpack_answers(path.read_bytes())
    site.believe(tuple(answers))
    assert site.store.answered_seq == 150
    assert site.store.result(77) is not None
    assert site.take() is None


def test_importing_again_in_any_order_doubles_nothing_and_a_gap_is_said(site: Site) -> None:
    site.write(40)
    first = site.take()
    assert first is not None
    site.believe(carried.bring(site.centre, [first.path], AT)[0].answers)
    site.write(40)
    second = site.take()
    site.believe(carried.bring(site.centre, [second.path], AT)[0].answers)  # type: ignore[union-attr]
    site.write(20)
    third = site.take()
    assert second is not None
    assert third is not None
    assert (second.manifest.first, third.manifest.first) == (41, 81)
    before = logged(site)
    for paths in ([second.path, first.path], [first.path], [second.path] * 3):
        assert all(one.gap == 0 for one in carried.bring(site.centre, paths, AT))
    assert logged(site) == before
    fresh = Site(_sub(site.folder, "other"))  # another centre that has seen nothing
    try:
        with fresh.centre.store.begin() as conn:
            conn.execute(
                _terminals().update().values(sign_public=site.keys.sign_public_pem)
            )
        gap, *_ = carried.bring(fresh.centre, [third.path], AT)
        assert (gap.gap, gap.upto, gap.answers) == (1, 0, ())
        done = carried.bring(fresh.centre, [third.path, first.path, second.path], AT)
        assert [one.upto for one in done] == [40, 80, 100]
    finally:
        fresh.store.close()
        fresh.made.close()


def test_a_stick_of_an_epoch_that_the_centre_never_saw_is_taken_behind_a_newer_one(site: Site) -> None:
    """Offline from the first day, records on the stick, a new epoch, and the network is faster. A chain
    of an older epoch may be opened by an export that staff bring, not by whoever sends one."""
    site.write(3)
    taken = site.take()
    assert taken is not None
    newer = _envelope_of(site, epoch=2)
    assert site.centre.on_message(topics.up(NAME), newer, AT + 1)
    late = _envelope_of(site, epoch=1)
    assert site.centre.on_message(topics.up(NAME), late, AT + 2) == []  # no stick, no staff
    (done,) = carried.bring(site.centre, [taken.path], AT + 3)
    assert (done.upto, done.gap) == (3, 0)
    site.believe(done.answers)
    assert site.store.answered_seq == 3
    assert audit.audit(site.centre.store).faults == ()
    assert carried.bring(site.centre, [taken.path], AT + 4)[0].upto == 3


def _envelope_of(site: Site, epoch: int) -> bytes:
    """One record at the beginning of that epoch's chain."""
    where = {"terminal": NAME, "epoch": epoch, "seq": 1}
    txid = bytes([epoch]) * 16
    header = record.RecordHeader(
        **where, prev=bytes(32), txid=txid, kind="settle", mode=Mode.QUEUED, boot=bytes(16),
        mono_ms=1, wall_ms=AT, error_ms=0, policy=bytes(32), keys="file",
        sealed=record.seal_body({"x": 1}, site.centre.keys.sealer, txid=txid, **where),
    )  # fmt: skip
    one = record.encode(header, site.keys.signer)
    return envelope.encode(envelope.Envelope(
        terminal=NAME, epoch=epoch, first_seq=1, records=(one,), answer_seen=0, tree_size=0
    ))  # fmt: skip


def test_what_was_exported_and_then_sent_by_the_network_is_there_once(site: Site) -> None:
    from edge.wire import envelope, topics

    site.write(30)
    taken = site.take()
    assert taken is not None
    (done,) = carried.bring(site.centre, [taken.path], AT)
    payload = envelope.encode(envelope.Envelope(NAME, 1, 1, tuple(site.store.records(1, 30))))
    live = site.centre.on_message(topics.up(NAME), payload, AT)  # the link is back first
    site.believe(tuple(data for _, data in live))
    assert site.store.answered_seq == 30
    site.believe(done.answers)  # the stick comes later: old, no harm
    assert site.store.answered_seq == 30
    assert [seq for seq, _ in logged(site)] == list(range(1, 31))


def test_a_manifest_of_another_hand_is_not_taken(site: Site) -> None:
    site.write(3)
    taken = site.take()
    assert taken is not None
    other = FileKeys.create(site.folder / "other-keys")
    taken.path.write_bytes(carry.encode(taken.manifest, other.signer))
    with pytest.raises(EdgeError, match="E-EXP-03"):
        carried.bring(site.centre, [taken.path], AT)


# -- wiping ---------------------------------------------------------------------------------------
def test_nothing_is_wiped_while_a_record_without_a_receipt_would_be_lost(site: Site) -> None:
    site.write(3)
    with pytest.raises(EdgeError, match=r"E-FLD-01.*3 records") as raised:
        guard.must_be_empty_or_exported(site.closed())
    assert "export" in raised.value.hint


def test_an_export_up_to_the_head_lets_it_be_wiped_and_an_older_one_does_not(site: Site) -> None:
    site.write(3)
    old = site.take()
    site.write(1)
    new = site.take()
    assert old is not None
    assert new is not None
    config = site.closed()
    with pytest.raises(EdgeError, match="E-FLD-02"):
        guard.must_be_empty_or_exported(config, old.path)
    assert guard.must_be_empty_or_exported(config, new.path).unanswered == 4
    (site.stick / new.manifest.parts[0].name).write_bytes(b"x")
    with pytest.raises(EdgeError, match="E-EXP-03"):
        guard.must_be_empty_or_exported(config, new.path)
    with pytest.raises(EdgeError, match="E-EXP-03"):
        guard.must_be_empty_or_exported(config, site.folder / "facepay.toml")


def test_an_export_that_the_centre_would_refuse_does_not_let_it_be_wiped(site: Site) -> None:
    """Its hashes are right and its signature is not: one flipped bit on the stick, or another hand.
    After the wipe nobody could sign it again."""
    site.write(3)
    taken = site.take()
    assert taken is not None
    config = site.closed()
    good = taken.path.read_bytes()
    taken.path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(EdgeError, match="E-EXP-03"):
        guard.must_be_empty_or_exported(config, taken.path)
    taken.path.write_bytes(good)
    assert guard.must_be_empty_or_exported(config, taken.path).unanswered == 3


def test_no_agent_takes_a_record_between_the_question_and_the_wipe(site: Site) -> None:
    """A supervisor starts the agent again while somebody types the terminal's name."""
    site.write(2)
    taken = site.take()
    assert taken is not None
    config = site.closed()
    with guard.nothing_is_lost(config, taken.path) as found:
        assert found.unanswered == 2
        with pytest.raises(EdgeError, match="E-STO-04"):
            site.open()
        steps = wipe.everything(config)
        first = next(steps)
        assert first.parent.name == "keys"  # no agent begins another ledger with the old keys
        with pytest.raises(EdgeError, match="E-STO-04"):
            site.open()
        for _ in steps:
            pass
    assert not list((site.folder / "data").iterdir())


def test_an_export_of_another_chain_does_not_count(site: Site) -> None:
    site.write(3)
    other = Site(_sub(site.folder, "twin"))
    try:
        other.write(3)
        taken = other.take()
        assert taken is not None
        with pytest.raises(EdgeError, match="E-FLD-02"):
            guard.must_be_empty_or_exported(site.closed(), taken.path)
    finally:
        other.store.close()
        other.made.close()


def test_the_guard_asks_the_agent_to_stop_and_a_missing_ledger_is_empty(site: Site) -> None:
    site.write(1)
    with pytest.raises(EdgeError, match="E-STO-04"):
        guard.must_be_empty_or_exported(site.config)
    site.store.close()
    (site.folder / "data" / "ledger.db").unlink()
    assert guard.must_be_empty_or_exported(site.config).records == 0
    assert not (site.folder / "data" / "ledger.db").exists()  # looking makes nothing


def test_wiping_leaves_neither_keys_nor_ledger_and_can_be_run_again(site: Site) -> None:
    site.write(2)
    config = site.closed()
    secret = (site.folder / "keys" / "local.key").read_bytes()
    gone = [path.name for path in wipe.everything(config)]
    assert "ledger.db" in gone
    assert "sign.pem" in gone
    assert not (site.folder / "keys").exists()
    assert not list((site.folder / "data").iterdir())
    assert list(wipe.everything(config)) == []
    on_disk = b"".join(p.read_bytes() for p in site.folder.rglob("*") if p.is_file())
    assert secret not in on_disk


def test_new_keys_are_refused_while_a_ledger_depends_on_the_old_ones(site: Site) -> None:
    site.write(1)
    config = site.closed()
    for name in ("sign.pem", "seal.pem", "local.key"):
        (site.folder / "keys" / name).rename(site.folder / name)
    with pytest.raises(EdgeError, match="E-FLD-04"):
        guard.must_have_no_ledger(config)
    for _ in wipe.everything(config):
        pass
    guard.must_have_no_ledger(config)


def test_the_digest_of_a_part_is_that_of_its_file(site: Site) -> None:
    site.write(5)
    taken = site.take()
    assert taken is not None
    for part in taken.manifest.parts:
        assert hashlib.sha256((site.stick / part.name).read_bytes()).digest() == part.digest


def _sub(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _terminals():  # type: ignore[no-untyped-def]
    from sim.centre.books import store

    return store.terminals
