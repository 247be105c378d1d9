"""The staff's page: what waits, what is to be done, what has stopped. It holds no data of its own: the
page asks `/v1/` as a HIS does, with the token where one is set."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from edge.http.kiosk import STATIC


class Desk:
    """The page alone; its modules are static files."""

    def routes(self) -> list[Route]:
        return [Route("/desk", self.page, methods=["GET"])]

    async def page(self, _request: Request) -> Response:
        return FileResponse(STATIC / "desk.html", media_type="text/html")
