"""The marketers' and clients' HTTP surface: Powertools' resolver, with every refusal as `{"code", "message"}`."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from pydantic import ValidationError

from services.shared.errors import HalteError, Invalid, TooLarge, TooMany, explain
from services.shared.pages import style_of

MAX_BODY = 1_000_000
"""Bytes a marketer's request may have."""


def resolver() -> APIGatewayHttpResolver:
    """A router that maps every expected error to its status; anything else stays a 500 that alarms."""
    app = APIGatewayHttpResolver()

    @app.exception_handler(HalteError)
    def refused(error: HalteError) -> Response[Any]:
        headers: dict[str, str | list[str]] = {}
        if isinstance(error, TooMany):
            headers["Retry-After"] = str(error.retry_after)
        return answer(error.status, {"code": error.code, "message": error.message}, headers)

    @app.exception_handler(ValidationError)
    def invalid(error: ValidationError) -> Response[Any]:
        return answer(400, {"code": "invalid", "message": explain(error)})

    @app.not_found
    def missing(_: NotFoundError) -> Response[Any]:
        return answer(404, {"code": "not_found", "message": "no such route"})

    return app


def respond(
    app: APIGatewayHttpResolver,
    logger: Logger,
    event: dict[str, Any],
    context: Any,
    said: str = "request served",
) -> dict[str, Any]:
    """Serve one request (API Gateway HTTP API, payload 2.0). Its route and status are logged as `said`, and not its
    path, which may hold a person's address."""
    response: dict[str, Any] = app.resolve(event, context)
    about = {"route": event.get("routeKey"), "status": response["statusCode"]}
    logger.info(said, extra=about, stacklevel=3)  # the place it names is the handler that calls this
    return response


_KEPT_APART = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Of every answer: it is for who asked, it is what it says it is, and its address stays with them."""

_NOTHING_ELSE = "default-src 'none'; frame-ancestors 'none'"
"""Of what is no page: it loads nothing, and stands in no frame."""


def answer(status: int, body: Any, headers: dict[str, str | list[str]] | None = None) -> Response[Any]:
    """A JSON response, which no browser shows as anything else."""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(body, default=str),
        headers={**_KEPT_APART, "Content-Security-Policy": _NOTHING_ELSE, **(headers or {})},
    )


def html(status: int, page: str) -> Response[Any]:
    """A page for people: no third party may frame it, read its address or run script in it; only its own style and
    pictures that are part of it count."""
    style = base64.b64encode(hashlib.sha256(style_of(page).encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return Response(
        status_code=status,
        content_type="text/html; charset=utf-8",
        body=page,
        headers={**_KEPT_APART, "Content-Security-Policy": policy},
    )


def table(text: str, name: str) -> Response[Any]:
    """A CSV file to keep under `name`."""
    return Response(
        status_code=200,
        content_type="text/csv; charset=utf-8",
        body=text,
        headers={**_KEPT_APART, "Content-Disposition": f'attachment; filename="{name}"'},
    )


def redirect(url: str) -> Response[Any]:
    """Elsewhere, for now; who is led there does not tell where from."""
    return Response(status_code=302, body="", headers={**_KEPT_APART, "Location": url})


def picture(content: bytes, media_type: str) -> Response[Any]:
    """A picture, fetched anew each time."""
    headers: dict[str, str | list[str]] = {**_KEPT_APART, "Content-Security-Policy": _NOTHING_ELSE}
    return Response(status_code=200, content_type=media_type, body=content, headers=headers)


def raw_body(event: Any, limit: int = MAX_BODY) -> bytes:
    """The request's body as bytes, whatever its Content-Type claims.

    Raises:
        Invalid: it says that it is base64 and is not.
        TooLarge: it is over `limit` bytes.
    """
    text = event.raw_event.get("body") or ""
    try:
        is_encoded = event.raw_event.get("isBase64Encoded")
        body = base64.b64decode(text, validate=True) if is_encoded else text.encode("utf-8", "surrogatepass")
    except ValueError as error:
        raise Invalid("invalid_body", "body is not base64") from error
    if len(body) > limit:
        raise TooLarge("too_large", f"body has {len(body)} bytes, the limit is {limit}")
    return body


def json_body(event: Any, limit: int = MAX_BODY) -> dict[str, Any]:
    """The request's JSON object.

    Raises:
        Invalid: the body is not JSON or not an object.
        TooLarge: it is over `limit` bytes.
    """
    try:
        parsed = json.loads(raw_body(event, limit), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid("invalid_json", f"body is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise Invalid("invalid_json", "body is not a JSON object")
    return parsed


def whole_number(event: Any, name: str, default: int) -> int:
    """A whole number of the query string.

    Raises:
        Invalid: `bad_<name>`, it is none.
    """
    text = event.get_query_string_value(name, "") or ""
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(f"bad_{name}", f"{name}: must be a whole number")
    return int(text)


def expected_revision(event: Any) -> int | None:
    """The revision that `If-Match: "3"` names; 0 for `If-None-Match: *`; `None` where the caller does not mind.

    Raises:
        Invalid: `bad_if_match`, the header is no ETag of ours.
    """
    headers = event.headers
    if headers.get("if-none-match", "").strip() == "*":
        return 0
    tag = headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if tag in ("", "*"):
        return None
    if not (tag.isascii() and tag.isdecimal() and len(tag) < 10):
        raise Invalid("bad_if_match", 'If-Match: must be the ETag of an answer, such as "3"')
    return int(tag)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
