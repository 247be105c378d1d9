"""Group `crypto`: our sign, verify, seal, open and receipt check, against the bare pyca call."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from edge.core.types import Draft, Outcome
from edge.drivers.keys.file import Driver as FileKeys
from edge.suites import es256
from edge.wire import cbor, cose, record
from edge.wire.envelope import RECORDS_MAX, Envelope, encode
from edge.wire.log import merkle, receipt
from edge.wire.log.trusted import TrustedCentre
from sim.centre.keys import CentreKeys
from sim.clinic.counter import TERMINAL
from tests.bench.figure import Figure, Size, Work, in_turns, paired, repeated, spread
from tests.bench.material import Drafts
from tests.bench.receiver import Receiver

CALLS = 20  # of one round
LEAVES = 10_000  # in the log whose receipts are checked
AT_ONCE = 12  # records in one envelope: as many of this size as fit
SMALL_BYTES = 200  # of a sealed body, where as many records as are allowed fit
SIGN = "pyca sign (P-256, RFC 6979)"
VERIFY = "pyca verify"
EPOCH = 1
assert AT_ONCE <= RECORDS_MAX


class Kit:
    """Fixed material; the raw calls work on the very bytes that ours work on."""

    def __init__(self, directory: Path) -> None:
        self.keys = FileKeys.create(directory / "keys")
        self.centre = CentreKeys.create(directory / "centre")
        self.draft: Draft = Drafts("C", 0).next()
        self.plain = cbor.dumps(self.draft.body)
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.signer = es256.Es256Signer(self.private)
        self.verifier = es256.Es256Verifier.of(self.private.public_key())
        self.seal_key = es256.generate_seal_key()
        self.sealer = es256.HpkeSealer(self.seal_key.public_key())
        self.opener = es256.HpkeOpener(self.seal_key)
        self.header = self._header()
        self.data = record.encode(self.header, self.signer)
        parts = cose.peek1(self.data, max_bytes=record.RECORD_BYTES_MAX)
        self.message = cose.sig_structure(cbor.dumps(parts.protected), record.DOMAIN, parts.payload)
        self.raw = self.signer.sign(self.message)
        self.der = self.private.sign(self.message, ec.ECDSA(hashes.SHA256()))

    def _header(self) -> record.RecordHeader:
        txid = self.draft.txid
        sealed = record.seal_body(
            self.draft.body, self.sealer, terminal=TERMINAL, epoch=EPOCH, seq=1, txid=txid
        )
        return record.RecordHeader(
            terminal=TERMINAL,
            epoch=EPOCH,
            seq=1,
            prev=bytes(32),
            txid=txid,
            kind="settle",
            mode=self.draft.mode,
            boot=bytes(16),
            mono_ms=1,
            wall_ms=1,
            error_ms=1,
            policy=bytes(32),
            keys="file",
            sealed=sealed,
        )


def measure(directory: Path, size: Size) -> list[Figure]:
    """The whole group."""
    directory.mkdir(parents=True)
    kit = Kit(directory)
    figures = [*_signing(kit, size), *_sealing(kit, size), *_receipt(kit, size)]
    for at_once, sealed in ((AT_ONCE, kit.header.sealed), (RECORDS_MAX, bytes(SMALL_BYTES))):
        figures.append(_answer(kit, size, at_once, sealed))
    return figures


def _pair(
    name: str, ours: Work, floor: Work, floor_name: str, size: Size, *, note: str = ""
) -> Figure:
    values, floors = in_turns(size.crypto, [ours, floor])
    return paired(
        group="crypto",
        name=name,
        unit="µs",
        values=values,
        floors=floors,
        floor_name=floor_name,
        scale=1e6,
        note=note or spread(values, 1e6, 0),
    )


def _calls(work: Callable[[], object]) -> Work:
    return repeated(work, CALLS)


def _signing(kit: Kit, size: Size) -> list[Figure]:
    steady = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    plain, public = ec.ECDSA(hashes.SHA256()), kit.private.public_key()
    kid, alg = kit.signer.kid, kit.signer.alg
    sign = _calls(lambda: kit.private.sign(kit.message, steady))
    verify = _calls(lambda: public.verify(kit.der, kit.message, plain))
    (random_nonce,) = in_turns(size.crypto, [_calls(lambda: kit.private.sign(kit.message, plain))])
    usual = statistics.median(random_nonce) * 1e6
    cheaper = f"with a random nonce pyca takes {usual:.0f} µs"
    record_note = f"record of {len(kit.data)} B"
    return [
        _pair("sign", _calls(lambda: kit.signer.sign(kit.message)), sign, SIGN, size, note=cheaper),
        _pair(
            "verify", _calls(lambda: kit.verifier.verify(kid, alg, kit.message, kit.raw)),
            verify, VERIFY, size,
        ),
        _pair(
            "a record: CBOR, COSE, sign", _calls(lambda: record.encode(kit.header, kit.signer)),
            sign, SIGN, size, note=record_note,
        ),
        _pair(
            "a record: read and verify", _calls(lambda: record.decode(kit.data, kit.verifier)),
            verify, VERIFY, size, note=record_note,
        ),
    ]  # fmt: skip


def _sealing(kit: Kit, size: Size) -> list[Figure]:
    hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    public, info = kit.seal_key.public_key(), b"bench"
    aad = cbor.dumps([TERMINAL, EPOCH, 1, kit.draft.txid])
    ours, raw = kit.sealer.seal("bench", aad, kit.plain), hpke.encrypt(kit.plain, public, info=info)
    note = f"body of {len(kit.plain)} B"
    return [
        _pair(
            "seal", _calls(lambda: kit.sealer.seal("bench", aad, kit.plain)),
            _calls(lambda: hpke.encrypt(kit.plain, public, info=info)), "pyca HPKE encrypt", size,
            note=note,
        ),
        _pair(
            "open", _calls(lambda: kit.opener.open("bench", aad, ours)),
            _calls(lambda: hpke.decrypt(raw, kit.seal_key, info=info)), "pyca HPKE decrypt", size,
            note=note,
        ),
    ]  # fmt: skip


def _receipt(kit: Kit, size: Size) -> list[Figure]:
    tree = merkle.Tree()
    leaf = receipt.leaf_bytes(bytes(32), TERMINAL, EPOCH, 1, Outcome.SETTLED, kit.plain)
    for number in range(LEAVES):
        tree.append(leaf if number == LEAVES // 3 else number.to_bytes(8, "big"))
    path = tree.inclusion(LEAVES // 3)
    proof = receipt.inclusion_receipt(LEAVES // 3, LEAVES, path, tree.root(), kit.signer)
    public, plain = kit.private.public_key(), ec.ECDSA(hashes.SHA256())
    return [
        _pair(
            "a receipt: signature and inclusion proof",
            _calls(lambda: receipt.check_inclusion(proof, leaf, kit.verifier)),
            _calls(lambda: public.verify(kit.der, kit.message, plain)), VERIFY, size,
            note=f"{len(proof)} B, log of {LEAVES} leaves",
        )
    ]  # fmt: skip


def _answer(kit: Kit, size: Size, at_once: int, body: bytes) -> Figure:
    """What the terminal does with each record's answer, and what a receiver does to give it; in CPU
    time, which neighbours on the machine do not change much."""
    head, records = bytes(32), []
    for seq in range(1, at_once + 1):
        header = record.RecordHeader(
            **{name: getattr(kit.header, name) for name in kit.header.__struct_fields__}
            | {"seq": seq, "prev": head, "sealed": body}
        )
        records.append(record.encode(header, kit.keys.signer))
        head = record.record_hash(records[-1])
    payload = encode(Envelope(TERMINAL, EPOCH, 1, tuple(records)))
    hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    public, plain = kit.private.public_key(), ec.ECDSA(hashes.SHA256())
    sealed = hpke.encrypt(kit.plain, kit.seal_key.public_key(), info=b"bench")
    taken: list[bytes] = []

    def receive() -> float:
        receiver = Receiver(kit.centre, kit.keys.sign_public_pem, kit.keys.seal_public_bytes)
        began = time.process_time()
        taken[:] = [receiver.take(payload)]
        return (time.process_time() - began) / at_once

    def accept() -> float:
        door = TrustedCentre(TERMINAL, EPOCH, kit.centre.verifier, kit.keys.opener)
        began = time.process_time()
        accepted = door.accept(taken[0], lambda seq: record.record_hash(records[seq - 1]))
        spent = time.process_time() - began
        assert accepted is not None
        assert len(accepted.results) == at_once
        return spent / at_once

    def raw() -> float:
        began = time.process_time()
        for _ in range(CALLS):
            public.verify(kit.der, kit.message, plain)
            hpke.decrypt(sealed, kit.seal_key, info=b"bench")
        return (time.process_time() - began) / CALLS

    receive()
    values, receives, floors = in_turns(size.crypto, [accept, receive, raw])
    centre, mine = statistics.median(receives) * 1e6, statistics.median(values)
    return paired(
        group="crypto", name=f"an answer to {at_once} records: check everything, CPU of each",
        unit="µs", values=values, floors=floors, floor_name="pyca verify + HPKE decrypt, of one",
        scale=1e6,
        note=f"{1 / mine:,.0f} records a CPU second; a verifying receiver spends {centre:.0f} µs on each",
    )  # fmt: skip
