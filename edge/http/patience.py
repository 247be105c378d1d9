"""A connection must say what it wants: uvicorn waits for a request's head without end, and 160
silent connections would lock the HIS and the patient's page out."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WAIT_S = 10.0  # for a whole head, as for a whole body


def impatient(head_wait_s: float = HEAD_WAIT_S) -> Any:
    """uvicorn's own protocol, with an end to waiting for a head. For `uvicorn.Config(http=...)`."""

    def make(**parts: Any) -> H11Protocol:
        protocol = H11Protocol(**parts)
        asyncio.get_running_loop().call_later(head_wait_s, _look, protocol, None, head_wait_s)
        return protocol

    return make


def _look(protocol: H11Protocol, before: object, wait_s: float) -> None:
    """Close it when since the last look no request has begun and none is being answered."""
    transport: asyncio.Transport | None = protocol.transport
    if transport is None or transport.is_closing():
        return
    waiting = protocol.conn.their_state is h11.IDLE and protocol.cycle is before
    # between two requests and silent: uvicorn's keep-alive timer is for that
    if waiting and (protocol.cycle is None or protocol.conn.trailing_data[0]):
        transport.close()
        return
    asyncio.get_running_loop().call_later(wait_s, _look, protocol, protocol.cycle, wait_s)
