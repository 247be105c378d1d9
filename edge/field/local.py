"""The running agent, asked through its own local API: what a field command needs of it."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from edge.config import Config
from edge.core.types import Json
from edge.errors import EdgeError

TIMEOUT_S: Final = 20.0
ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024
TOKEN_BYTES_MAX: Final = 4096


class Local:
    """One terminal's API on this machine. E-SYS-06 when it does not answer as it should."""

    def __init__(self, config: Config, timeout_s: float = TIMEOUT_S) -> None:
        host = config.http.host
        shown = f"[{host}]" if ":" in host else host
        self.base = f"http://{shown}:{config.http.port}"
        self._timeout_s = timeout_s
        self._token_file = config.http.token_file
        self._terminal = config.terminal.name

    def runs(self) -> bool:
        """Whether this terminal's agent answers here."""
        try:
            health = self.get("/healthz")
        except EdgeError:
            return False
        return health is not None and health.get("terminal") == self._terminal

    def get(
        self, path: str, query: dict[str, str] | None = None, *, missing_ok: bool = False
    ) -> Json | None:
        """The JSON of an answer. `missing_ok`: None for 404; any other problem is its EdgeError."""
        return self._ask("GET", path, query, None, missing_ok=missing_ok)

    def post(self, path: str, body: Json, *, key: str) -> Json:
        """Send a request with an Idempotency-Key."""
        found = self._ask("POST", path, None, body, key=key)
        assert found is not None, "a missing answer is an error by now"
        return found

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None,
        body: Json | None,
        *,
        key: str = "",
        missing_ok: bool = False,
    ) -> Json | None:
        url = self.base + urllib.parse.quote(path)
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(url, data, self._headers(key), method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_s) as answer:  # noqa: S310
                return _json(answer.read(ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as error:
            if missing_ok and error.code == HTTPStatus.NOT_FOUND:
                return None
            raise _problem(error) from error
        except OSError as error:
            raise EdgeError(
                "E-SYS-06", f"{self.base} does not answer: {error}", "is the agent running?"
            ) from error

    def _headers(self, key: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        if self._token_file:
            try:
                token = Path(self._token_file).read_bytes()[:TOKEN_BYTES_MAX]
            except OSError as error:
                raise EdgeError(
                    "E-CFG-05", f"{self._token_file} cannot be read: {error.strerror}", ""
                ) from error
            headers["Authorization"] = "Bearer " + token.decode("ascii", "replace").strip()
        return headers


def _problem(error: urllib.error.HTTPError) -> EdgeError:
    """RFC 9457 as it was meant: the agent's own code and hint."""
    try:
        told = _json(error.read(ANSWER_BYTES_MAX))
    except EdgeError:
        told = {}
    text = str(told.get("detail") or f"{error.code} {error.reason}")
    return EdgeError(str(told.get("code") or "E-SYS-06"), text, str(told.get("hint") or ""))


def _json(data: bytes) -> Json:
    try:
        found: Any = json.loads(data)
    except ValueError as error:
        raise EdgeError("E-SYS-06", "the answer is not JSON", "is it the agent's port?") from error
    if not isinstance(found, dict):
        raise EdgeError("E-SYS-06", "the answer is not an object", "is it the agent's port?")
    return found
