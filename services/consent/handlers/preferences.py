"""The preference centre, behind a signed link and no login. GET and HEAD change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.consent.bootstrap.audit import own_links, own_receipts
from services.consent.bootstrap.permissions import fresh_links, new_address, preference_centre
from services.consent.handlers.pages import spoken
from services.consent.handlers.preference_pages import (
    centre_page,
    new_address_confirmed_page,
    new_address_page,
    refused_page,
    request_page,
    requested_page,
    saved_page,
)
from services.consent.handlers.requests import fields_of, languages_of, origin_of, token_of
from services.consent.handlers.showing import shown
from services.shared.errors import HalteError, Invalid
from services.shared.http import answer, resolver, respond
from services.shared.observability import service_logger

app = resolver()
logger = service_logger("consent")

_STATUS = {"token_expired": 410, "link_used": 410}


@app.get("/preferences")
@app.head("/preferences")
def show_centre() -> Response[Any]:
    """The page behind the link."""

    def show() -> Response[Any]:
        event = app.current_event
        token = token_of(event)
        centre = preference_centre().show(token, spoken(languages_of(event)))
        return shown(200, centre_page(centre, token, languages_of(event)), intro=True)

    return _as_page(show, "preferences/request")


@app.post("/preferences")
def save() -> Response[Any]:
    """Its form. Where something is wrong with it, it comes back as it was sent."""

    def work() -> Response[Any]:
        event = app.current_event
        fields = fields_of(event)
        token = token_of(event, fields)
        saved = preference_centre().save(token, fields, spoken(languages_of(event)), origin_of(event))
        if saved.errors:
            again = centre_page(saved.centre, token, languages_of(event), fields=fields, errors=saved.errors)
            return shown(400, again, intro=True)
        page = saved_page(languages_of(event), changed=saved.changed, to_confirm=saved.to_confirm)
        return shown(200, page)

    return _as_page(work, "preferences/request")


@app.get("/preferences/request")
@app.head("/preferences/request")
def show_request() -> Response[Any]:
    """Where to ask for a fresh link."""
    return shown(200, request_page(languages_of(app.current_event)))


@app.post("/preferences/request")
def request_link() -> Response[Any]:
    """Ask for a fresh link. Known, unknown and over the limit get the same answer."""

    def work() -> Response[Any]:
        event = app.current_event
        fields = fields_of(event)
        try:
            outcome = fresh_links().request(fields.get("address", ""), origin_of(event))
        except Invalid:
            return shown(400, request_page(languages_of(event), fields, "email_unreadable"))
        logger.info("fresh link", extra={"outcome": outcome})
        return shown(202, requested_page(languages_of(event)))

    return _as_page(work, "request")


@app.get("/preferences/email")
@app.head("/preferences/email")
def show_new_address() -> Response[Any]:
    """The page behind the link that a new address was sent."""

    def show() -> Response[Any]:
        event = app.current_event
        token = token_of(event)
        return shown(200, new_address_page(new_address().show(token), token, languages_of(event)))

    return _as_page(show, "request")


@app.post("/preferences/email")
def confirm_new_address() -> Response[Any]:
    """The button on that page."""

    def work() -> Response[Any]:
        event = app.current_event
        fields = fields_of(event)
        new_address().confirm(token_of(event, fields), fields.get("nonce", ""))
        return shown(200, new_address_confirmed_page(languages_of(event)))

    return _as_page(work, "request")


@app.get("/preferences/receipt")
@app.head("/preferences/receipt")
def receipt() -> Response[Any]:
    """What a person keeps of what they permitted, to download."""

    def show() -> Response[Any]:
        told = own_receipts().by_link(own_links(), token_of(app.current_event))
        headers: dict[str, str | list[str]] = {
            "Content-Disposition": 'attachment; filename="receipt.json"',
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return answer(200, told, headers)

    return _as_page(show, "request")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of a person."""
    return respond(app, logger, event, context, "preference page")


def _as_page(work: Callable[[], Response[Any]], fresh_link: str) -> Response[Any]:
    """Refusals as a page; `fresh_link` is the way from here to where one is asked for."""
    try:
        return work()
    except HalteError as error:
        status = _STATUS.get(error.code, error.status)
        return shown(status, refused_page(error.code, languages_of(app.current_event), fresh_link))
