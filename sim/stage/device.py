"""A terminal as the centre sees it: real keys, real records, real checks of every answer. The stage's
terminals speak through it; tests write with it by hand what no terminal would say.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from edge.core.money import yuan
from edge.core.types import Answer, Json, Mode
from edge.suites import es256
from edge.wire import ask as wire_ask
from edge.wire import envelope, record, topics
from edge.wire.log.trusted import TrustedCentre
from sim.centre import setup
from sim.centre.books.people import PersonSpec
from sim.centre.desk import Centre

NOW = 1_795_000_000_000  # 2026-11-18
ZERO = bytes(32)
BOOT = bytes(range(16))


def spec_of(name: str, sign: Any, seal: Any, **kw: Any) -> setup.TerminalSpec:
    return setup.TerminalSpec(
        name=name,
        sign_public=es256.public_pem(sign.public_key()),
        seal_public=es256.seal_public_bytes(seal.public_key()),
        **kw,
    )


class Device:
    """Writes records and believes answers by the product's own rules (wire.trusted)."""

    def __init__(self, name: str = "T-1", **spec: Any) -> None:
        self.name = name
        self.sign, self.seal = es256.generate_sign_key(), es256.generate_seal_key()
        self.signer, self.opener = es256.Es256Signer(self.sign), es256.HpkeOpener(self.seal)
        self.spec = spec_of(name, self.sign, self.seal, **spec)
        self.org = self.spec.fixmedins_code
        self.epoch = 1
        self.log: list[bytes] = []
        self.counter = 0
        self._seen: dict[str, tuple[PersonSpec, Json]] = {}
        self._spent: set[str] = set()
        self.policy_hash, self.document = ZERO, b""
        self.answers: list[Answer] = []
        self.published: list[bytes] = []

    def meet(self, centre: Centre) -> Device:
        self.centre = centre
        self.trusted = TrustedCentre(self.name, self.epoch, centre.keys.verifier, self.opener)
        return self

    # -- records --------------------------------------------------------------------------------
    def hash_of(self, seq: int) -> bytes | None:
        return record.record_hash(self.log[seq - 1]) if 1 <= seq <= len(self.log) else None

    def write(
        self, body: Json, mode: Mode = Mode.ONLINE, *, now: int = NOW, **override: Any
    ) -> int:
        """Append a record; its seq."""
        seq = len(self.log) + 1
        self.counter += 1
        txid = hashlib.sha256(f"{self.name}{self.epoch}{self.counter}".encode()).digest()[:16]
        txid = override.pop("txid", txid)
        sealer = override.pop("sealer", self.centre.keys.sealer)
        signer = override.pop("signer", self.signer)
        where: dict[str, Any] = {"terminal": self.name, "epoch": self.epoch, "seq": seq}
        sealed = record.seal_body(body, sealer, txid=txid, **where)
        fields: dict[str, Any] = {
            **where,
            "prev": (self.hash_of(seq - 1) if seq > 1 else ZERO) or ZERO,
            "txid": txid,
            "kind": body.get("kind", "settle"),
            "mode": mode,
            "boot": BOOT,
            "mono_ms": 1000 + seq,
            "wall_ms": now,
            "error_ms": 1000,
            "policy": self.policy_hash,
            "keys": "file",
            "sealed": sealed,
        }
        self.log.append(record.encode(record.RecordHeader(**(fields | override)), signer))
        return seq

    def payload(self, first: int, last: int) -> bytes:
        return envelope.encode(
            envelope.Envelope(
                terminal=self.name,
                epoch=self.epoch,
                first_seq=first,
                records=tuple(self.log[first - 1 : last]),
                answer_seen=self.trusted.last_number,
                tree_size=self.trusted.checkpoint[0],
            )
        )

    def send(self, first: int, last: int | None = None, *, now: int = NOW) -> list[Answer]:
        """Send records and take in what comes back."""
        payload = self.payload(first, first if last is None else last)
        return self.take(self.centre.on_message(topics.up(self.name), payload, now))

    def hello(self, *, now: int = NOW) -> list[Answer]:
        return self.send(len(self.log) + 1, len(self.log), now=now)

    def take(self, messages: list[tuple[str, bytes]]) -> list[Answer]:
        taken = []
        for topic, data in messages:
            assert topic == topics.down(self.name)
            self.published.append(data)
            answer = self.trusted.accept(data, self.hash_of)
            assert answer is not None
            self.trusted.confirm(answer)
            taken.append(answer)
        self.answers += taken
        return taken

    def do(
        self, body: Json, mode: Mode = Mode.ONLINE, *, now: int = NOW, sent: int = 0, **kw: Any
    ) -> Any:
        """Write, send, and the result of that record."""
        seq = self.write(body, mode, now=now, **kw)
        (answer,) = self.send(seq, now=sent or now)
        (result,) = answer.results
        assert result.seq == seq
        return result

    # -- questions ------------------------------------------------------------------------------
    def ask(self, infno: str, body: Json, *, now: int = NOW) -> tuple[int, Json]:
        self.counter += 1
        ask_id = hashlib.sha256(f"ask{self.name}{self.counter}".encode()).digest()[:16]
        question = wire_ask.Ask(self.name, ask_id, infno, now, body)
        data = wire_ask.encode_ask(question, self.signer, self.centre.keys.sealer)
        return self.told(self.centre.on_message(topics.ask(self.name), data, now))

    def told(self, messages: list[tuple[str, bytes]]) -> tuple[int, Json]:
        ((topic, reply),) = messages
        assert topic == topics.tell(self.name)
        header = wire_ask.decode_tell(reply, self.centre.keys.verifier)
        return header.infcode, wire_ask.open_tell(header, self.opener)

    def who(self, person: PersonSpec, *, now: int = NOW) -> Json:
        """1101 by card; the identity part of a body for the person themself."""
        card, kind = person.cards[0]
        body = {"means": "card", "mdtrt_cert_type": kind, "mdtrt_cert_no": card, "card_sn": ""}
        code, output = self.ask("1101", body, now=now)
        assert code == 0, output
        identity = self.identity("card", output, 0)
        self._seen[identity["ecToken"]] = (person, identity)
        return identity

    def fresh(self, identity: Json) -> Json:
        """As in life: who comes with another bill shows anew who they are. What was not told to
        this device by `who`, or was changed since, stays as it is."""
        token = identity.get("ecToken", "")
        person, told = self._seen.get(token, (None, None))
        again = person is not None and told == identity and token in self._spent
        chosen = self.who(person) if again and person is not None else identity
        self._spent.add(chosen.get("ecToken", ""))
        return chosen

    def identity(self, means: str, output: Json, index: int) -> Json:
        one = output["people"][index]
        return {
            "means": means,
            "authNo": output["authNo"],
            "psn_no": one["psn_no"],
            "ecToken": one["ecToken"],
        }

    def get_policy(self, *, now: int = NOW) -> bytes:
        code, output = self.ask("policy", {"hash": self.policy_hash}, now=now)
        assert code == 0
        if output:  # {}: the one that is held
            self.document = output["document"]
            self.policy_hash = hashlib.sha256(self.document).digest()
        return self.document

    # -- bodies ---------------------------------------------------------------------------------
    def msgid(self) -> str:
        self.counter += 1
        return f"{self.org:12.12}{'20261118080000'}{self.counter:04d}"

    def call(self, infno: str, **nodes: Any) -> Json:
        return {"infno": infno, "msgid": self.msgid(), "input": nodes}

    def body(self, kind: str, plan: list[Json], identity: Json, bill_no: str, **more: Any) -> Json:
        return {
            "plan": plan,
            "fixmedins_code": self.org,
            "fixmedins_name": self.spec.fixmedins_name,
            "mdtrtarea_admvs": self.spec.admdvs,
            "insuplc_admdvs": "510100",
            "opter_type": "2",
            "opter": "op",
            "opter_name": "op",
            "inf_time": "2026-11-18 08:00:00",
            "infver": "V1.0",
            "recer_sys_code": "YBXT",
            "bill_no": bill_no,
            "kind": kind,
            "identity": identity,
            "verdict": None,
            "estimate": None,
            "consent": None,
            **more,
        }

    def register(self, identity: Json, bill_no: str) -> Json:
        identity = self.fresh(identity)
        data = {"psn_no": identity.get("psn_no", ""), "ipt_otp_no": bill_no}
        return self.body("register", [self.call("2201", data=data)], identity, bill_no)

    def settle(
        self, identity: Json, bill_no: str, lines: list[tuple[str, int]], **more: Any
    ) -> Json:
        """2201 + 2204 + 2207; `mdtrt_id` leaves 2201 out."""
        identity = self.fresh(identity)
        mdtrt_id, data = more.pop("mdtrt_id", ""), more.pop("data", {})
        psn_no = identity.get("psn_no", "")
        visit = {"psn_no": psn_no, "ipt_otp_no": bill_no}
        plan = [] if mdtrt_id else [self.call("2201", data=visit)]
        plan.append(self.call("2204", feedetail=rows(lines)))
        final = {
            "psn_no": psn_no,
            "mdtrt_cert_type": "01",
            "mdtrt_cert_no": identity.get("ecToken", ""),
            "med_type": "11",
            "medfee_sumamt": yuan(sum(amount for _, amount in lines)),
            "mdtrt_id": mdtrt_id,
            "acct_used_flag": "1",
            "insutype": "",
            **data,
        }
        plan.append(self.call("2207", data=final))
        return self.body("settle", plan, identity, bill_no, **more)

    def inpatient(self, identity: Json, bill_no: str, lines: list[tuple[str, int]]) -> Json:
        """A 2401 now, and the 2301 + 2402 + 2304 of its stay."""
        first = self.fresh(identity)
        info = {"ipt_no": bill_no, "med_type": "21"}
        stay = self.do(self.body("admit", [self.call("2401", mdtrtinfo=info)], first, f"{bill_no}-in"))
        identity, mdtrt_id = self.fresh(identity), stay.body["mdtrt_id"]
        total = yuan(sum(amount for _, amount in lines))
        data = {"mdtrt_id": mdtrt_id, "med_type": "21", "medfee_sumamt": total, "acct_used_flag": "1"}
        plan = [
            self.call("2301", feedetail=rows(lines)),
            self.call("2402", dscginfo={"mdtrt_id": mdtrt_id}),
            self.call("2304", data=data),
        ]
        return self.body("inpatient", plan, identity, bill_no)

    def pharmacy(
        self, identity: Json, bill_no: str, lines: list[tuple[str, int]], **more: Any
    ) -> Json:
        identity = self.fresh(identity)
        data = {
            "psn_no": identity.get("psn_no", ""),
            "mdtrt_cert_no": identity.get("ecToken", ""),
            "med_type": "41",
            "medfee_sumamt": yuan(sum(amount for _, amount in lines)),
            "acct_used_flag": "1",
            "insutype": "",
            **more.pop("data", {}),
        }
        plan = [self.call("2102", data=data, drugdetail=rows(lines))]
        return self.body("pharmacy", plan, identity, bill_no, **more)

    def cancel(self, setl_id: str, bill_no: str, infno: str = "2208") -> Json:
        data = {"setl_id": setl_id, "mdtrt_id": "", "psn_no": ""}
        identity = {"means": "card", "authNo": "", "psn_no": "", "ecToken": ""}
        return self.body("cancel", [self.call(infno, data=data)], identity, bill_no)

    def offline(self, person: PersonSpec, template: bytes) -> tuple[Json, Json]:
        """(identity, verdict) of a patient with a card and a live face, without the centre."""
        card, kind = person.cards[0]
        identity: Json = {"means": "card", "card_no": card, "cert_type": kind}
        identity |= {"template": template, "template_model": "m" * 64}
        verdict = {
            "live": True,
            "score": 0.9,
            "shots": 12,
            "steps": ["blink", "turn_left"],
            "reasons": [],
            "models": [["anti", "a" * 64]],
            "threshold": 0.5,
        }
        return identity, verdict


def rows(lines: list[tuple[str, int]]) -> list[Json]:
    return [
        {
            "feedetl_sn": str(index),
            "med_list_codg": code,
            "medins_list_name": code,
            "det_item_fee_sumamt": yuan(amount),
            "cnt": "1",
            "pric": yuan(amount),
        }
        for index, (code, amount) in enumerate(lines)
    ]


def template(seed: int) -> bytes:
    """An invented face: 192 random directions."""
    return np.random.default_rng(seed).standard_normal(192).astype("<f4").tobytes()


def near(face: bytes, seed: int, noise: float = 0.3) -> bytes:
    """The same face on another day."""
    vector = np.frombuffer(face, dtype="<f4")
    shake = np.random.default_rng(seed).standard_normal(192) * noise
    moved: bytes = (vector + shake).astype("<f4").tobytes()
    return moved
