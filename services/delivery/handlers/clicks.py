"""Where links and pictures of messages lead: public, the same for everybody, and no door to change anything."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.delivery.bootstrap import feedback as bootstrap
from services.delivery.use_cases.follow_links import Visitor
from services.shared.errors import Invalid
from services.shared.http import html, picture, redirect, resolver, respond
from services.shared.observability import service_logger
from services.shared.pages import page

logger = service_logger("delivery")
app = resolver()

_NOTHING = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A picture of one transparent dot (GIF)."""

_WORDS = {
    "en": (
        "This link does not work",
        "It is incomplete, or too old. Go to where you wanted to be by another way.",
    ),
    "nl": (
        "Deze link werkt niet",
        "De link is onvolledig of te oud. Ga langs een andere weg waar u wilde zijn.",
    ),
}


@app.get("/c/<token>")
@app.head("/c/<token>")
def click(token: str) -> Response[Any]:
    """On to where the link leads; the one that nobody can see leads nowhere."""

    def follow() -> Response[Any]:
        url = bootstrap.following().click(token, _visitor())
        return redirect(url) if url else html(200, page("en", "Nothing here", "<p></p>"))

    return _or_page(follow)


@app.get("/o/<token>")
@app.head("/o/<token>")
def opened(token: str) -> Response[Any]:
    """A dot, whatever was asked for: a message shows no broken picture."""
    try:
        bootstrap.following().open(token, _visitor())
    except Invalid as refused:
        logger.info("open refused", extra={"code": refused.code})
    return picture(_NOTHING, "image/gif")


def _visitor() -> Visitor:
    event = app.current_event
    return Visitor(event.http_method, event.headers.get("user-agent") or "")


def _or_page(follow: Callable[[], Response[Any]]) -> Response[Any]:
    try:
        return follow()
    except Invalid as refused:
        spoken = (app.current_event.headers.get("accept-language") or "").strip().lower()
        language = "nl" if spoken.startswith("nl") else "en"
        title, text = _WORDS[language]
        status = 410 if refused.code == "token_expired" else 404
        return html(status, page(language, title, f"<p>{escape(text)}</p>"))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request; its path is a secret of its receiver and is not logged."""
    return respond(app, logger, event, context)
