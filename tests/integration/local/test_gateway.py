"""The local gateway hands requests on as they came, but for the one fault of the emulator that it mends."""

from __future__ import annotations

import gzip
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.gateway import MAX_BODY, Gateway


class _Upstream(BaseHTTPRequestHandler):
    """Answers with what it got."""

    def _echo(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        said = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.hex(),
        }
        content = json.dumps(said).encode()
        self.send_response(418)
        self.send_header("X-Reason", "short and stout")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _echo

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Upstream)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/api/$default"
    server.shutdown()
    server.server_close()


@pytest.fixture
def gateway(upstream: str) -> Iterator[Gateway]:
    made = Gateway(upstream)
    made.start()
    yield made
    made.stop()


def ask(
    gateway: Gateway, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, dict(answer.getheaders()), json.loads(content) if content else None
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_requests_and_answers_pass_unchanged(gateway: Gateway, method: str) -> None:
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic a2V5Og==",
        "Origin": "https://shop",
    }
    body = '{"naïve":"Zoë"}'.encode()
    status, answered, said = ask(gateway, method, "/v1/batch?a=%41&b=1", body, headers)
    assert (status, answered["X-Reason"]) == (418, "short and stout")
    assert (said["method"], said["path"]) == (method, "/api/$default/v1/batch?a=%41&b=1")
    assert bytes.fromhex(said["body"]) == body
    assert {name: said["headers"][name.lower()] for name in headers} == headers


def test_head_has_no_body(gateway: Gateway) -> None:
    assert ask(gateway, "HEAD", "/")[::2] == (418, None)


@pytest.mark.parametrize(
    "label", ["application/json", "text/plain", "application/x-www-form-urlencoded", None]
)
def test_compressed_bodies_travel_as_bytes_under_any_label(gateway: Gateway, label: str | None) -> None:
    body = gzip.compress(b'{"batch":[]}')
    headers = {"Content-Type": label} if label else {}
    said = ask(gateway, "POST", "/v1/batch", body, headers)[2]
    assert said["headers"]["content-type"] == "application/octet-stream"
    assert gzip.decompress(bytes.fromhex(said["body"])) == b'{"batch":[]}'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(MAX_BODY + 1)}, 413),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": "many"}, 411),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_what_the_cloud_s_gateway_would_refuse_is_refused(
    gateway: Gateway, headers: dict[str, str], status: int
) -> None:
    assert ask(gateway, "POST", "/v1/batch", None, headers)[0] == status


def test_a_gone_api_is_a_503() -> None:
    gateway = Gateway("http://127.0.0.1:1/api")
    gateway.start()
    try:
        assert ask(gateway, "GET", "/")[::2] == (503, {"message": "Service Unavailable"})
    finally:
        gateway.stop()


def test_what_only_this_stage_has_is_answered_here(upstream: str) -> None:
    gateway = Gateway(
        upstream,
        own=lambda method, path, key: (200, f'["{method}", "{path}", "{key}"]') if path == "/own" else None,
    )
    gateway.start()
    try:
        host = urlsplit(gateway.url).netloc
        connection = http.client.HTTPConnection(host, timeout=5)
        answers = []
        for path in ("/own?x=1", "/other"):
            connection.request("GET", path, headers={"Authorization": "Bearer k"})
            answer = connection.getresponse()
            answers.append((answer.status, json.loads(answer.read())))
        connection.close()
    finally:
        gateway.stop()
    assert answers[0] == (200, ["GET", "/own", "Bearer k"])
    assert answers[1][0] == 418
