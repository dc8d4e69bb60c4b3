"""A shop and its customers on a road: the demo's own documents, events by the front door, links followed in mail."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from services.shared.clock import from_iso, to_iso
from tests.support.fabric import Sent, mime_of
from tests.support.road import Road
from tests.support.wire import Response

SEEDS = Path(__file__).parents[2] / "local" / "seeds"
KINDS = ("purposes", "templates", "score-models", "segments", "journeys")


@dataclass(frozen=True)
class Shop:
    """A source with its write key, on a road."""

    road: Road
    write_key: str

    def batch(self, events: Sequence[Mapping[str, Any]]) -> Response:
        """One request of a client SDK."""
        key = base64.b64encode(f"{self.write_key}:".encode()).decode()
        return self.road.http(
            "POST", "/v1/batch", body={"batch": list(events)}, headers={"authorization": f"Basic {key}"}
        )

    def order(self, user: str, number: str, revenue: float) -> Response:
        """An order that is placed now."""
        return self.batch([order(user, number, revenue, to_iso(self.road.clock.now()))])

    def sign_up(self, address: str) -> Response:
        """A visitor fills in the newsletter form."""
        form = {
            "purpose": "newsletter",
            "channel": "email",
            "address": address,
            "text_version": "2026-1",
            "language": "en",
            "form": "checkout@1",
        }
        return self.road.http("POST", "/consents/requests", body=form)

    def confirm(self, sent: Sent) -> Response:
        """A visitor follows the link of a confirmation mail and presses the button."""
        page = self.follow(link(sent, "/consents/confirm"))
        fields = {
            unescape(name): unescape(value)
            for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.body)
        }
        return self.road.http("POST", "/consents/confirm", form=fields)

    def follow(self, url: str) -> Response:
        """GET a link of a message."""
        path, query = url_parts(url)
        return self.road.http("GET", path, query=query)


def open_shop(road: Road, kinds: Sequence[str] = KINDS) -> Shop:
    """Create a source and everything marketers made for the demo.

    Raises:
        AssertionError: a document is refused.
    """
    created = road.http("PUT", "/sources/shop", body={"name": "Shop"}, admin=True)
    assert created.status == 201, created.body
    for kind in kinds:
        for file in sorted((SEEDS / kind).glob("*.json")):
            publish(road, kind, file.stem, json.loads(file.read_text()))
    return Shop(road, created.json()["write_key"])


def publish(road: Road, kind: str, name: str, document: Mapping[str, Any]) -> None:
    """PUT one document.

    Raises:
        AssertionError: it is refused.
    """
    answer = road.http("PUT", f"/{kind}/{name}", body=dict(document), admin=True)
    assert answer.status == 200, f"{kind}/{name}: {answer.body}"


def identify(user: str, email: str, first_name: str, at: str) -> dict[str, Any]:
    """Who a customer is."""
    return {
        "type": "identify",
        "messageId": f"identify-{user}",
        "userId": user,
        "traits": {"email": email, "firstName": first_name},
        "timestamp": at,
    }


def order(user: str, number: str, revenue: float, at: str) -> dict[str, Any]:
    """An order."""
    return {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"order-{number}",
        "userId": user,
        "properties": {"order_id": number, "revenue": revenue, "currency": "USD"},
        "timestamp": at,
    }


def text_of(sent: Sent) -> str:
    """The plain text of an e-mail as its reader sees it."""
    message = message_from_bytes(mime_of(sent), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(sent: Sent) -> str:
    """The HTML of an e-mail."""
    body = message_from_bytes(mime_of(sent), policy=policy.default).get_body(("html",))
    assert body is not None
    return str(body.get_content())


def header_of(sent: Sent, name: str) -> str:
    """A header of an e-mail; empty when it has none of the name."""
    return str(message_from_bytes(mime_of(sent), policy=policy.default).get(name, ""))


def send_id_of(sent: Sent) -> str:
    """The send id in an e-mail's tags."""
    return next(str(tag["Value"]) for tag in sent.request["EmailTags"] if tag["Name"] == "send_id")


def link(sent: Sent, path: str) -> str:
    """The first link of an e-mail's text that leads to `path`.

    Raises:
        LookupError: there is none.
    """
    for url in re.findall(r"https?://[^\s<>\"]+", text_of(sent)):
        if path in url:
            return str(url)
    raise LookupError(f"no link to {path} in {text_of(sent)!r}")


def telling(sent: Sent, kind: str) -> list[str]:
    """Paths on the API of what tells in the HTML of an e-mail: its links (`c`; the last is one that nobody sees), or
    the picture of one dot (`o`)."""
    return re.findall(rf"https?://[^\"]+(/{kind}/[^\"]+)", html_of(sent))


def url_parts(url: str) -> tuple[str, dict[str, str]]:
    """Path on the API and query of a link, wherever the stage's API is."""
    parts = urlsplit(url)
    path = parts.path[min(i for i in map(parts.path.find, ("/consents", "/preferences")) if i >= 0) :]
    return path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def ses_notice(kind: str, sent: Sent, at: str) -> dict[str, Any]:
    """An event as SES publishes it: kind is Delivery, Open, Click, Complaint …"""
    part = kind[0].lower() + kind[1:]
    sent_at = to_iso(from_iso(at) - timedelta(hours=1))  # no person is quicker than two seconds
    return {
        "eventType": kind,
        "mail": {
            "timestamp": sent_at,
            "messageId": sent.message_id,
            "destination": sent.request["Destination"]["ToAddresses"],
            "tags": {
                "send_id": [send_id_of(sent)],
                "ses:configuration-set": [sent.request["ConfigurationSetName"]],
            },
        },
        part: {"timestamp": sent_at if kind == "Delivery" else at},
    }
