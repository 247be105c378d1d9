"""Roster parts: a stranger's, and any payload that the centre's key signed."""

from edge.wire import roster
from tests.core.test_roster import some_part
from tests.fuzz.kit import both, payload
from tests.wire.kit import TERMINAL, centre

MAX_BYTES = 8_192
PART = roster.encode(some_part(3), TERMINAL, centre.signer)


def seeds() -> list[bytes]:
    return [PART, payload(PART)]


def eat(data: bytes) -> None:
    both(
        lambda whole: roster.decode(whole, centre.verifier, terminal=TERMINAL),
        data,
        centre,
        roster.DOMAIN,
    )
