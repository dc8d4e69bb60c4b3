"""What anyone can reach: asking for a permission, confirming it, unsubscribing. GET and HEAD change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.consent.bootstrap.audit import receipt_link
from services.consent.bootstrap.permissions import asking, opt_in, unsubscribing
from services.consent.domain.asks import Ask
from services.consent.handlers.pages import (
    Message,
    confirm_page,
    confirmed_page,
    message_page,
    unsubscribe_page,
)
from services.consent.handlers.requests import content_type, fields_of, languages_of, origin_of, token_of
from services.consent.handlers.showing import shown
from services.shared.errors import HalteError
from services.shared.http import answer, resolver, respond
from services.shared.observability import service_logger

app = resolver()
logger = service_logger("consent")

_REFUSED: dict[str, tuple[int, Message]] = {
    "token_invalid": (400, "token_invalid"),
    "form_invalid": (400, "form_invalid"),
    "token_expired": (410, "token_expired"),
}


@app.post("/consents/requests")
def request_consent() -> Response[Any]:
    """Ask for a permission. Known, unknown and over the limit get the same answer."""
    event = app.current_event
    outcome = asking().request(Ask.model_validate(fields_of(event)), origin_of(event))
    logger.info("consent asked for", extra={"outcome": outcome})
    if content_type(event) != "application/json" and "text/html" in (event.headers.get("accept") or ""):
        return shown(202, message_page("check_your_inbox", languages_of(event)))
    return answer(202, {"status": "check_your_inbox"})


@app.get("/consents/confirm")
@app.head("/consents/confirm")
def show_confirm() -> Response[Any]:
    """The page behind the link in a confirmation message."""

    def show() -> Response[Any]:
        event = app.current_event
        token = token_of(event)
        question = opt_in().ask_to_confirm(token)
        if question is None:
            return shown(410, message_page("link_used", languages_of(event)))
        return shown(200, confirm_page(question, token))

    return _as_page(show)


@app.post("/consents/confirm")
def confirm() -> Response[Any]:
    """The button on that page."""

    def grant() -> Response[Any]:
        event = app.current_event
        form = fields_of(event)
        outcome = opt_in().confirm(token_of(event, form), form.get("nonce", ""), origin_of(event))
        if outcome == "used":
            return shown(410, message_page("link_used", languages_of(event)))
        receipt = f"../preferences/receipt?token={receipt_link(token_of(event, form))}"
        return shown(200, confirmed_page(languages_of(event), receipt))

    return _as_page(grant)


@app.get("/consents/unsubscribe")
@app.head("/consents/unsubscribe")
def show_unsubscribe() -> Response[Any]:
    """The page behind the unsubscribe link of a message."""

    def show() -> Response[Any]:
        event = app.current_event
        token = token_of(event)
        return shown(200, unsubscribe_page(unsubscribing().ask(token), token, languages_of(event)))

    return _as_page(show)


@app.post("/consents/unsubscribe")
def unsubscribe() -> Response[Any]:
    """The button on that page, or a mailbox provider's one-click request (RFC 8058): done at once, no redirect."""

    def revoke() -> Response[Any]:
        event = app.current_event
        form = fields_of(event)
        one_click = form.get("List-Unsubscribe") == "One-Click"
        nonce = None if one_click else form.get("nonce", "")
        unsubscribing().unsubscribe(token_of(event, form), nonce, origin_of(event))
        return shown(200, message_page("unsubscribed", languages_of(event)))

    return _as_page(revoke)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of a visitor or a mailbox provider."""
    return respond(app, logger, event, context, "consent page")


def _as_page(work: Callable[[], Response[Any]]) -> Response[Any]:
    """Refusals as a page; the visitor is a person even when the link is broken."""
    try:
        return work()
    except HalteError as error:
        status, message = _REFUSED.get(error.code, (error.status, "form_invalid"))
        return shown(status, message_page(message, languages_of(app.current_event)))
