"""Simulated recipients: seeded plans, the form they press, and the events the providers would send."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from local import feedback, recipients
from local.stand_in import Accepted
from local.virtual_clock import VirtualClock, set_clock
from local.visits import confirm
from services.consent.handlers.inbound import read_reply
from services.delivery.domain.feedback import read_feedback

AT = datetime(1997, 1, 2, tzinfo=UTC)


def mail(text: str = "Hello\n", unsubscribe: str = "", to: str = "a@example.com") -> Accepted:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "Shop <hello@example.com>", to, "News"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    return Accepted(
        1, "m-1", "email", to, "hello@example.com", "halte", {"send_id": "snd_1"}, message.as_bytes()
    )


def text_message(text: str) -> Accepted:
    return Accepted(
        2, "m-2", "sms", "+12025550123", "+12025550100", "halte", {"send_id": "snd_2"}, None, text
    )


def kinds(message: Accepted, seed: object = 1, unwilling: float = 0.5) -> list[str]:
    return planned(message, recipients.contents_of(message), seed, unwilling)


def planned(
    message: Accepted, contents: recipients.Contents, seed: object, unwilling: float = 0.5
) -> list[str]:
    return [a.kind for a in recipients.plan(message, contents, random.Random(str(seed)), unwilling)]


def test_finds_the_links_that_matter() -> None:
    long_link = "http://127.0.0.1/$default/consents/confirm?token=" + "x" * 150
    contents = recipients.contents_of(mail(f"Confirm: {long_link}\n", "http://127.0.0.1/u?token=b"))
    assert contents.confirm_url == long_link
    assert contents.unsubscribe_url == "http://127.0.0.1/u?token=b"
    by_sms = recipients.contents_of(text_message(f"Confirm: {long_link}."))
    assert by_sms.confirm_url == long_link


def test_a_list_unsubscribe_without_one_click_is_not_pressed() -> None:
    message = mail("Hello\n", "http://127.0.0.1/u")
    assert message.mime is not None
    plain = replace(message, mime=message.mime.replace(b"List-Unsubscribe-Post", b"X-Other"))
    assert recipients.contents_of(plain).unsubscribe_url == ""


def test_a_dead_mailbox_bounces_and_does_nothing_else() -> None:
    assert kinds(mail(), unwilling=0.01) == ["Send", "Bounce"]


def test_the_same_seed_does_the_same() -> None:
    assert kinds(mail(), seed=4) == kinds(mail(), seed=4)


def test_shares_are_as_stated() -> None:
    message = mail("http://127.0.0.1/consents/confirm?token=a\n", "http://127.0.0.1/u")
    contents = recipients.contents_of(message)
    counted = Counter(kind for i in range(4_000) for kind in planned(message, contents, seed=i))
    assert counted["Delivery"] == 4_000
    assert counted["Open"] / 4_000 == pytest.approx(0.45, abs=0.03)
    assert counted["Click"] / counted["Open"] == pytest.approx(0.15, abs=0.03)
    assert counted["confirm"] / 4_000 == pytest.approx(0.80, abs=0.03)
    assert counted["scan"] / 4_000 == pytest.approx(0.05, abs=0.02)
    assert counted["unsubscribe"] / 4_000 == pytest.approx(0.03, abs=0.01)


def test_service_mail_is_never_unsubscribed_from() -> None:
    message = mail()
    contents = recipients.contents_of(message)
    assert not any("unsubscribe" in planned(message, contents, seed=i) for i in range(500))


@pytest.mark.parametrize("kind", ["Send", "Delivery", "Bounce", "Open", "Click", "Complaint"])
def test_email_events_are_ones_that_delivery_reads(kind: str) -> None:
    seen = read_feedback(feedback.email_event(kind, mail(), AT, AT + timedelta(minutes=3)))
    assert (seen.send_id, seen.provider_id) == ("snd_1", "m-1")
    assert seen.at == (AT if kind == "Send" else AT + timedelta(minutes=3))


def test_sms_events_are_ones_that_delivery_reads() -> None:
    seen = read_feedback(
        feedback.sms_event("TEXT_DELIVERED", text_message("x"), AT, AT + timedelta(minutes=1))
    )
    assert (seen.kind, seen.send_id, seen.at) == ("delivered", "snd_2", AT + timedelta(minutes=1))


class _Pages(BaseHTTPRequestHandler):
    posts: list[tuple[str, dict[str, list[str]]]] = []  # the handler is made per request
    gets: list[str] = []

    def do_GET(self) -> None:
        _Pages.gets.append(self.path)
        page = (
            '<form method="post" action=""><input type="hidden" name="token" value="t&amp;1">'
            '<input type="hidden" name="nonce" value="n"><button>Yes</button></form>'
        )
        self._answer(page if "used" not in self.path else "<p>Done</p>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        _Pages.posts.append((self.path, parse_qs(body)))
        self._answer("thanks")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[str]:
    _Pages.posts, _Pages.gets = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_confirming_means_opening_the_page_and_posting_its_form(pages: str) -> None:
    confirm(f"{pages}/consents/confirm?token=t")
    assert _Pages.gets == ["/consents/confirm?token=t"]
    assert _Pages.posts == [("/consents/confirm", {"token": ["t&1"], "nonce": ["n"]})]


def test_a_page_without_a_form_can_not_be_confirmed(pages: str) -> None:
    with pytest.raises(ValueError, match="no form"):
        confirm(f"{pages}/used")


def test_plays_plans_in_virtual_time(pages: str, tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    set_clock(file, AT, 1.0, None)
    clock = VirtualClock(file)
    published: list[dict[str, Any]] = []
    answered: list[dict[str, Any]] = []
    crowd = recipients.Recipients(clock, 1, published.append, answered.append)
    people = [f"p{i}@example.com" for i in range(40)]
    asked = f"Reply JA K7QF or open {pages}/consents/confirm?token=s"
    for n in range(40):
        crowd.receive(replace(text_message(asked), to=f"+316123456{n:02}"))
    for to in people:
        crowd.receive(mail(f"{pages}/consents/confirm?token=t\n", to=to))
    assert crowd.is_idle(), "nothing is due while the clock stands"
    set_clock(file, AT + timedelta(days=3), 1.0, None)
    assert not crowd.is_idle()
    crowd.start()
    deadline = threading.Event()
    while not crowd.is_idle():
        deadline.wait(0.05)
    crowd.stop()
    assert not crowd.ledger.problems
    assert len(crowd.ledger.confirmed) == len(_Pages.posts) + len(answered)
    assert min(len(_Pages.posts), len(answered)) > 20
    seen = [read_reply(one) for one in answered]
    assert {(one.text, one.channel) for one in seen if one} == {("JA K7QF", "sms")}
    assert len({one.address for one in seen if one}) == len(answered)
    assert {e["eventType"] for e in published} == {"Send", "Delivery", "TEXT_DELIVERED"}
    assert crowd.ledger.actions["Delivery"] == sum(e["eventType"] == "Delivery" for e in published)
