"""A road's HTTP API on the loopback interface, for browsers: its real handlers, one request after the other."""

from __future__ import annotations

import threading
from urllib.parse import parse_qsl, unquote, urlsplit

from local.loopback import Handler, Loopback
from tests.support.road import Road


class RoadServer(Loopback):
    """Serves the routes of `road`; `asked` are the requests so far, as (method, path with query, headers)."""

    def __init__(self, road: Road, port: int = 0) -> None:
        server = self

        class Passing(_Handler):
            owner = server

        super().__init__(Passing, name="road", port=port)
        self.road = road
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.alone = threading.Lock()


class _Handler(Handler):
    owner: RoadServer

    def _pass_on(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        headers.pop("accept-encoding", None)
        with self.owner.alone:
            self.owner.asked.append((self.command, self.path, headers))
            try:
                answer = self.owner.road.http(
                    self.command,
                    _decoded(url.path),
                    body=body or None,
                    query=dict(parse_qsl(url.query)),
                    headers=headers,
                )
            except LookupError:  # no such route
                self.reply(404, [("Content-Type", "application/json")], b'{"message":"Not Found"}')
                return
        self.reply(answer.status, [(k, str(v)) for k, v in answer.headers.items()], answer.body.encode())


def _decoded(path: str) -> str:
    """The path as API Gateway hands it over: decoded, all but `%25`."""
    return unquote(path.replace("%25", "%2525"))


for _method in ("GET", "POST", "PUT"):
    setattr(_Handler, f"do_{_method}", _Handler._pass_on)
