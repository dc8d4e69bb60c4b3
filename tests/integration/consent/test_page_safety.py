"""What strangers can do with the public pages: nothing that is not theirs (tokens, redirects, headers, HTML)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from infra.public_routes import PREFERENCE_ROUTES, PUBLIC_ROUTES
from services.shared.aws.clients import client
from services.shared.tokens import sign
from tests.integration.consent.conftest import START, World
from tests.integration.consent.test_preferences import (
    ANN,
    everything,
    known,
    link,
    open_page,
    send,
    tick,
    token_for_new_address,
)
from tests.support.accessible import Page, faults
from tests.unit.consent.test_brand import PNG

ROUTES = (*PUBLIC_ROUTES, *PREFERENCE_ROUTES)
HOSTILE = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)></title></style><svg onload=alert(1)>${7*7}$token",
    "javascript:alert(1)//evil.example/\\evil.example\u202e\ufeff\u2028<b>",
    "x\r\nSet-Cookie: a=b\r\nLocation: https://evil.example\r\n\r\n<b>",
)
BRAND = {
    "name": "Fietsen <b>& Zn</b>",
    "logo": PNG,
    "colours": {"accent": "#7a1f5c", "background": "#fffdf5"},
    "texts": {
        "en": {"intro": "Hello <script>alert(1)</script>", "footer": "Bikes Ltd\n1 High Street"},
        "nl": {"intro": "Dag", "footer": "Fietsen bv"},
    },
}


def kept_apart(answer: dict[str, Any]) -> None:
    """No frame, no referrer, no copy, no script, no other type, no way elsewhere."""
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert not {"location", "set-cookie", "refresh", "link"} & set(headers)
    assert not answer.get("cookies")
    assert all(value.isprintable() for value in headers.values())


def tokens(world: World) -> dict[str, str]:
    """A genuine link for each page."""
    world.ask(ANN)
    confirm = world.mailed_token()
    stop = {"purpose": "newsletter", "channel": "email", "address_key": world.key()}
    return {
        "/consents/confirm": confirm,
        "/consents/unsubscribe": sign("token-secret", "unsubscribe", stop, START + timedelta(days=9)),
        "/preferences": link(world),
        "/preferences/email": token_for_new_address(world),
    }


def answers(world: World, route: str, genuine: str, text: str) -> Iterator[dict[str, Any]]:
    """The route, asked with `text` everywhere it can stand."""
    method, path = route.split(" ")
    headers = {
        "accept-language": text,
        "accept": "text/html",
        "user-agent": text,
        "referer": text,
        "x-forwarded-host": text,
    }
    plain = {name: value for name, value in headers.items() if name != "accept-language"}
    for token in (text, genuine):
        query = {"token": token, "next": text, "url": text, "redirect": text, text: text}
        if method != "POST":
            yield world.call(route, query=query, headers=headers)
            continue
        fields = Page(open_page(world, genuine, path)["body"]).fields() if genuine else {}
        filled = {
            name: value if name in ("token", "nonce", "page", "shown") else text
            for name, value in fields.items()
        }
        for sent in ({**filled, "next": text}, {**filled, "token": token, "address": text}, {text: text}):
            body = "&".join(f"{quote(name)}={quote(value)}" for name, value in sent.items()).encode()
            for kind in (
                "application/x-www-form-urlencoded",
                "application/json",
                "multipart/form-data; boundary=x",
                text,
            ):
                given = headers if kind == text else plain
                yield world.call(route, query=query, body=body, headers={**given, "content-type": kind})


@pytest.mark.parametrize("route", ROUTES)
def test_whatever_strangers_send_is_text_and_leads_nowhere(world: World, route: str) -> None:
    """HTML and header injection, open redirects: by query, form, JSON, multipart and headers, also in error."""
    known(world)
    genuine = tokens(world).get(route.split(" ")[1], "")
    for text in HOSTILE:
        for answer in answers(world, route, genuine, text):
            kept_apart(answer)
            assert answer["statusCode"] < 500
            if answer["headers"]["Content-Type"].startswith("text/html"):
                assert faults(answer["body"]) == []
                assert not Page(answer["body"]).all("b")
                assert "evil.example" not in "".join(
                    value
                    for e in Page(answer["body"]).elements
                    for n, value in e.attributes.items()
                    if n in ("href", "action")
                )


@pytest.mark.parametrize("route", ROUTES)
def test_every_answer_is_kept_apart_and_bodies_have_a_limit(world: World, route: str) -> None:
    method, path = route.split(" ")
    kept_apart(world.call(route))
    if method == "POST":
        form = {"content-type": "application/x-www-form-urlencoded"}
        small = world.call(route, body=b"a=" + b"x" * 15_998, headers=form)
        large = world.call(route, body=b"a=" + b"x" * 15_999, headers=form)
        many = world.call(route, body=b"&".join(b"a%d=1" % n for n in range(201)), headers=form)
        for answer in (small, large, many):
            kept_apart(answer)
        assert (small["statusCode"], large["statusCode"], many["statusCode"]) == (400, 413, 400)
    for other in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"):
        answer = world.call(f"{other} {path}")
        kept_apart(answer)
        assert answer["statusCode"] in (404, 405)


def test_only_the_page_s_own_style_counts(world: World) -> None:
    """The policy names the style by its hash: what were injected would not be applied."""
    known(world)
    page = open_page(world, link(world))
    (style,) = re.findall(r"<style>(.*?)</style>", page["body"], re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page["headers"]["Content-Security-Policy"]
    assert "style=" not in page["body"]


def test_a_link_is_for_one_page_and_one_person(world: World) -> None:
    """Other purpose, other person, expired, replayed: nothing changes, and the page says so."""
    known(world)
    links = tokens(world)
    pages = {path: Page(open_page(world, token, path)["body"]).fields() for path, token in links.items()}
    before = everything(world)
    for path in links:
        for other, token in links.items():
            if path == other:
                continue
            assert open_page(world, token, path)["statusCode"] == 400
            fields = {**pages[path], "token": token}
            assert world.form(f"POST {path}", fields)["statusCode"] == 400
            assert world.form(f"POST {path}", {**fields, "nonce": pages[other]["nonce"]})["statusCode"] == 400
    bob = link(world, "bob@example.com")
    assert world.form("POST /preferences", {**pages["/preferences"], "token": bob})["statusCode"] == 400
    world.clock.advance(timedelta(days=61))
    for path, token in links.items():
        assert open_page(world, token, path)["statusCode"] == 410
        assert world.form(f"POST {path}", pages[path])["statusCode"] == 410
    assert everything(world) == before


def test_every_link_outlives_one_rotation_and_no_more(world: World) -> None:
    """F42: the key is rotated between the page and its form."""
    from services.shared.aws import secrets

    known(world)
    links = tokens(world)
    pages = {path: Page(open_page(world, token, path)["body"]).fields() for path, token in links.items()}
    for number, expected in ((2, 200), (3, 400)):
        client("secretsmanager").put_secret_value(SecretId=world.token_arn, SecretString=f"secret-{number}")
        secrets._kept.clear()
        for path, token in links.items():
            assert open_page(world, token, path)["statusCode"] in (expected, 410)
            assert world.form(f"POST {path}", pages[path])["statusCode"] == expected, path


def test_an_erased_person_s_pages_bring_nothing_back(world: World) -> None:
    """F25: their newsletter's link, a form that lay open, and facts that come late."""
    from services.consent.handlers import person
    from tests.integration.consent.conftest import CONTEXT

    world.granted()
    known(world)
    token = link(world)
    fields = {**Page(open_page(world, token)["body"]).fields(), "first_name": "Ann", **tick(world)}
    erased = {"ask": "erase", "profile_ids": ["prf_1"], "at": "2026-03-01T12:00:00.000Z"}
    person.handler({**erased, "addresses": [{"channel": "email", "address": ANN}]}, CONTEXT)
    known(world, version=7)
    world.pump()
    said = len(world.published)
    world.form("POST /preferences", fields)
    assert 'name="first_name"' not in open_page(world, token)["body"]
    assert [one for one in world.published[said:] if "change_id" in repr(one)] == []
    assert {one["state"] for one in world.look()["states"]} == {"revoked"}
    assert ANN not in repr([world.items(table) for table in ("ledger", "evidence")])


# The firm's own look


def test_a_brand_is_set_shown_and_on_every_page_of_either_language(world: World) -> None:
    assert world.json("GET /brand")[0] == 404
    status, stored = world.json("PUT /brand", BRAND)
    assert status == 200
    assert world.json("PUT /brand", BRAND) == world.json("GET /brand") == (200, stored)
    known(world)
    for path, token in tokens(world).items():
        for language, footer in (("en", "1 High Street"), ("nl", "Fietsen bv")):
            answer = open_page(world, token, path, language)
            kept_apart(answer)
            assert faults(answer["body"]) == []
            page = Page(answer["body"])
            assert [(e.attributes["src"], e.attributes["alt"]) for e in page.all("img")] == [
                (PNG, BRAND["name"])
            ]
            if path != "/consents/confirm":  # which is in the language of the text that is agreed to
                assert f'<html lang="{language}">' in answer["body"]
                assert page.all("footer")[0].text.strip().endswith(footer)
    centre = open_page(world, link(world))["body"]
    assert "Hello &lt;script&gt;" in centre
    assert "#7a1f5c" in centre
    refused = open_page(world, "forged")
    assert "1 High Street" in refused["body"]
    assert world.json("GET /purposes")[1]["purposes"][0]["name"] == "newsletter"


def test_a_brand_nobody_could_read_is_refused(world: World) -> None:
    status, body = world.json("PUT /brand", {**BRAND, "colours": {"accent": "#ffcc00"}})
    assert status == 400
    assert "contrast of 1.5" in body["message"]
    assert send(world, link(world))["statusCode"] == 200
