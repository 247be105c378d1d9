"""Policy documents: a stranger's, and any payload that the centre's key signed."""

from edge.wire import policy
from tests.fuzz.kit import both, payload
from tests.wire.kit import TERMINAL, centre
from tests.wire.test_fuzz import POLICY

MAX_BYTES = 8_192


def seeds() -> list[bytes]:
    return [POLICY, payload(POLICY)]


def eat(data: bytes) -> None:
    both(
        lambda whole: policy.decode(whole, centre.verifier, terminal=TERMINAL),
        data,
        centre,
        policy.DOMAIN,
    )
