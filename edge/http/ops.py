"""For whoever keeps the terminal running: is the process alive, and what does the API look like."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.http.openapi import document
from edge.http.port import AgentPort


class Ops:
    def __init__(self, port: AgentPort) -> None:
        self._port = port
        self._openapi = msgspec.json.encode(document(token=bool(port.api_token)))

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.health, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
        ]

    async def health(self, _request: Request) -> Response:
        body = {
            "status": "ok",
            "terminal": self._port.settings.terminal,
            "screen": self._port.screen().name,
        }
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def openapi(self, _request: Request) -> Response:
        return Response(self._openapi, media_type="application/json")
