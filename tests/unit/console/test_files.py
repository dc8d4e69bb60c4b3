"""The console's files: served under the strictest policy they can work with, from the repository to the browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import pytest

from services.console import files
from services.console.handlers import site
from tests.support.accessible import contrast

SCHEMES = re.compile(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)\w")


@pytest.fixture(autouse=True)
def _stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "local")
    site.files.cache_clear()


def asked(name: str = "", **headers: str) -> dict[str, Any]:
    path = f"/console/{name}" if name else "/console"
    key = "GET /console/{name}" if name else "GET /console"
    http = {"method": "GET", "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1", "userAgent": "x"}
    event = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {k.replace("_", "-"): v for k, v in headers.items()},
        "requestContext": {"http": http, "stage": "$default", "requestId": "1"},
        "isBase64Encoded": False,
    }
    return site.handler(event, None)


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


def test_the_page_may_use_only_its_own_files_and_its_own_origin() -> None:
    policy = directives(asked()["headers"]["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["connect-src"] == policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert policy["trusted-types"] == ["'none'"]
    assert "unsafe" not in asked()["headers"]["Content-Security-Policy"]


def test_the_frame_of_mails_has_no_origin_and_runs_no_script_of_theirs() -> None:
    policy = directives(asked(files.FRAME)["headers"]["Content-Security-Policy"])
    assert policy["sandbox"] == ["allow-scripts"]
    assert policy["script-src"] == ["'self'"]
    assert "connect-src" not in policy
    assert policy["default-src"] == ["'none'"]


def test_every_file_is_what_it_says_and_leaves_no_trace_elsewhere() -> None:
    for name, file in files.read("local").items():
        answer = asked(name)
        assert answer["statusCode"] == 200
        assert answer["headers"]["Content-Type"] == file.content_type
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
        assert answer["headers"]["Referrer-Policy"] == "no-referrer"


def test_a_file_that_a_browser_has_is_not_sent_again() -> None:
    tag = asked("style.css")["headers"]["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = asked("style.css", if_none_match=known)
        assert (again["statusCode"], again["body"]) == (304, "")
        assert again["headers"]["ETag"] == tag
    assert asked("style.css", if_none_match='"other"')["statusCode"] == 200
    assert files.read("local")["index.html"].tag != files.read("prod")["index.html"].tag


def test_files_are_packed_for_who_can_unpack_them() -> None:
    plain, packed = asked("style.css"), asked("style.css", accept_encoding="br, gzip")
    assert packed["headers"]["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain["headers"]
    assert gzip.decompress(base64.b64decode(packed["body"])).decode() == plain["body"]
    assert packed["headers"]["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["none.mjs", "..", "%2e%2e", "site.py", "../files.py", "INDEX.HTML"])
def test_there_are_no_other_files(name: str) -> None:
    answer = asked(name)
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["code"] in ("no_file", "not_found")


def test_the_page_knows_its_stage_and_escapes_it() -> None:
    assert 'data-stage="local"' in asked()["body"]
    assert 'data-stage="&lt;b&gt;&quot;"' in files.read('<b>"')["index.html"].content.decode()


def test_no_file_leads_elsewhere_or_makes_markup_of_text() -> None:
    for path in sorted(files.STATIC.iterdir()):
        text = path.read_text()
        assert not SCHEMES.search(re.sub(r"^\s*(//|/?\*).*$", "", text, flags=re.M)), path.name
        assert not re.search(r"<script>|<style|\sstyle=|\son\w+=", text), path.name
        if path.name != "frame.js":  # it has no origin, and its policy no script but itself
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", text
            )


def test_the_key_is_kept_in_the_tab_alone() -> None:
    source = "".join(path.read_text() for path in files.STATIC.glob("*.mjs"))
    assert source.count("sessionStorage") == 3
    assert not re.search(r"localStorage|indexedDB|document\.cookie|console\.(log|info|debug)", source)


def test_text_and_controls_can_be_told_from_their_ground_in_both_schemes() -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11; axe can't judge what is drawn."""
    style = (files.STATIC / "style.css").read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+);", part))
        for part in style.split("@media (prefers-color-scheme: dark)")[:2]
    )
    for colours in (light, {**light, **dark}):
        for ground in ("ground", "surface", "sunken"):
            assert contrast(colours["text"], colours[ground]) >= 7
            assert contrast(colours["quiet"], colours[ground]) >= 4.5
        for tone in ("good", "bad", "waiting"):
            assert contrast(colours[tone], colours[f"{tone}-ground"]) >= 4.5
            assert contrast(colours["text"], colours[f"{tone}-ground"]) >= 4.5
        assert contrast(colours["accent"], colours["surface"]) >= 4.5
        assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
        for mark in ("edge", "mark", "held", "choice"):
            assert contrast(colours[mark], colours["surface"]) >= 3
