"""How the terminal of a virtual world reads what the centre sent, as the agent does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.core.events import AnswerBad, Answered, PolicyArrived
from edge.errors import EdgeError
from edge.wire import policy, topics

if TYPE_CHECKING:
    from sim.world.terminal import VirtualTerminal

CENTRE_ALARMS = ("E-LOG-",)


def hear(device: VirtualTerminal, topic: str, payload: bytes, *, noise: bool) -> None:
    """Verify a message and post what it says; `noise`: it is not what the centre wrote."""
    what, _, _ = topics.parse(topic)
    try:
        if what == "down":
            answer = device.scribe.answer(payload, device.store.record_hash)
            device.watch.heard(what, noise=noise, refused="")
            if answer is not None:
                device.post(Answered(answer))
            return
        infno, told = device.scribe.tell(payload)
    except EdgeError as error:
        device.time.note(f"refused {error.code}")
        device.watch.heard(what, noise=noise, refused=f"{error}")
        if error.code.startswith(CENTRE_ALARMS):
            device.post(AnswerBad(error.code))
        return
    device.watch.heard(what, noise=noise, refused="")
    document = told.body.get("document")
    if infno == "policy" and told.infcode == 0 and isinstance(document, bytes):
        arrived: PolicyArrived = device.scribe.policy(document)
        device.policy_hash = policy.document_hash(document)
        device.post(arrived)
    if infno == "roster" and told.infcode == 0 and isinstance(document, bytes):
        device.post(device.scribe.roster(document))
    device.post(told)
