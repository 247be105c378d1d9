"""What a clinic shows to somebody who does not believe it: bundles."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.errors import EdgeError
from edge.http.bodies import read_number
from edge.http.his import BILL_ID_CHARS_MAX, answer
from edge.http.port import AgentPort


class Proof:
    """Reads only."""

    def __init__(self, port: AgentPort) -> None:
        self._port = port

    def routes(self) -> list[Route]:
        """GET /v1/bills/{bill_id}/bundle."""
        return [
            Route("/v1/bills/{bill_id}/bundle", self.bundle, methods=["GET"]),
        ]

    async def bundle(self, request: Request) -> Response:
        """One file as base64, for `facepay verify`. `cancel=1`: of the cancellation's record."""
        bill_id = str(request.path_params["bill_id"])
        cancel = bool(read_number(request, "cancel", 0, 1))
        found = None
        if len(bill_id) <= BILL_ID_CHARS_MAX:
            found = await self._port.bundle(bill_id, cancel=cancel)
        if found is None:
            raise EdgeError("E-HIS-06", "this terminal has no such bill")
        return answer(200, found)
