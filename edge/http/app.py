"""The HTTP rooms put together: HIS API, patient's page, operations."""

from __future__ import annotations

from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from edge.errors import EdgeError
from edge.http import problem
from edge.http.days import Days
from edge.http.desk import Desk
from edge.http.guard import Guard, is_loopback
from edge.http.his import His
from edge.http.kiosk import Kiosk
from edge.http.nation import Nation
from edge.http.ops import Ops
from edge.http.patience import impatient
from edge.http.pharmacy import Pharmacy
from edge.http.port import AgentPort
from edge.http.proof import Proof
from edge.http.tasks import Tasks
from edge.http.upkeep import Upkeep

CONNECTIONS_MAX = 160  # long-polls, calls, screens and some room
HEAD_BYTES_MAX = 16 * 1024
IDLE_S = 30
STOP_S = 2  # streams never end by themselves: at a clean stop they are cut after this


def make_app(port: AgentPort) -> Starlette:
    """All routes over one agent."""
    his = His(port)
    rooms = (
        his,
        Proof(port),
        Tasks(port, his.decided),
        Days(port),
        Pharmacy(port),
        Upkeep(port),
        Kiosk(port),
        Nation(port),
        Desk(),
        Ops(port),
    )
    return Starlette(
        routes=[route for room in rooms for route in room.routes()],
        middleware=[Middleware(Guard, api_token=port.api_token)],
        exception_handlers={
            EdgeError: on_edge_error,
            HTTPException: on_http_error,
            Exception: on_unexpected,
        },
    )


def server_config(port: AgentPort, host: str = "127.0.0.1", tcp_port: int = 8080) -> uvicorn.Config:
    """The server with its bounds. Another interface than loopback needs a token: E-CFG-10."""
    if not is_loopback(host) and not port.api_token:
        raise EdgeError(
            "E-CFG-10",
            f"listening on {host} without an API token",
            "set api_token or listen on 127.0.0.1",
        )
    return uvicorn.Config(
        make_app(port),
        host=host,
        port=tcp_port,
        http=impatient(),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS_MAX,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=STOP_S,
    )


async def on_edge_error(_request: Request, error: Exception) -> Response:
    return problem.of_error(cast(EdgeError, error))


async def on_http_error(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: unknown paths and methods (also below /static)."""
    known = cast(HTTPException, error)
    code = {404: "E-HIS-20", 405: "E-HIS-21", 401: "E-HIS-20"}.get(known.status_code, "E-HIS-30")
    headers = dict(known.headers) if known.headers else None
    return problem.respond(code, f"{request.method} {request.url.path[:100]}", headers=headers)


async def on_unexpected(_request: Request, _error: Exception) -> Response:
    """The traceback goes to the log (the server writes it), never to a caller."""
    return problem.respond("E-HIS-30", "the terminal met an error of its own")
