"""What a person's browser does for them: opening a page, and pressing the button of its form."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere: the shop does not exist."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_HERE = urllib.request.build_opener(_Stay)


class FormParser(HTMLParser):
    """The one form of a page: where it posts to, and its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.method = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action, self.method = given.get("action", ""), given.get("method", "get").lower()
        if tag in ("input", "button") and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")


class Expired(Exception):
    """The page says, with status 410, that its link is no longer valid: a fast clock overtook a slow machine."""


def confirm(url: str) -> None:
    """Open the page of a confirmation link and press its button.

    Raises:
        Expired: the link is too old.
        ValueError: the page has no form to press.
        urllib.error.HTTPError: the page or the form was refused.
    """
    page = FormParser()
    try:
        page.feed(get(url))
    except urllib.error.HTTPError as error:
        if error.code == 410:
            raise Expired from error
        raise
    if page.method != "post":
        raise ValueError("the confirmation page has no form that posts")
    base = url.split("?")[0]
    action = base if not page.action else _absolute(base, page.action)
    post(action, page.fields)


def _absolute(base: str, action: str) -> str:
    return urllib.parse.urljoin(base, action)


def get(url: str) -> str:
    """A page."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def look(url: str) -> None:
    """What a mail program fetches, or a browser before it goes on elsewhere."""
    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    try:
        with _HERE.open(request, timeout=30) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        if error.code != 302:
            raise


def post(url: str, fields: dict[str, str]) -> str:
    """What a form is answered with; tried again where the server is busy."""
    body = urllib.parse.urlencode(fields).encode()
    for pause in (0.2, 1.0, None):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            if error.code < 500 or pause is None:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")
