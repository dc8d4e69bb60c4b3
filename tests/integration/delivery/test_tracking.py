"""Links and pictures of a message that was sent, followed through the public handler and noted as feedback is."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import boto3
import pytest

from services.delivery.handlers import clicks, on_feedback
from tests.integration.delivery.steps import PHONE, ask, call, consent, given_contact, request
from tests.integration.delivery.test_feedback import note, publish, totals
from tests.integration.delivery.world import CLOCK, COMMERCIAL, NOW, Context, World, ses_event

SHOP = "https://shop.example.com/sale?a=1&b=2"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TEMPLATE = {
    **COMMERCIAL,
    "track": {"clicks": True, "opens": True},
    "channels": {
        "email": {
            "subject": "Sale",
            "text": f"{SHOP}\nStop: {{{{ unsubscribe_url }}}}",
            "html": f'<p><a href="{SHOP.replace("&", "&amp;")}">A</a><a href="{{{{ unsubscribe_url }}}}">B</a></p>',
        },
        "sms": {"text": f"{SHOP} STOP"},
    },
}


@pytest.fixture
def sent(world: World) -> World:
    assert call("PUT", "/templates/news", TEMPLATE)[0] == 200
    given_contact()
    given_contact(version=2, email="ann@example.com", phone=PHONE)
    world.fake_senders()
    consent("granted", address="ann@example.com")
    consent("granted", 2, PHONE, "sms")
    ask(request())
    return world


def visit(url: str, method: str = "GET", agent: str = BROWSER) -> dict[str, Any]:
    path = url.removeprefix("https://api.example.com")
    event = {
        "version": "2.0",
        "rawPath": path,
        "routeKey": f"{method} {path[:2]}/{{token}}",
        "headers": {"user-agent": agent, "accept-language": "nl"},
        "pathParameters": {"token": path[3:]},
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
    }
    return dict(clicks.handler(event, Context()))


def work_off() -> None:
    queue = boto3.client("sqs")
    url = queue.get_queue_url(QueueName="feedback")["QueueUrl"]
    found = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    records = [{"messageId": str(at), "body": one["Body"]} for at, one in enumerate(found)]
    assert on_feedback.handler({"Records": records * 2}, Context()) == {"batchItemFailures": []}


def led(world: World) -> tuple[str, str, str, str]:
    """The link on, the way out, the unseen link and the picture of the e-mail."""
    html = world.email.accepted[0].content.html
    way, out, *_, unseen = (unescape(url) for url in re.findall(r'href="([^"]+)"', html))
    return way, out, unseen, unescape(re.findall(r'src="([^"]+)"', html)[0])


@pytest.mark.capability("000-34")
def test_what_people_do_counts_and_what_machines_do_is_kept_apart(sent: World) -> None:
    """A scanner looks at everything at once; days later the person opens, and clicks twice. F19."""
    way, out, unseen, picture = led(sent)
    assert "/consents/unsubscribe" in out
    note(ses_event("Delivery", "snd_1", -10))
    assert visit(unseen, agent="curl/8")["statusCode"] == 200
    assert visit(way, "HEAD")["statusCode"] == 302
    work_off()
    publish(sent)
    assert totals() == {"requested": 1, "sent": 1, "delivered": 1, "machine_clicked": 1}
    with_person_later(sent, way, picture)
    facts = publish(sent)
    events = [e for name, detail in facts if name == "OutcomesObserved.v1" for e in detail["events"]]
    assert [e["event"] for e in events] == ["Email Opened", "Email Delivered", "Email Link Clicked"]
    assert events[2]["properties"]["link_url"] == SHOP
    assert totals() == {
        **{"requested": 1, "sent": 1, "delivered": 1, "opened": 1, "clicked": 1},
        **{"machine_clicked": 1},
    }
    record = sent.item("snd_1")
    assert len(record["touches"]) == 5
    assert "Then: delivered, clicked by a machine, opened, clicked." in record["why"]["summary"]
    assert "ann@example.com" not in json.dumps(record)


def with_person_later(sent: World, way: str, picture: str) -> None:
    CLOCK.advance(timedelta(days=2))
    answer = visit(picture)
    assert answer["headers"]["Content-Type"] == "image/gif"
    assert answer["isBase64Encoded"]
    for _ in range(2):
        CLOCK.advance(timedelta(minutes=1))
        answer = visit(way)
        assert (answer["statusCode"], answer["headers"]["Location"]) == (302, SHOP)
        assert answer["headers"]["Referrer-Policy"] == "no-referrer"
    work_off()


def test_a_text_message_tells_too(sent: World) -> None:
    ask(request("snd_sms", channels=["sms"], node="sms"))
    short = sent.sms.accepted[0].content.text.removesuffix(" STOP")
    assert visit(short)["headers"]["Location"] == SHOP
    work_off()
    assert sent.item("snd_sms")["first_clicked_at"] == NOW.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert "SMS Link Clicked" in json.dumps(publish(sent))


@pytest.mark.parametrize("path", ["/c/none", "/c/a.b.c", "/c/https:%2F%2Fevil.example"])
def test_nobody_is_led_elsewhere(sent: World, path: str) -> None:
    answer = visit(f"https://api.example.com{path}")
    assert answer["statusCode"] == 404
    assert "Location" not in answer["headers"]
    assert "Deze link werkt niet" in answer["body"]


def test_an_unknown_picture_is_a_picture(sent: World) -> None:
    assert visit("https://api.example.com/o/none")["statusCode"] == 200
    work_off()
    assert "touches" not in sent.item("snd_1")
