"""Who opens the links of a mail but is not its reader: fifty kinds of them, and a real browser that runs scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from services.shared import tokens
from tests.integration.consent.conftest import World
from tests.support.chromium import Chromium, found

SCANNERS = json.loads((Path(__file__).parent / "scanners.json").read_text())
PAGES = ("/consents/confirm", "/consents/unsubscribe", "/preferences")
FORM = "application/x-www-form-urlencoded"


def everything(world: World) -> list[Any]:
    return [sorted(map(repr, world.items(table))) for table in ("ledger", "evidence", "purposes")]


def links(world: World) -> dict[str, str]:
    """The links that people have in their mail: bob's to confirm, ann's to leave and to change her mind."""
    key, until = world.granted(), world.clock.now() + timedelta(days=60)
    world.ask("bob@example.com")
    confirm = world.mailed_token()
    leave = {"purpose": "newsletter", "channel": "email", "address_key": key, "send_id": "snd_1"}
    change = {"channel": "email", "email_key": key}
    return {
        "/consents/confirm": confirm,
        "/consents/unsubscribe": tokens.sign("token-secret", tokens.UNSUBSCRIBE, leave, until),
        "/preferences": tokens.sign("token-secret", tokens.PREFERENCES, change, until),
    }


def visit(world: World, scanner: dict[str, Any], path: str, token: str) -> list[int]:
    """Do what the scanner does at a link; the statuses it saw."""
    token = {"cut": token[: len(token) // 2], "upper": token.upper()}.get(scanner.get("token", ""), token)
    headers = {**scanner["headers"], "user-agent": scanner["agent"]}
    statuses = []
    for method in scanner["visits"]:
        body = b""
        if method == "POST":
            fields = {name: value.replace("{token}", token) for name, value in scanner["form"].items()}
            headers = {"content-type": FORM, **headers}
            as_json = headers["content-type"] == "application/json"
            body = (json.dumps(fields) if as_json else urlencode(fields)).encode()
        query = {"token": token, **scanner.get("query", {})}
        statuses.append(world.call(f"{method} {path}", query=query, body=body, headers=headers)["statusCode"])
    return statuses


def test_the_scanners_are_fifty_different_ones() -> None:
    behaviours = {
        json.dumps({k: v for k, v in one.items() if k != "name"}, sort_keys=True) for one in SCANNERS
    }
    assert len({one["name"] for one in SCANNERS}) == len(behaviours) == len(SCANNERS) >= 50


@pytest.mark.capability("003-22")
def test_no_scanner_changes_anything(world: World) -> None:
    """The whole ledger, evidence and purposes are the same before and after, and nothing is published."""
    mailed = links(world)
    world.pump()
    before = everything(world)
    for scanner in SCANNERS:
        statuses = {status for path in PAGES for status in visit(world, scanner, path, mailed[path])}
        expected = (
            {200} if set(scanner["visits"]) <= {"GET", "HEAD"} and "token" not in scanner else {200, 400}
        )
        assert statuses <= expected, (scanner["name"], statuses)
        assert everything(world) == before, scanner["name"]
    assert world.pump() == []
    page = world.call("GET /consents/confirm", query={"token": mailed["/consents/confirm"]})
    nonce = world.nonce_on(page)
    world.form("POST /consents/confirm", {"token": mailed["/consents/confirm"], "nonce": nonce})
    assert everything(world) != before


@contextmanager
def served(world: World) -> Iterator[str]:
    """The public pages on a port of this machine."""
    one_at_a_time = threading.Lock()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        do_HEAD = do_GET

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            url = urlsplit(self.path)
            if url.path not in PAGES:
                self.send_error(404)
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            with one_at_a_time:
                answer = world.call(
                    f"{self.command} {url.path}", query=dict(parse_qsl(url.query)), body=body, headers=headers
                )
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer["body"].encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


NOSY = """(async () => {
  for (const one of document.querySelectorAll('*')) {
    for (const kind of ['mouseover', 'mousemove', 'focus', 'touchstart', 'pointerdown'])
      one.dispatchEvent(new Event(kind, {bubbles: true}));
  }
  window.scrollTo(0, document.body.scrollHeight);
  for (const link of document.querySelectorAll('a, area')) link.click();
  for (const form of document.forms) await fetch(form.action).catch(() => 0);
  await fetch(location.href).catch(() => 0);
  navigator.sendBeacon(location.href);
  return document.forms.length;
})()"""
"""All that a scanner in a browser does to find out what a page would do, short of pressing its button."""


@pytest.mark.capability("003-22")
def test_a_browser_that_runs_scripts_and_clicks_links_changes_nothing_until_the_button_is_pressed(
    world: World,
) -> None:
    if not found():
        pytest.skip("LOUD: there is no Chromium here, no browser looked at the links")
    mailed = links(world)
    before = everything(world)
    with served(world) as site, Chromium() as browser:
        for path in PAGES:
            browser.open(f"{site}{path}?token={mailed[path]}")
            assert browser.run(NOSY) >= 1
            assert everything(world) == before, path
        browser.open(f"{site}/consents/confirm?token={mailed['/consents/confirm']}")
        browser.run("document.querySelector('button').click()")
        browser.until("document.title.includes('Thank you')")
    assert world.look("bob@example.com")["states"][0]["state"] == "granted"
