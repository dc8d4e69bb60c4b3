"""Links that are led through us: which ones, that they say the same, and that nobody can bend them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain.choice import Choice, Standing
from services.delivery.domain.contact import contact_of
from services.delivery.domain.message import Message
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.rendered import Rendered
from services.delivery.domain.touches import TRAP, link_key
from services.delivery.domain.tracking import (
    hosts_in,
    is_led,
    read_short_code,
    short_code,
    with_led_links,
)
from services.delivery.use_cases.follow_links import YOUNG, FollowLinks, Visitor
from services.delivery.use_cases.tracking import Tracking
from services.shared.clock import FixedClock
from services.shared.errors import Invalid
from services.shared.permission import Permission
from services.shared.tokens import sign

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATE = timedelta(seconds=90)
OWN = "https://api.example.com"
SHOP = "https://shop.example.com/a?b=1&c=2"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MESSAGE = Message(
    send_id="snd_1",
    template="news",
    channels=("email",),
    requested_at="2026-03-01T12:00:00.000Z",
    message_class="commercial",
)
TRACKING = Tracking(OWN, lambda: "secret")
HTML = (
    '<body><a class="x" href="https://shop.example.com/a?b=1&amp;c=2">A</a>'
    f" <A HREF='{OWN}/consents/unsubscribe?token=t'></A>"
    '<a href="mailto:ann@example.com">m</a><a href="https://evil.example/">e</a>'
    '<link href="https://shop.example.com/s"></body>'
)


class Noted:
    """Keeps the reports and stands for the store and the keys."""

    def __init__(self, message: Message | None = None) -> None:
        self.reports: list[dict[str, Any]] = []
        self.message = message
        self.lost: list[str] = []
        self.broken = False
        self.waits: list[timedelta] = []

    def put(self, report: Any, wait: timedelta = timedelta(0)) -> None:
        if self.broken:
            raise ConnectionError
        self.reports.append(dict(report))
        self.waits.append(wait)

    def get(self, send_id: str) -> Message | None:
        return self.message if self.message and self.message.send_id == send_id else None

    def signer_of(self, token: str) -> str:
        return "secret"

    def known(self) -> list[str]:
        return ["secret", "older"]


def follower(noted: Any, clock: FixedClock | None = None) -> FollowLinks:
    return FollowLinks(
        messages=noted,
        reports=noted,
        keys=noted,
        clock=clock or FixedClock(NOW),
        late=LATE,
        lost=lambda error: noted.lost.append(type(error).__name__),
    )


def document(**fields: Any) -> TemplateDocument:
    email = {
        "subject": "s",
        "text": f"{SHOP} {{{{ unsubscribe_url }}}}",
        "html": "<p>{{ unsubscribe_url }}</p>",
    }
    body = {"class": "commercial", "purpose": "news", "channels": {"email": email, "sms": {"text": SHOP}}}
    return TemplateDocument.model_validate({**body, **fields})


def tracked(
    content: Rendered,
    *,
    channel: str = "email",
    basis: str = "",
    traits: Any = None,
    message: Message = MESSAGE,
    **fields: Any,
) -> tuple[Rendered, Any]:
    choice = Choice(channel, Standing("a", "adr_1", "", Permission("granted", "cns_1", basis)), "cns_1", ())
    contact = contact_of("prf_1", 1, traits or {})
    return TRACKING(document(**fields), message, choice, contact, content, NOW)


def code(url: str) -> str:
    return url.rpartition("/")[2]


def test_only_what_the_template_names_is_led_and_leads_where_it_led() -> None:
    noted = Noted()
    content, short = tracked(Rendered(text=f"Look: {SHOP}. Or https://evil.example/x", html=HTML))
    assert short == {}
    text_links = re.findall(r"https?://\S+", content.text)
    html_links = [unescape(u) for u in re.findall(r"""href=["']([^"']*)""", content.html, re.IGNORECASE)]
    assert text_links[0].startswith(f"{OWN}/c/")
    assert text_links[0].endswith(".")
    assert text_links[1] == "https://evil.example/x"
    assert html_links[0].startswith(f"{OWN}/c/")
    assert html_links[1:5] == [
        f"{OWN}/consents/unsubscribe?token=t",
        "mailto:ann@example.com",
        "https://evil.example/",
        "https://shop.example.com/s",
    ]
    for led in (text_links[0].rstrip("."), html_links[0]):
        assert follower(noted).click(code(led), Visitor("GET", FIREFOX)) == SHOP
    assert [(r["kind"], r["send_id"], r["who"], r["link"]) for r in noted.reports] == [
        ("clicked", "snd_1", "person", SHOP)
    ] * 2


def test_the_link_that_nobody_sees_leads_nowhere_and_tells_of_a_machine() -> None:
    noted = Noted()
    content, _ = tracked(Rendered(text="x", html="<body><p>Hi</p></body>"))
    trap = re.search(
        r'<a href="([^"]+)" style="display:none" aria-hidden="true" tabindex="-1"></a></body>', content.html
    )
    assert trap
    assert follower(noted).click(code(trap.group(1)), Visitor("GET", FIREFOX)) == ""
    assert noted.reports[0]["who"] == TRAP


@pytest.mark.parametrize(
    ("basis", "opens", "traits", "message_class", "shown"),
    [
        ("double_opt_in", True, {}, "commercial", True),
        ("", True, {}, "commercial", True),
        ("soft_opt_in", True, {}, "commercial", False),
        ("double_opt_in", False, {}, "commercial", False),
        ("double_opt_in", True, {"doNotTrack": True}, "commercial", False),
        ("double_opt_in", True, {"doNotTrack": False}, "commercial", True),
        ("double_opt_in", True, {}, "service", False),
    ],
)
def test_an_open_is_looked_for_only_where_the_person_said_yes(
    basis: str, opens: bool, traits: Any, message_class: str, shown: bool
) -> None:
    noted, message = Noted(), replace(MESSAGE, message_class=message_class)
    content, _ = tracked(
        Rendered(text="x", html="<p>Hi</p>"),
        basis=basis,
        traits=traits,
        message=message,
        track={"opens": opens},
    )
    picture = re.search(r'<img src="([^"]+)" width="1" height="1" alt="">', content.html)
    assert (picture is not None) == shown
    if picture:
        follower(noted).open(code(picture.group(1)), Visitor("GET", FIREFOX))
        assert [(r["kind"], r["who"]) for r in noted.reports] == [("opened", "person")]
    if traits.get("doNotTrack"):
        assert content.html == "<p>Hi</p>"


@pytest.mark.parametrize(
    ("channel", "message_class", "track", "led"),
    [
        ("email", "commercial", None, True),
        ("email", "commercial", {"clicks": False}, False),
        ("email", "service", None, False),
        ("email", "service", {"clicks": True}, True),
        ("sms", "commercial", None, False),
        ("sms", "commercial", {"clicks": True}, True),
    ],
)
def test_which_messages_have_their_links_led(channel: str, message_class: str, track: Any, led: bool) -> None:
    fields = {"track": track} if track else {}
    message = replace(MESSAGE, message_class=message_class)
    content, _ = tracked(Rendered(text=SHOP), channel=channel, message=message, **fields)
    assert (content.text != SHOP) == led


def test_a_text_message_has_short_links_that_stand_with_the_message() -> None:
    content, links = tracked(Rendered(text=f"Now: {SHOP}"), channel="sms", track={"clicks": True})
    assert links == {link_key(SHOP): SHOP}
    led = content.text.removeprefix("Now: ")
    assert len(led) <= len(OWN) + 40
    noted = Noted(replace(MESSAGE, links=links))
    assert follower(noted).click(code(led), Visitor("GET", FIREFOX)) == SHOP
    assert noted.waits == [timedelta(0)]
    with pytest.raises(Invalid):
        follower(Noted()).click(code(led), Visitor("GET", FIREFOX))
    forged = code(led)[:-1] + ("0" if led[-1] != "0" else "1")
    with pytest.raises(Invalid):
        follower(noted).click(forged, Visitor("GET", FIREFOX))


def test_a_look_at_the_headers_is_no_click_of_a_person() -> None:
    noted = Noted()
    token = sign("secret", "click", {"send_id": "snd_1", "url": SHOP}, NOW + timedelta(days=1))
    assert follower(noted).click(token, Visitor("HEAD", FIREFOX)) == SHOP
    assert follower(noted).click(token, Visitor("GET", "curl/8")) == SHOP
    assert [r["who"] for r in noted.reports] == ["machine", "machine"]


def test_a_visit_of_a_message_that_may_not_have_been_delivered_yet_waits_until_that_is_known() -> None:
    noted, clock = Noted(), FixedClock(NOW)
    html = "<body><p><a href='https://shop.example.com/'>A</a></p></body>"
    content, _ = tracked(Rendered(text="x", html=html), track={"opens": True})
    way = code(re.findall(r"""href=["']([^"']*)""", content.html)[0])
    picture = code(re.findall(r'src="([^"]*)"', content.html)[0])
    for later in (timedelta(0), YOUNG - timedelta(seconds=1), timedelta(seconds=1)):
        clock.advance(later)
        follower(noted, clock).click(way, Visitor("GET", FIREFOX))
        follower(noted, clock).open(picture, Visitor("GET", FIREFOX))
    assert noted.waits == [LATE, LATE, LATE, LATE, timedelta(0), timedelta(0)]


def test_who_clicks_arrives_though_it_can_not_be_noted() -> None:
    """F22: the queue is down."""
    noted = Noted()
    noted.broken = True
    token = sign("secret", "click", {"send_id": "snd_1", "url": SHOP}, NOW + timedelta(days=1))
    assert follower(noted).click(token, Visitor("GET", FIREFOX)) == SHOP
    assert noted.lost == ["ConnectionError"]


def test_no_token_of_another_use_or_another_time_is_taken() -> None:
    late = FixedClock(NOW + timedelta(days=2))
    claims = {"send_id": "snd_1", "url": "https://evil.example/"}
    for token in (
        sign("secret", "unsubscribe", claims, NOW + timedelta(days=9)),
        sign("secret", "open", claims, NOW + timedelta(days=9)),
        sign("another", "click", claims, NOW + timedelta(days=9)),
        sign("secret", "click", claims, NOW + timedelta(days=1)),
        "x",
        "",
        "a.b.c",
        "https://evil.example/",
    ):
        noted = Noted()
        with pytest.raises(Invalid):
            follower(noted, late).click(token, Visitor("GET", FIREFOX))
        assert noted.reports == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://shop.example.com.evil.example/",
        "https://shop.example.com@evil.example/",
        "https://evil.example/?x=https://shop.example.com/",
        "https://shop.example.com\\@evil.example/",
        "https://shop.example.com:8443/",
        "https://shop.example.com:x/",
        "https://[::1",
        "javascript:alert(1)//shop.example.com",
        "//shop.example.com/",
        "ftp://shop.example.com/",
        "https://shop.example.com/\r\nSet-Cookie: a=b",
        "https://shop.example.com/ü",
        f"https://shop.example.com/{'x' * 1_000}",
        f"{OWN}/consents/unsubscribe?token=t",
    ],
)
def test_what_is_never_led(url: str) -> None:
    assert not is_led(url, {"shop.example.com", "api.example.com"}, OWN)


def test_hosts_that_are_filled_in_are_nobodys() -> None:
    source = (
        "https://a.example.com/{{ x }} https://{{ host }}/ https://b.example.com{{ x }} http://c.example.com:443?q "
        "'https://d.example.com' https://e.example.com@{{ x }} https://f.example.com:{{ port }}/ https://G.example.com"
    )
    assert hosts_in(source) == {"a.example.com", "c.example.com", "d.example.com", "g.example.com"}


@settings(max_examples=60, deadline=None)
@given(st.text("ab<>\"'&;=/ :.?%https@shop.example.com\n", max_size=80), st.booleans())
def test_whatever_is_written_only_led_links_change(text: str, in_html: bool) -> None:
    """Led back again, the message is what it was."""
    shop = f'<a href="{SHOP.replace("&", "&amp;")}">x</a>' if in_html else SHOP
    content = Rendered(text=f"{text} {shop}", html=f"{text} {shop}" if in_html else "")
    led = with_led_links(content, {"shop.example.com"}, OWN, lambda url: f"{OWN}/c/{url.encode().hex()}")

    def back(shown: str, *, escaped: bool) -> str:
        def original(match: re.Match[str]) -> str:
            url = bytes.fromhex(match.group(1)).decode()
            return url.replace("&", "&amp;") if escaped else url

        return re.sub(rf"{OWN}/c/([0-9a-f]+)", original, shown)

    assert back(led.text, escaped=False) == content.text
    if not re.search(r"href", text, re.IGNORECASE):
        assert back(led.html, escaped=True) == content.html


def test_a_short_code_is_of_one_message_and_one_link() -> None:
    genuine = short_code("secret", "snd_1", "ab12cd34")
    assert read_short_code("secret", genuine) == ("snd_1", "ab12cd34")
    for other in (
        short_code("secret", "snd_2", "ab12cd34").replace("snd_2", "snd_1"),
        genuine.upper(),
        f"{genuine}.x",
        "ü.b.c",
        "",
    ):
        assert read_short_code("secret", other) is None
    assert read_short_code("another", genuine) is None
