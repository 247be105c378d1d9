"""What a bank and a centre say to each other: anything may come over that line, on either end."""

from edge.errors import EdgeError
from edge.suites import es256
from sim.bank import wire
from sim.bank.faults import Fault
from sim.bank.server import Mine, Repay
from sim.bank.telling import Paid
from sim.centre.mobile.door import Look, Yes
from sim.centre.mobile.purse import Send, Take
from tests.fuzz.kit import Repeats

MAX_BYTES = 2_048
SIGNER = Repeats("bank")
VERIFIER = es256.Es256Verifier.of(SIGNER._key.public_key())
FORMS = [form for pair in wire.QUESTIONS.values() for form in pair]
FORMS += [Repay, Mine, Fault, Paid, Look, Yes, Send, Take]


def seeds() -> list[bytes]:
    wish = {"pay_ordid": "P1", "psn_no": "S", "way": "credit", "fen": 100}
    asked = [wire.plain(wish), wire.plain({"good": True}), wire.plain({"psn_no": "S"})]
    return [*asked, wire.sign(SIGNER, wire.ASK, b"/v1/hold", asked[0]).encode()]


def eat(data: bytes) -> None:
    good, last = 0, EdgeError("E-WIR-20", "nothing reads it")
    for form in FORMS:
        try:
            made = wire.decode(data, form)
        except EdgeError as error:
            last = error
            continue
        assert wire.decode(wire.plain(made), form) == made
        good += 1
    try:
        wire.check(VERIFIER, data.decode("latin-1"), wire.ASK, b"/v1/hold", data)
    except EdgeError as error:
        last = error
    if not good:
        raise last
