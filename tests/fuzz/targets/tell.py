"""Replies of the centre, as the terminal reads them."""

from edge.wire import ask
from tests.fuzz.kit import both, payload
from tests.wire.kit import centre, terminal
from tests.wire.test_fuzz import TELL

MAX_BYTES = 8_192


def seeds() -> list[bytes]:
    return [TELL, payload(TELL)]


def eat(data: bytes) -> None:
    both(
        lambda whole: ask.open_tell(ask.decode_tell(whole, centre.verifier), terminal.opener),
        data,
        centre,
        ask.TELL_DOMAIN,
    )
