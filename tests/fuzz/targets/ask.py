"""Questions of a terminal, as the centre reads them."""

from edge.wire import ask
from tests.fuzz.kit import both, payload
from tests.wire.kit import centre, terminal
from tests.wire.test_fuzz import ASK

MAX_BYTES = 8_192


def seeds() -> list[bytes]:
    return [ASK, payload(ASK)]


def eat(data: bytes) -> None:
    both(
        lambda whole: ask.open_ask(ask.decode_ask(whole, terminal.verifier), centre.opener),
        data,
        terminal,
        ask.ASK_DOMAIN,
    )
