"""A terminal and a centre that already agree: what the attacks on TrustedCentre begin with."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from edge.errors import EdgeError
from edge.wire import answer, cose
from edge.wire.log import receipt
from edge.wire.log.trusted import TrustedCentre
from tests.wire.kit import Desk, centre, chain

RECORDS = chain(12)


@dataclass
class Scene:
    """A terminal and a centre that already agree on two settled records."""

    desk: Desk
    door: TrustedCentre

    def refused(self, data: bytes, code: str) -> None:
        before = (self.door.checkpoint, self.door.last_number)
        with pytest.raises(EdgeError) as caught:
            self.door.accept(data, self.desk.ours)
        assert caught.value.code == code
        assert (self.door.checkpoint, self.door.last_number) == before

    def taken(self, data: bytes) -> answer.Answer:
        got = self.door.accept(data, self.desk.ours)
        assert got is not None
        self.door.confirm(got)
        return got


def signed(wire: answer.WireAnswer, **changes: object) -> bytes:
    """The answer with these changes, which the centre itself signed."""
    return answer.encode(replace(wire, **changes), centre.signer)


def consistency(
    desk: Desk, olds: list[int], size: int, signer: cose.Signer = centre.signer
) -> bytes:
    """The receipt that leads from these sizes to `size`."""
    made = receipt.SignedRoot.make(desk.tree.root(size), signer)
    return receipt.consistency_from(desk.tree, olds, size, made)


def fork(scene: Scene, decided: tuple[int, ...] = (1, 2)) -> Desk:
    """A centre that tells us another history, of any length, with its own good signature."""
    other = Desk(list(RECORDS), number=scene.desk.number)
    other.others(3, salt="forged ")
    for seq in decided:
        other.decide(seq)
    other.others(20)
    return other


