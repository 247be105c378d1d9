"""What a pharmacy's own system asks besides bills: orders that wait for it, and prices nearby. The centre
answers; without the network there is no answer."""

from __future__ import annotations

import asyncio

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.core.events import Inquired
from edge.core.types import Json
from edge.errors import EdgeError
from edge.http.bodies import need_json, read_body, read_number
from edge.http.his import answer
from edge.http.port import AgentPort

ASK_WAIT_S = 45.0  # a question is repeated for forty seconds
TEXT_CHARS_MAX = 64
MINUTES, MINUTES_MAX = 15, 24 * 60
COUNT, COUNT_MAX = 3, 50


class OrderList(Struct, frozen=True):
    """Orders of this pharmacy that are not over: order_no, status, psn_name (masked), medfee_sumamt,
    ordered, address, receiver, courier, signature, items."""

    orders: tuple[Json, ...]


class PriceList(Struct, frozen=True):
    """The cheapest first: fixmedins_code, fixmedins_name, name, pric, distance_m, minutes, cnt ("" = not
    told), price_days, stock_days (-1 = not told)."""

    drug: str
    minutes: int
    prices: tuple[Json, ...]


class Nothing(Struct, frozen=True):
    """Done."""


class Pharmacy:
    """Nothing here is remembered: asking twice costs nothing."""

    def __init__(self, port: AgentPort) -> None:
        self._port = port

    def routes(self) -> list[Route]:
        return [
            Route("/v1/orders", self.orders, methods=["GET"]),
            Route("/v1/orders/{order_no}/decline", self.decline, methods=["POST"]),
            Route("/v1/prices", self.prices, methods=["GET"]),
        ]

    async def orders(self, _request: Request) -> Response:
        return await self._told("orders", {})

    async def decline(self, request: Request) -> Response:
        if await read_body(request):
            need_json(request)
        order_no = str(request.path_params["order_no"])[:TEXT_CHARS_MAX]
        return await self._told("order.decline", {"order_no": order_no})

    async def prices(self, request: Request) -> Response:
        """E-HIS-28 for a drug that is missing, or a number out of range; 0 is as usual."""
        drugs = request.query_params.getlist("drug")
        if len(drugs) != 1 or not 0 < len(drugs[0]) <= TEXT_CHARS_MAX:
            raise EdgeError("E-HIS-28", "drug is missing, double or too long", "?drug=…")
        minutes = read_number(request, "minutes", 0, MINUTES_MAX) or MINUTES
        count = read_number(request, "count", 0, COUNT_MAX) or COUNT
        show = read_number(request, "show", 0, 1) == 1
        body = {"drug": drugs[0], "minutes": minutes, "count": count}
        return await self._told("prices", body, show=show)

    async def _told(self, what: str, body: Json, *, show: bool = False) -> Response:
        try:
            async with asyncio.timeout(ASK_WAIT_S):
                status, said = await self._port.call(lambda call: Inquired(call, what, body, show))
        except TimeoutError:
            raise EdgeError("E-HIS-31", f"no answer after {ASK_WAIT_S:.0f} s") from None
        return answer(status, said)
