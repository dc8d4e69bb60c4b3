"""Reading what browsers and mailbox providers send."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import parse_qsl

from services.consent.domain.evidence import Origin
from services.shared.errors import Invalid, NotFound
from services.shared.http import json_body, raw_body

MAX_BODY = 16_000
"""Bytes a public form may have."""

MAX_FIELDS = 200
_CLIP = 300


def origin_of(event: Any) -> Origin:
    """Where a request came from, as API Gateway saw it: no header can name another address."""
    http = event.request_context.http
    return Origin(
        ip=http.source_ip,
        user_agent=(http.user_agent or "")[:_CLIP],
        locale=languages_of(event)[:_CLIP],
    )


def languages_of(event: Any) -> str:
    """The Accept-Language of a request, as it came."""
    return event.headers.get("accept-language") or ""


def token_of(event: Any, fields: Mapping[str, str] | None = None) -> str:
    """The token of a link: out of the form it led to, if that carries it on, else out of the link; "" for none."""
    query = event.query_string_parameters or {}
    return (fields or {}).get("token") or query.get("token", "")


def shard_number(text: str) -> int:
    """The shard that a path names.

    Raises:
        NotFound: it is no number.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NotFound("unknown_shard", "a shard is a number")
    return int(text)


def content_type(event: Any) -> str:
    """The media type of the body, lower-case, without parameters."""
    return (event.headers.get("content-type") or "").partition(";")[0].strip().lower()


def fields_of(event: Any) -> dict[str, str]:
    """The fields of a form, urlencoded or multipart (the last of a repeated name); of JSON, its text values.

    Raises:
        Invalid: the body is not readable as what its Content-Type says.
        TooLarge: it is over `MAX_BODY` bytes.
    """
    kind = content_type(event)
    if kind == "application/json":
        return {k: v for k, v in json_body(event, MAX_BODY).items() if isinstance(v, str)}
    body = raw_body(event, MAX_BODY)
    if kind == "multipart/form-data":
        return _multipart(event.headers["content-type"], body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise Invalid("invalid_form", "body is not a form") from error


def _multipart(header: str, body: bytes) -> dict[str, str]:
    if not header.isascii() or not header.isprintable():
        raise Invalid("invalid_form", "Content-Type is not readable")
    message = message_from_bytes(f"Content-Type: {header}\r\n\r\n".encode() + body, policy=policy.HTTP)
    if not message.is_multipart():
        raise Invalid("invalid_form", "body is not a form")
    fields: dict[str, str] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            fields[name] = value.decode(errors="replace").strip("\r\n")
    return fields
