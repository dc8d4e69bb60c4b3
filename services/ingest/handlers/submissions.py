"""`POST /forms/{id}/submissions`: anybody, from any page that may hold the form, with or without JavaScript."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import Response

from services.ingest.bootstrap.forms import submissions
from services.ingest.domain.forms import RESERVED, Said, Thanks
from services.ingest.forms import Visitor
from services.shared.errors import Invalid
from services.shared.http import answer, html, json_body, raw_body, resolver
from services.shared.observability import service_logger
from services.shared.pages import page

MAX_BODY = 16_000
"""Bytes a submission may have."""

MAX_FIELDS = 200

logger = service_logger("ingest")
app = resolver()


@app.post("/forms/<form_id>/submissions")
def submit(form_id: str) -> Response[Any]:
    """JSON `{"answers", "consents", "anonymousId", "page", "submissionId"}`, or a form's fields. Taken, limited and
    caught in the honeypot get the same answer."""
    event = app.current_event
    is_json = _media_type(event) == "application/json"
    said = _from_json(json_body(event, MAX_BODY)) if is_json else _from_form(event)
    outcome = submissions().submit(form_id, said, _visitor(event))
    logger.info("form submitted", extra={"outcome": outcome})
    if not is_json and "text/html" in (event.headers.get("accept") or ""):
        return html(202, _page(submissions().form(form_id)[0].thanks))
    return answer(202, {"status": "received"})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One submission, API Gateway HTTP API, payload 2.0."""
    return app.resolve(event, context)


def _media_type(event: Any) -> str:
    return (event.headers.get("content-type") or "").partition(";")[0].strip().lower()


def _visitor(event: Any) -> Visitor:
    """No header can name another IP address."""
    http = event.request_context.http
    return Visitor(
        ip=http.source_ip,
        user_agent=http.user_agent or "",
        locale=event.headers.get("accept-language") or "",
        origin=event.headers.get("origin") or "",
        referer=event.headers.get("referer") or "",
    )


def _from_json(body: dict[str, Any]) -> Said:
    return Said.model_validate(
        {
            "answers": body.get("answers", {}),
            "consents": body.get("consents", []),
            "anonymous_id": body.get("anonymousId", ""),
            "page": body.get("page", ""),
            "submission_id": body.get("submissionId", ""),
        }
    )


def _from_form(event: Any) -> Said:
    """Boxes of one name come several times: answers are lists of texts."""
    try:
        body = raw_body(event, MAX_BODY).decode()
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise Invalid("invalid_form", "body is not a form") from error
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)

    def last(name: str) -> str:
        return fields.get(name, [""])[-1]

    return Said(
        answers={name: values for name, values in fields.items() if name not in RESERVED and any(values)},
        consents=[one for one in fields.get("consent", []) if one],
        anonymous_id=last("anonymousId"),
        page=last("page"),
        submission_id=last("submissionId"),
    )


def _page(thanks: Thanks) -> str:
    return page(thanks.language, thanks.title, f"<p>{escape(thanks.text)}</p>")
