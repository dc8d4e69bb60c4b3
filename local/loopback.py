"""An HTTP server of ours on the loopback interface, with a thread for each request."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_POLL_SECONDS = 0.1
"""How soon it notices that it is to stop."""


class Loopback:
    """Serves `handler` on `port` (0: any free one) between `start` and `stop`."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], *, name: str, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name=name, daemon=True
        )

    @property
    def url(self) -> str:
        """Its base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """What our handlers have in common: connections are kept, answers leave at once and whole, nothing is logged."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with suppress(ConnectionError):  # who asked has gone: there is nobody to tell
            super().handle()

    def reply(self, status: int, headers: Iterable[tuple[str, str]], content: bytes) -> None:
        """Answer; of a HEAD only what would have been answered."""
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: paths and bodies hold personal data, and the terminal shows the report."""
