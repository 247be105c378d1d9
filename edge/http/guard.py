"""The door of the HTTP server: who may come in, and the headers every answer carries. Pure ASGI."""

from __future__ import annotations

import hmac
import ipaddress

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.http import problem

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
NO_STORE = "no-store"
OPEN_PATHS = ("/healthz", "/openapi.json")
# With a token the staff's page may be opened from another machine: it is a file without data, and asks
# /v1/ with the token that is typed into it.
DESK_PATH, STATIC_PREFIX = "/desk", "/static/"
HIS_PREFIXES = ("/v1/", "/nation-ec")


class Guard:
    """Without a token only this machine may call, under its own name (DNS rebinding).

    With one, `/v1/*` needs it and may be called from elsewhere; the patient's page never may.
    """

    def __init__(self, app: ASGIApp, api_token: str) -> None:
        self._app = app
        self._token = api_token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault(
                    "Cache-Control",
                    "no-cache" if scope["path"].startswith("/static/") else NO_STORE,
                )
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
            return
        code, detail = refusal
        extra = {"WWW-Authenticate": "Bearer"} if code == "E-HIS-26" else {}
        await problem.respond(code, detail, headers=extra)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[str, str] | None:
        headers = Headers(scope=scope)
        page = scope["path"] == DESK_PATH or scope["path"].startswith(STATIC_PREFIX)
        if self._token and page:
            return None
        if self._token and (scope["path"].startswith(HIS_PREFIXES) or scope["path"] in OPEN_PATHS):
            if scope["path"] in OPEN_PATHS or self._bearer_ok(headers.get("authorization", "")):
                return None
            return "E-HIS-26", "the request has no valid bearer token"
        if not is_loopback(host_of(headers.get("host", ""))):
            return "E-HIS-24", "the Host header does not name this machine"
        client = scope.get("client")
        if client is not None and not is_loopback(client[0]):
            return "E-HIS-33", "the request came from another machine"
        return None

    def _bearer_ok(self, value: str) -> bool:
        scheme, _, token = value.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            token.strip().encode(), self._token
        )


def host_of(value: str) -> str:
    """The host part of a Host header: "[::1]:8080" -> "::1"."""
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.partition(":")[0].lower()


def is_loopback(host: str) -> bool:
    """localhost or an address of the loopback network; no other name, for names can be rebound."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
