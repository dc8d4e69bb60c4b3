"""A root URL for the emulated HTTP API, as a custom domain gives it in AWS: SDKs post to `<url>/v1/batch`.

It mends one fault of the emulator on the way. A compressed body under a textual Content-Type reaches Lambda broken,
because it is decoded as text (API Gateway hands it over as base64); so such a body travels as octet-stream.
"""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from local.loopback import Handler, Loopback
from local.outbox import Own

MAX_BODY = 10 * 1024 * 1024
"""Bytes; what API Gateway takes."""

TIMEOUT_SECONDS = 30
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_GZIP = b"\x1f\x8b"
_OF_ONE_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "host"}
    | {"proxy-authorization", "proxy-authenticate", "date", "server"}
)


class Gateway(Loopback):
    """The proxy in front of `api`, the base URL of an HTTP API without a slash at its end; `own` answers for what only
    the local stage has."""

    def __init__(self, api: str, port: int = 0, own: Own | None = None) -> None:
        base = urlsplit(api)

        class Passing(_Handler):
            host, port, prefix = base.hostname or "", base.port or 80, base.path
            answers = staticmethod(own) if own else None

        super().__init__(Passing, name="gateway", port=port)


class _Handler(Handler):
    host: str
    port: int
    prefix: str
    answers: Own | None

    def _pass_on(self) -> None:
        length = self.headers.get("content-length") or "0"
        if "chunked" in (self.headers.get("transfer-encoding") or "").lower() or not length.isdigit():
            self._answer(411, "Length Required")
            return
        if int(length) > MAX_BODY:
            self._answer(413, "Request Entity Too Large")
            return
        body = self.rfile.read(int(length))
        if self.answers and (
            mine := self.answers(
                self.command, urlsplit(self.path).path, self.headers.get("authorization") or ""
            )
        ):
            self.reply(
                mine[0],
                [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
                mine[1].encode(),
            )
            return
        try:
            self._forward(body)
        except (OSError, http.client.HTTPException):
            self._answer(503, "Service Unavailable")

    def _forward(self, body: bytes) -> None:
        upstream = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            upstream.request(self.command, self.prefix + self.path, body or None, self._headers(body))
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_ONE_HOP]
        self.reply(answer.status, kept, content)

    def _headers(self, body: bytes) -> dict[str, str]:
        """The request's headers, joined by name as API Gateway does."""
        kept: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            if key not in _OF_ONE_HOP:
                kept[key] = f"{kept[key]},{value}" if key in kept else value
        if body[:2] == _GZIP:
            kept["content-type"] = "application/octet-stream"
        return kept

    def _answer(self, status: int, message: str) -> None:
        self.close_connection = True
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        self.reply(status, headers, f'{{"message":"{message}"}}'.encode())


for _method in METHODS:
    setattr(_Handler, f"do_{_method}", _Handler._pass_on)
