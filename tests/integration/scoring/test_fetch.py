"""Fetching a feed from a real server: a body up to a limit, in a limited time, and from nowhere that is ours."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from services.scoring.mentions.hearing import FEED_HEADERS
from services.shared.net.guarded_https import GuardedHttps, NoReply, Reply
from tests.support.receiver import Receiver, dripping_headers, endless_body, receiver, silence, status


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiver(tmp_path) as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.ca_file))
        yield made


def body_of(content: bytes) -> Any:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            handler.wfile.write(content)

    return reply


def dripping_body(handler: BaseHTTPRequestHandler) -> None:
    """200, and a byte of the body now and then, without saying how many there will be."""
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)


def fetch(site: Receiver, limit: int = 100, seconds: float = 5.0) -> Reply | NoReply:
    return GuardedHttps(allowed={site.place}, total_seconds=seconds).get(site.url, FEED_HEADERS, limit)


def test_a_body_comes_whole_up_to_the_limit_and_not_a_byte_more(site: Receiver) -> None:
    """F36."""
    for size, outcome in (
        (99, Reply(200, b"x" * 99)),
        (100, Reply(200, b"x" * 100)),
        (101, NoReply("too_large")),
    ):
        site.usual = body_of(b"x" * size)
        assert fetch(site) == outcome
    site.usual = endless_body
    assert fetch(site) == NoReply("too_large")
    assert site.received[0].headers["accept-encoding"] == "identity"


def test_a_redirect_is_not_followed(site: Receiver) -> None:
    site.usual = status(302, Location="https://169.254.169.254/latest")
    assert fetch(site) == Reply(302, b"")
    assert site.connections == 1


@pytest.mark.parametrize("reply", [dripping_headers, silence, lambda closing: dripping_body])
def test_nobody_keeps_us_waiting(site: Receiver, reply: Any) -> None:
    """F46."""
    site.usual = reply(site.closing)
    assert fetch(site, seconds=0.4) == NoReply("timeout")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "10.0.0.1"]])
def test_a_feed_that_leads_inside_is_not_fetched(site: Receiver, addresses: list[str]) -> None:
    guarded = GuardedHttps(resolve=lambda host, port: addresses)
    assert guarded.get("https://hooks.example.com/", FEED_HEADERS, 100) == NoReply("blocked_address")
    assert guarded.get("http://board.example/rss", FEED_HEADERS, 100) == NoReply("unsafe_url")
    assert site.connections == 0
