"""The golden bytes of protocol 1: every implementation must read and (but for the random parts)
reproduce them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cwt import COSE, COSEKey
from msgspec.structs import replace

from edge.core.types import Mode, Outcome
from edge.suites import es256
from edge.wire import answer, ask, cbor, commit, cose, envelope, policy, record, topics
from edge.wire.log import merkle, receipt
from edge.wire.log.trusted import TrustedCentre
from tests.vectors import make_wire

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors" / "wire.json").read_text())
DOMAINS = {
    "ask": ask.ASK_DOMAIN,
    "tell": ask.TELL_DOMAIN,
    "answer": answer.DOMAIN,
    "policy": policy.DOMAIN,
}


class Keys:
    """The keys of one side, from the file alone."""

    def __init__(self, side: str) -> None:
        given = GOLDEN[side]
        private = ec.derive_private_key(int(given["sign_private"], 16), ec.SECP256R1())
        self.signer = es256.Es256Signer(private)
        self.verifier = es256.Es256Verifier.of(es256.load_sign_public(given["sign_public_pem"]))
        self.opener = es256.HpkeOpener(
            x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(given["seal_private"]))
        )
        self.cwt = COSEKey.from_pem(
            given["sign_public_pem"], alg="ES256", kid=bytes.fromhex(given["kid"])
        )


TERMINAL, CENTRE = Keys("terminal"), Keys("centre")
RECORDS = [bytes.fromhex(one["cose"]) for one in GOLDEN["records"]]


def messages() -> list[tuple[str, dict, str, Keys]]:
    found = [
        (f"record {seq}", one, record.DOMAIN, TERMINAL)
        for seq, one in enumerate(GOLDEN["records"], 1)
    ]
    return found + [
        (name, GOLDEN[name], domain, TERMINAL if name == "ask" else CENTRE)
        for name, domain in DOMAINS.items()
    ]


@pytest.mark.parametrize("side", ["terminal", "centre"])
def test_key_ids_follow_from_the_keys(side: str) -> None:
    keys = Keys(side)
    assert keys.signer.kid.hex() == GOLDEN[side]["kid"]
    opened = x25519.X25519PrivateKey.from_private_bytes(bytes.fromhex(GOLDEN[side]["seal_private"]))
    assert opened.public_key().public_bytes_raw().hex() == GOLDEN[side]["seal_public"]


@pytest.mark.parametrize(
    ("one", "domain", "keys"), [m[1:] for m in messages()], ids=[m[0] for m in messages()]
)
def test_signed_messages_come_out_byte_for_byte(one: dict, domain: str, keys: Keys) -> None:
    opened = cose.open1(bytes.fromhex(one["cose"]), keys.verifier, domain=domain, max_bytes=99_999)
    assert opened.payload.hex() == one["payload"]
    assert (
        cose.sig_structure(bytes.fromhex(one["protected"]), domain, opened.payload).hex()
        == one["to_be_signed"]
    )
    assert (
        keys.signer.sign(bytes.fromhex(one["to_be_signed"])).hex() == one["signature"]
    )  # RFC 6979
    again = cose.sign1(
        opened.payload, keys.signer, domain=domain, content_type=opened.protected.get(3, "")
    )
    assert again.hex() == one["cose"]


@pytest.mark.parametrize(
    ("one", "domain", "keys"), [m[1:] for m in messages()], ids=[m[0] for m in messages()]
)
def test_another_implementation_verifies_them(one: dict, domain: str, keys: Keys) -> None:
    assert (
        COSE.new().decode(bytes.fromhex(one["cose"]), keys.cwt, external_aad=domain.encode()).hex()
        == one["payload"]
    )


def test_records_come_out_byte_for_byte_and_open() -> None:
    prev = bytes(32)
    for data, golden in zip(RECORDS, GOLDEN["records"], strict=True):
        fields = dict(golden["header"], mode=Mode(golden["header"]["mode"]))
        for name in ("prev", "txid", "boot", "policy", "sealed", "commit"):
            fields[name] = bytes.fromhex(fields[name])
        header = record.RecordHeader(**fields)
        assert record.encode(header, TERMINAL.signer) == data
        assert record.decode(data, TERMINAL.verifier) == header
        assert header.prev == prev
        prev = record.record_hash(data)
        assert prev.hex() == golden["hash"] == hashlib.sha256(data).hexdigest()
        assert (
            CENTRE.opener.open(record.DOMAIN, bytes.fromhex(golden["aad"]), header.sealed).hex()
            == golden["body"]
        )
        assert record.open_body(header, CENTRE.opener) == make_wire.BODY
        salted = cbor2.loads(bytes.fromhex(golden["body"]))
        assert salted == make_wire.BODY | {commit.SALT_KEY: make_wire.SALT}


def test_the_envelope_comes_out_byte_for_byte() -> None:
    sent = envelope.decode(bytes.fromhex(GOLDEN["envelope"]))
    assert sent.records == tuple(RECORDS)
    assert (sent.first_seq, sent.answer_seen, sent.tree_size) == (1, 8, 3)
    assert envelope.encode(sent).hex() == GOLDEN["envelope"]


def test_the_question_and_the_reply_open() -> None:
    asked = ask.decode_ask(bytes.fromhex(GOLDEN["ask"]["cose"]), TERMINAL.verifier)
    assert cbor.dumps(ask.open_ask(asked, CENTRE.opener)).hex() == GOLDEN["ask"]["body"]
    told = ask.decode_tell(bytes.fromhex(GOLDEN["tell"]["cose"]), CENTRE.verifier)
    assert ask.open_tell(told, TERMINAL.opener) == make_wire.OUTPUT
    assert (told.infno, told.ask) == (asked.infno, asked.ask)


def test_the_log_and_its_receipts_come_out_byte_for_byte() -> None:
    log, tree = GOLDEN["log"], merkle.Tree()
    leaves = [bytes.fromhex(leaf) for leaf in log["leaves"]]
    assert tree.root().hex() == log["roots"][0]
    for leaf, root in zip(leaves, log["roots"][1:], strict=True):
        tree.append(leaf)
        assert tree.root().hex() == root
    plain = bytes.fromhex(GOLDEN["answer"]["result"])
    assert (
        receipt.leaf_bytes(record.record_hash(RECORDS[0]), "t-0001", 7, 1, Outcome.SETTLED, plain)
        == leaves[4]
    )
    made = receipt.inclusion_receipt(4, 7, tree.inclusion(4), tree.root(), CENTRE.signer)
    assert made.hex() == log["inclusion_receipt"]
    assert receipt.check_inclusion(made, leaves[4], CENTRE.verifier) == (7, 4, tree.root())
    assert (
        receipt.consistency_from(
            tree, [log["old_size"]], 7, receipt.SignedRoot.make(tree.root(), CENTRE.signer)
        ).hex()
        == log["consistency_receipt"]
    )
    for name in ("inclusion_receipt", "consistency_receipt"):
        COSE.new().decode(bytes.fromhex(log[name]), CENTRE.cwt, detached_payload=tree.root())


def test_the_answer_comes_out_byte_for_byte_and_a_terminal_believes_it() -> None:
    golden, log = GOLDEN["answer"], GOLDEN["log"]
    data = bytes.fromhex(golden["cose"])
    wire = answer.decode(data, CENTRE.verifier)
    assert answer.encode(wire, CENTRE.signer) == data
    old = (log["old_size"], bytes.fromhex(log["roots"][log["old_size"]]))
    door = TrustedCentre("t-0001", 7, CENTRE.verifier, TERMINAL.opener, old, 8)
    got = door.accept(data, lambda seq: record.record_hash(RECORDS[seq - 1]))
    assert got is not None
    assert got.results[0].body == make_wire.RESULT
    assert got.results[0].receipt.hex() == log["inclusion_receipt"]
    aad = cbor.dumps([wire.terminal, wire.epoch, wire.number])
    opened = TERMINAL.opener.open(answer.RESULTS_DOMAIN, aad, wire.sealed)
    assert opened == cbor.dumps([bytes.fromhex(golden["result"])])
    assert (got.credit.window, got.tree_size, got.root.hex()) == (10, 7, log["roots"][7])


def test_a_policy_that_was_stored_before_an_upgrade_goes_on_after_it() -> None:
    """stripe-ios#275: an upgrade must not switch offline acceptance off. The document is one of
    version 0.1.0, byte for byte; limits that came later have their defaults."""
    stored = bytes.fromhex((make_wire.FILE.parent / "policy_0_1.hex").read_text())
    found = policy.decode(stored, CENTRE.verifier, terminal="t-0001")
    assert found == make_wire.POLICY
    assert (found.caps.attest_days_max, found.caps.records_age_hours_max) == (30, 72)
    assert found.profile == "P1" and not found.force


def test_the_policy_comes_out_byte_for_byte() -> None:
    document = bytes.fromhex(GOLDEN["policy"]["cose"])
    assert policy.decode(document, CENTRE.verifier, terminal="t-0001") == make_wire.POLICY
    assert policy.encode(make_wire.POLICY, "*", CENTRE.signer) == document
    assert policy.encode(replace(make_wire.POLICY, version=5), "*", CENTRE.signer) != document


def test_topics_come_out_as_written() -> None:
    assert {name: topics.up(name) for name in GOLDEN["topics"]} == GOLDEN["topics"]


def test_the_maker_still_makes_the_same_messages_but_for_the_sealed_parts() -> None:
    made = make_wire.make()
    drawn = dict.fromkeys(
        ("leaves", "roots", "signed_root", "inclusion_receipt", "consistency_receipt"), 0
    )
    assert made["log"] | drawn == GOLDEN["log"] | drawn
    assert made["policy"] == GOLDEN["policy"]
    assert [one["body"] for one in made["records"]] == [one["body"] for one in GOLDEN["records"]]
    assert made["answer"]["result"] == GOLDEN["answer"]["result"]
