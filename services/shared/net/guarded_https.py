"""One HTTPS request into the open internet that can't be turned against our own network, and can't be kept waiting.

The name is resolved once; all its addresses are checked, and the connection goes to a checked one (a second answer of
the name server, for the same name, is never asked for), with the name in SNI, certificate check and Host header.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Overdue
from dataclasses import dataclass
from functools import cached_property

from services.shared.errors import Invalid
from services.shared.net.destinations import Destination, is_public, read_url

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 8.0
"""From resolving the name to the status line. Ten deliveries in a row still fit the function's time."""

READ_BYTES = 64 * 1024
"""Of an answer's body whose status has decided already."""

READ_SECONDS = 1.0


@dataclass(frozen=True)
class Reply:
    """The receiver answered; redirects are not followed."""

    status: int
    body: bytes = b""


@dataclass(frozen=True)
class NoReply:
    """It did not; `error` is a code such as `timeout`, `blocked_address`: never a word of an answer."""

    error: str


Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the system's resolver orders them.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class GuardedHttps:
    """`allowed` are places (`host:port`) that the guard lets be, for a stage whose receivers are its own machine."""

    def __init__(
        self,
        *,
        allowed: Collection[str] = (),
        resolve: Resolve = resolve,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._total_seconds = total_seconds
        self._resolvers = ThreadPoolExecutor(8)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply | NoReply:
        """Send `body`; of the answer only the status is of interest."""
        return self._exchange("POST", url, body, headers, _read_some)

    def get(self, url: str, headers: Mapping[str, str], limit: int) -> Reply | NoReply:
        """Fetch a body of at most `limit` bytes: `too_large` where there is more."""

        def read(connection: http.client.HTTPSConnection, answer: http.client.HTTPResponse) -> bytes:
            body = answer.read(limit + 1)
            if len(body) > limit:
                raise _TooLarge
            return body

        return self._exchange("GET", url, None, headers, read)

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], read: _Read
    ) -> Reply | NoReply:
        """Whatever happens is an answer."""
        deadline = time.monotonic() + self._total_seconds
        try:
            destination = read_url(url, self._allowed)
            addresses = self._addresses(destination, deadline)
            if isinstance(addresses, NoReply):
                return addresses
            with self._connected(destination, addresses, deadline) as (connection, overdue):
                try:
                    connection.request(method, destination.path, body, dict(headers))
                    answer = connection.getresponse()
                    if overdue.is_set():  # headers that were cut off look as if they had ended
                        return NoReply("timeout")
                    content = read(connection, answer)
                    if overdue.is_set() and method == "GET":  # so does a body without a length
                        return NoReply("timeout")
                except (OSError, http.client.HTTPException, ValueError) as error:
                    return NoReply("timeout" if overdue.is_set() else _code(error))
            return Reply(answer.status, content)
        except Invalid:
            return NoReply("unsafe_url")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return NoReply("timeout" if time.monotonic() >= deadline else _code(error))

    def _addresses(self, destination: Destination, deadline: float) -> Sequence[str] | NoReply:
        pending = self._resolvers.submit(self._resolve, destination.host, destination.port)
        try:
            found = pending.result(timeout=min(CONNECT_SECONDS, deadline - time.monotonic()))
        except (OSError, UnicodeError, Overdue):
            return NoReply("unresolvable_host")
        if destination.place in self._allowed:
            return found
        # One private address among public ones is no accident.
        return found if found and all(is_public(address) for address in found) else NoReply("blocked_address")

    @contextlib.contextmanager
    def _connected(
        self, destination: Destination, addresses: Sequence[str], deadline: float
    ) -> Iterator[tuple[http.client.HTTPSConnection, threading.Event]]:
        raw = _open(addresses, destination.port, deadline)
        overdue = threading.Event()
        try:
            tls = self._context.wrap_socket(
                raw, server_hostname=destination.host, do_handshake_on_connect=False
            )
        except (OSError, ValueError):
            raw.close()
            raise
        # Every byte gives a socket's own timeout a fresh start: a receiver could drip for hours.
        watchdog = threading.Timer(max(deadline - time.monotonic(), 0.0), _cut, (tls, overdue))
        watchdog.daemon = True
        watchdog.start()
        try:
            try:
                tls.do_handshake()
            except (OSError, ValueError) as error:
                if overdue.is_set():
                    raise _Overdue from error
                raise
            connection = http.client.HTTPSConnection(
                destination.host, destination.port, context=self._context
            )
            connection.sock = tls
            yield connection, overdue
        finally:
            watchdog.cancel()
            tls.close()


_Read = Callable[[http.client.HTTPSConnection, http.client.HTTPResponse], bytes]


class _Overdue(TimeoutError):
    """The time for all of it was up."""


class _TooLarge(ValueError):
    """The body is over the limit."""


def _open(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    """A connection to the first address that answers."""
    failure: OSError = TimeoutError()
    for address in addresses:
        left = min(CONNECT_SECONDS, deadline - time.monotonic())
        if left <= 0:
            break
        try:
            connected = socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
            continue
        connected.settimeout(max(deadline - time.monotonic(), 0.1))
        return connected
    raise failure


def _cut(tls: ssl.SSLSocket, overdue: threading.Event) -> None:
    overdue.set()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(tls, socket.SHUT_RDWR)


def _read_some(connection: http.client.HTTPSConnection, answer: http.client.HTTPResponse) -> bytes:
    """Only so much that a polite receiver isn't cut off."""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        if connection.sock is not None:
            connection.sock.settimeout(READ_SECONDS)
        answer.read(READ_BYTES)
    return b""


def _code(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, _TooLarge):
        return "too_large"
    if isinstance(error, ssl.SSLError):
        return "tls_failed"
    return "connection_failed" if isinstance(error, OSError) else "bad_answer"
