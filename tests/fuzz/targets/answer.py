"""Answers through the one door (TrustedCentre), also with the centre's good signature."""

from edge.wire import answer
from tests.fuzz.kit import ANSWER, DESK, both, payload
from tests.wire.kit import centre, door

MAX_BYTES = 8_192


def seeds() -> list[bytes]:
    return [ANSWER, payload(ANSWER), payload(DESK.answer([])), payload(DESK.answer([1]))]


def eat(data: bytes) -> None:
    first = (3, DESK.tree.root(3))
    both(lambda whole: door(first).accept(whole, DESK.ours), data, centre, answer.DOMAIN)
    both(lambda whole: door().accept(whole, DESK.ours), data, centre, answer.DOMAIN)
