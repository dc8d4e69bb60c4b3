"""Rows of an import of permissions: what each must say to be believed, and what is wrong with it, by field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.consent.domain.contact import reachable
from services.consent.domain.purposes import ConsentText, Language, Name, Purpose, TextVersion
from services.shared.channels import Channel
from services.shared.clock import to_iso
from services.shared.errors import Invalid, TooLarge

MAX_ROWS = 500
"""Of one request: what can be written to the ledger in the time an HTTP request has."""

MAX_ERRORS, _FIELD, _MESSAGE = 4, 40, 100
"""Of a row that are told, and how much of each: the report of an import is one item of at most 400 KB."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

IMPORTED = "imported-"
"""What the version of a text begins with that came with an import; nobody can agree to it any more."""

Errors = list[dict[str, str]]
"""`{field, message}` each, without what the field held."""


class Row(BaseModel):
    """What somebody permitted or took back elsewhere.

    A permission is granted when it comes with its evidence: `text_version` and `language` of the purpose, or the `text`
    itself with its `language`; `at`, when it was given; `means`, how (`paper form`, `web form`, `phone, recorded`); and
    `document`, where that can be seen. A withdrawal needs none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: Name
    channel: Channel
    address: Annotated[str, Field(min_length=1, max_length=320)]
    state: Literal["granted", "revoked"] = "granted"
    text_version: TextVersion | None = None
    language: Language | None = None
    text: Annotated[str, Field(min_length=10, max_length=4_000)] | None = None
    at: AwareDatetime | None = None
    means: Annotated[str, Field(max_length=200)] = ""
    document: Annotated[str, Field(max_length=300)] = ""

    def canonical(self) -> str:
        """The same for the same row, however it was written."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)


class Import(BaseModel):
    """Rows, each read by itself: one that is wrong keeps no other from being imported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dry_run: bool = False
    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_ROWS)]


@dataclass(frozen=True)
class Numbered:
    """A row that can be read, its place in the import (from 1), and the address in the form to write to."""

    number: int
    row: Row
    address: str


def lines(body: bytes) -> Iterator[dict[str, Any]]:
    """The rows of NDJSON: an object a line, empty lines left out.

    Raises:
        Invalid: `invalid_json`, a line is no object.
        TooLarge: `too_many_rows`.
    """
    count = 0
    for number, line in enumerate(body.splitlines(), 1):
        if not line.strip():
            continue
        count += 1
        if count > MAX_ROWS:
            raise TooLarge("too_many_rows", f"an import has at most {MAX_ROWS} rows")
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Invalid("invalid_json", f"line {number} is not JSON") from error
        if not isinstance(found, dict):
            raise Invalid("invalid_json", f"line {number} is not a JSON object")
        yield found


def read(
    number: int, raw: Mapping[str, Any], purposes: Mapping[str, Purpose], now: datetime
) -> Numbered | Errors:
    """A row, or all that is wrong with it."""
    try:
        row = Row.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MAX_ERRORS]
        return [_error(".".join(map(str, e["loc"])) or "row", e["msg"]) for e in found]
    errors = list(_wrong(row, purposes.get(row.purpose), now))
    try:
        address = reachable(row.channel, row.address)
    except Invalid as refused:
        return [_error("address", refused.message), *errors]
    return errors or Numbered(number, row, address)


def _wrong(row: Row, purpose: Purpose | None, now: datetime) -> Iterator[dict[str, str]]:
    if purpose is None:
        yield _error("purpose", "does not exist")
    elif row.state == "granted" and row.channel not in purpose.asked_on():
        yield _error("channel", "the purpose asks for no permission there")
    if row.at and not EARLIEST <= row.at <= now:
        yield _error("at", "is not between 2000 and now")


def missing(row: Row, purpose: Purpose) -> Errors:
    """What a permission lacks to be believed."""
    lacking = [] if text_of(row, purpose) else [_error("text", _no_text(row))]
    return lacking + [
        _error(name, "is missing") for name in ("at", "means", "document") if not getattr(row, name)
    ]


def _no_text(row: Row) -> str:
    if row.text_version and row.language and not row.text:
        return "the purpose has no such text_version in that language"
    return "is missing: text_version and language, or text and language"


def text_of(row: Row, purpose: Purpose) -> ConsentText | None:
    """The text that was agreed to: one of the purpose, or the row's own, retired from the beginning."""
    if row.language is None:
        return None
    if row.text is None:
        return purpose.text(row.text_version, row.language) if row.text_version else None
    same = (one for one in purpose.texts if (one.text, one.language) == (row.text, row.language))
    version = IMPORTED + hashlib.sha256(row.text.encode()).hexdigest()[:16]
    own = ConsentText(version=version, language=row.language, text=row.text, active=False)
    return next(same, own)


def given_at(row: Row) -> str:
    """When it was given, as evidence holds it; empty where nobody knows."""
    return to_iso(row.at) if row.at else ""


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field[:_FIELD], "message": message[:_MESSAGE]}
