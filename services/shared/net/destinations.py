"""Where a request that others name may go: the public internet over TLS, and nowhere that only we can reach."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import idna

from services.shared.errors import Invalid

HTTPS_PORT = 443
MAX_URL = 1_000

_NOT_PUBLIC_V4 = tuple(
    ip_network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""The IANA special-purpose registry, multicast, and what is reserved; the metadata service is in 169.254/16."""

_GLOBAL_V6 = ip_network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    ip_network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
"""Inside 2000::/3: tunnels (Teredo, 6to4) that carry a v4 address, documentation, special purposes. Outside of it lie
loopback, link-local, private (the metadata service's fd00:ec2::254), multicast, v4-mapped and NAT64 (64:ff9b::/96)."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")


@dataclass(frozen=True)
class Destination:
    """A checked URL in parts; `path` has the query with it, `host` is in ASCII."""

    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


def read_url(url: str, allowed: Collection[str] = ()) -> Destination:
    """The destination that a URL names. `allowed` are places (`host:port`) that may be any host and port.

    Raises:
        Invalid: `unsafe_url`, with the rule it breaks.
    """
    if len(url) > MAX_URL or not url.isprintable() or " " in url or "\\" in url:
        raise Invalid("unsafe_url", f"url is not plain text of at most {MAX_URL} characters")
    try:
        parts = urlsplit(url)
        port = HTTPS_PORT if parts.port is None else parts.port
        host = _ascii(parts.hostname or "")
    except ValueError as error:
        raise Invalid("unsafe_url", "url can't be read") from error
    if parts.scheme != "https":
        raise Invalid("unsafe_url", "url is not https")
    if "@" in parts.netloc:
        raise Invalid("unsafe_url", "url holds a user name")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Invalid("unsafe_url", "path and query must be percent-encoded")
    destination = Destination(host, port, path)
    if destination.place not in allowed:
        _check_host(host)
        if port != HTTPS_PORT:
            raise Invalid("unsafe_url", f"port is not {HTTPS_PORT}")
    return destination


def is_public(address: str) -> bool:
    """May a request connect to this IP address (as the resolver writes it, perhaps with a zone)?"""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in block for block in _NOT_PUBLIC_V4)
    return _is_public_v6(found)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in block for block in _NOT_PUBLIC_V6)


def _ascii(host: str) -> str:
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


def _check_host(host: str) -> None:
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Invalid("unsafe_url", "host is not a full domain name")
    if _NUMBER.fullmatch(labels[-1]):  # also 127.1 and 0x7f.1, which resolvers take for addresses
        raise Invalid("unsafe_url", "host is an address, not a name")
