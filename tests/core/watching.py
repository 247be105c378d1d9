"""A challenge that is watched shot by shot, as the terminal does it."""

from __future__ import annotations

from edge.core.events import LookSeen
from edge.core.types import Verdict
from edge.core.visit.face import liveness


def watched(clip: liveness.Clip, *looks: LookSeen) -> liveness.Clip | Verdict:
    """The verdict, or the clip when the shots ended before there was one (a timeout in the terminal)."""
    for look in looks:
        after = liveness.watch(clip, look, 0.5)
        if isinstance(after, Verdict):
            return after
        clip = after
    return clip
