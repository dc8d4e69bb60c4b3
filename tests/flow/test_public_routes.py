"""Every route that anybody can reach, as the templates have them: what no answer of theirs may lack or do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.road import Road
from tests.support.templates import Templates
from tests.support.wire import Response

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "x\r\nSet-Cookie: a=b\r\nLocation: //evil.example\r\n\r\n<script>alert(1)</script>"
WANTED = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
FORM = "application/x-www-form-urlencoded"


FIELDS = {"email": "ann@example.com", "first": HOSTILE, "page": HOSTILE}


@pytest.fixture(scope="module")
def road(templates: Templates) -> Iterator[Road]:
    """With a form whose thanks are hostile too."""
    form = {
        "kind": "popup",
        "questions": [
            {"name": "email", "type": "email", "trait": "email"},
            {"name": "first", "trait": "firstName"},
        ],
        "thanks": {"title": "<script>alert(1)</script>", "text": "<script>alert(2)</script>"},
    }
    with Road(templates, START) as made:
        assert made.http("PUT", "/forms/exit-popup", body=form, admin=True).status == 201
        yield made


def answers(road: Road, key: str) -> Iterator[Response]:
    """Empty, forged, hostile, far too large, of no known type."""
    method, path = key.split(" ")
    path = path.replace("{form_id}", "exit-popup")
    hostile = {"accept-language": HOSTILE, "user-agent": HOSTILE, "origin": HOSTILE, "accept": "text/html"}
    query = {"token": HOSTILE, "next": "https://evil.example", "redirect": "//evil.example"}
    yield road.http(method, path)
    yield road.http(method, path, query=query, headers=hostile)
    if method == "POST":
        yield road.http(method, path, query=query, headers=hostile, form=FIELDS)
        for kind in (FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", HOSTILE):
            headers = {**hostile, "content-type": kind}
            yield road.http(method, path, query=query, headers=headers, body=b"token=1&nonce=2")
            yield road.http(method, path, headers=headers, body=b"{" * 600_000)


def test_every_answer_to_anybody_is_kept_apart(road: Road) -> None:
    """Frames, referrers, caches, types, redirects, cookies, scripts: also where the answer is a refusal."""
    public = [route.key for route in road.stage.routes if route.authorizer is None]
    public = [
        key for key in public if "/console" not in key
    ]  # its files say nothing of anybody: test_files.py
    assert {"POST /v1/batch", "POST /forms/{form_id}/submissions", "GET /preferences"} <= set(public)
    for key in public:
        for answer in answers(road, key):
            headers = {name.lower(): value for name, value in answer.headers.items()}
            assert {name: headers.get(name) for name in WANTED} == WANTED, (key, answer)
            assert "frame-ancestors 'none'" in headers["content-security-policy"], key
            assert "default-src 'none'" in headers["content-security-policy"], key
            assert not {"location", "set-cookie", "refresh"} & set(headers), key
            assert all(value.isprintable() for value in headers.values()), key
            assert answer.status < 500, (key, answer)
            assert "<script>" not in answer.body, key
    shown = road.http("POST", "/forms/exit-popup/submissions", headers={"accept": "text/html"}, form=FIELDS)
    assert shown.status == 202
    assert "&lt;script&gt;alert(2)" in shown.body
    assert road.dead_letters() == []
