"""Makes tests/vectors/wire.json: `python -m tests.vectors.make_wire`. Only for a new protocol
version: the bytes are golden.

Signatures are RFC 6979, so everything but the sealed parts (HPKE draws a fresh key each time)
comes out the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from edge.core.types import Caps, Credit, Mode, Outcome, Policy
from edge.suites import es256
from edge.wire import answer, ask, cbor, commit, cose, envelope, policy, record, topics
from edge.wire.log import merkle, receipt
from tests.wire.kit import EPOCH, TERMINAL, ZERO, Side, centre, seal_key, sign_key, terminal

FILE = Path(__file__).with_name("wire.json")
BODY = {
    "plan": [
        {
            "infno": "2207",
            "msgid": "H00000000001202611211200000001",
            "input": {"data": {"medfee_sumamt": "128.50"}},
        }
    ],
    "bill_no": "B-1",
    "kind": "settle",
    "verdict": {"live": True, "score": 0.96875, "steps": ["blink", "turn_left"]},
    "estimate": None,
}
RESULT = {
    "infcode": 0,
    "err_msg": "",
    "setlinfo": {"setl_id": "S-1", "fund_pay_sumamt": "96.20"},
    "difference_fen": 0,
}
QUESTION = {"means": "card", "mdtrt_cert_type": "03", "mdtrt_cert_no": "A00000001", "card_sn": "0"}
OUTPUT = {"authNo": "AUTH-1", "people": [{"psn_no": "P1", "psn_name": "张*", "insutype": "310"}]}
POLICY = Policy(
    "P1",
    4,
    1_790_000_000_000,
    1_790_600_000_000,
    Caps(),
    ("settle", "pharmacy"),
    50_000,
    0.85,
    2,
    rules={"ratio": "0.85"},
)
SALT = b"S" * commit.SALT_BYTES
LEAVES = [b"another terminal's leaf %d" % number for number in range(6)]
OLD = 3


def keys_of(side: Side) -> dict[str, str]:
    sign, seal = sign_key(side.name), seal_key(side.name)
    return {
        "sign_private": f"{sign.private_numbers().private_value:064x}",
        "sign_public_pem": es256.public_pem(sign.public_key()).decode(),
        "kid": side.signer.kid.hex(),
        "seal_private": seal.private_bytes_raw().hex(),
        "seal_public": seal.public_key().public_bytes_raw().hex(),
    }


def signed(data: bytes, domain: str) -> dict[str, str]:
    """A COSE message with the parts a second implementation wants to compare."""
    protected, _, payload, signature = cbor.loads(data[1:], max_bytes=1 << 20)
    tbs = cose.sig_structure(protected, domain, payload)
    return {
        "cose": data.hex(),
        "protected": protected.hex(),
        "payload": payload.hex(),
        "to_be_signed": tbs.hex(),
        "signature": signature.hex(),
    }


def make_records() -> list[dict[str, Any]]:
    made, prev = [], ZERO
    for seq in (1, 2):
        txid = bytes([seq]) * 16
        place = {"terminal": TERMINAL, "epoch": EPOCH, "seq": seq, "txid": txid}
        header = record.RecordHeader(
            **place,
            prev=prev,
            kind="settle",
            mode=Mode.ONLINE if seq == 1 else Mode.PROVISIONAL,
            boot=b"B" * 16,
            mono_ms=61_000,
            wall_ms=1_790_000_000_000 + seq,
            error_ms=25,
            policy=ZERO,
            keys="file",
            sealed=record.seal_body(BODY, centre.sealer, **place, salt=SALT),
            commit=commit.open_all(BODY, SALT).commitment(),
        )
        data = record.encode(header, terminal.signer)
        prev = record.record_hash(data)
        made.append(
            {
                "header": {
                    name: value.hex() if isinstance(value, bytes) else value
                    for name, value in msgspec.structs.asdict(header).items()
                },
                "aad": cbor.dumps([TERMINAL, EPOCH, seq, txid]).hex(),
                "body": cbor.dumps(BODY | {commit.SALT_KEY: SALT}).hex(),
                "hash": prev.hex(),
                **signed(data, record.DOMAIN),
            }
        )
    return made


def make_answer(first: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    plain = cbor.dumps(RESULT)
    leaf = receipt.leaf_bytes(record.record_hash(first), TERMINAL, EPOCH, 1, Outcome.SETTLED, plain)
    tree = merkle.Tree()
    for one in [*LEAVES[:4], leaf, *LEAVES[4:]]:
        tree.append(one)
    size, root = tree.size, tree.root()
    proof = receipt.inclusion_receipt(4, size, tree.inclusion(4), root, centre.signer)
    signed_root = receipt.SignedRoot.make(root, centre.signer)
    consistency = receipt.consistency_from(tree, [OLD], size, signed_root)
    sealed = answer.seal_results(
        [plain], terminal.sealer, terminal=TERMINAL, epoch=EPOCH, number=9
    )
    wire = answer.WireAnswer(
        TERMINAL,
        EPOCH,
        1,
        record.record_hash(first),
        9,
        1_790_000_000_900,
        Credit(10, 50, 60_000),
        (answer.WireResult(1, Outcome.SETTLED, 4, b"".join(tree.inclusion(4))),),
        size,
        root,
        consistency,
        signed_root.bare,
        sealed,
    )
    log = {
        "leaves": [one.hex() for one in [*LEAVES[:4], leaf, *LEAVES[4:]]],
        "roots": [tree.root(n).hex() for n in range(size + 1)],
        "old_size": OLD,
        "signed_root": signed_root.bare.hex(),
        "inclusion_receipt": proof.hex(),
        "consistency_receipt": consistency.hex(),
    }
    return {
        "result": plain.hex(),
        "sealed": sealed.hex(),
        **signed(answer.encode(wire, centre.signer), answer.DOMAIN),
    }, log


def make() -> dict[str, Any]:
    records = make_records()
    data = [bytes.fromhex(one["cose"]) for one in records]
    the_answer, log = make_answer(data[0])
    question = ask.encode_ask(
        ask.Ask(TERMINAL, b"Q" * 16, "1101", 1_790_000_000_000, QUESTION),
        terminal.signer,
        centre.sealer,
    )
    reply = ask.encode_tell(
        ask.Tell(TERMINAL, b"Q" * 16, "1101", 0, "", OUTPUT, 1_790_000_000_400),
        centre.signer,
        terminal.sealer,
    )
    sent = envelope.encode(envelope.Envelope(TERMINAL, EPOCH, 1, tuple(data), 8, OLD, ZERO))
    return {
        "about": "facepay sync protocol 1 (edge/docs/PROTOCOL.md); binary in hex; test keys only",
        "terminal": keys_of(terminal),
        "centre": keys_of(centre),
        "records": records,
        "envelope": sent.hex(),
        "ask": {"body": cbor.dumps(QUESTION).hex(), **signed(question, ask.ASK_DOMAIN)},
        "tell": {"output": cbor.dumps(OUTPUT).hex(), **signed(reply, ask.TELL_DOMAIN)},
        "log": log,
        "answer": the_answer,
        "policy": signed(policy.encode(POLICY, "*", centre.signer), policy.DOMAIN),
        "topics": {name: topics.up(name) for name in (TERMINAL, "t-0002", "A", "clinic-7.desk_2")},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n")
