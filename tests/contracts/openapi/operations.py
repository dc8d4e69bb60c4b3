"""What is said of a route: what it does, who may call it, what it takes, answers and refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.contracts.openapi.shapes import TEXT, Schema

Who = Literal["marketer", "source", "anyone"]

CALLERS: Mapping[Who, str] = {
    "marketer": "API key",
    "source": "write key",
    "anyone": "public",
}
"""Who may call a route, for people."""

JSON, PAGE, FORM = "application/json", "text/html", "application/x-www-form-urlencoded"
YAML = "application/yaml"
BODY = ("invalid_json", "invalid_body", "too_large")
"""How a body can fail before anybody looks at what it says."""

MODEL = (*BODY, "invalid")
"""How a body can fail that a pydantic model reads."""

IF_MATCH = {"If-Match": "the ETag of the revision that is to be replaced"}
IF_NONE = {"If-None-Match": "`*`: there is none yet"}
ETAG = {200: {"ETag": "its revision"}}


@dataclass(frozen=True)
class Operation:
    """One route. `answers` and `takes` are schemas by media type; `refuses` are codes, whose statuses their sources
    say; `needed` names the query parameters without which it is refused, `headers` those of a request and `gives`
    those of the answers of a status, each with its meaning. A body that is not `required` may be left out."""

    summary: str
    answers: Mapping[int, Mapping[str, Schema]]
    takes: Mapping[str, Schema] = field(default_factory=dict)
    refuses: tuple[str, ...] = ()
    query: Mapping[str, Schema] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    who: Who = "marketer"
    required: bool = True


def or_table(operation: Operation) -> Operation:
    """The operation where the answer may be asked for as CSV, too."""
    return replace(operation, answers={200: {**operation.answers[200], "text/csv": TEXT}})


def does(
    summary: str,
    answers: Schema,
    *refuses: str,
    takes: Schema | None = None,
    status: int = 200,
    also: Mapping[int, Schema] | None = None,
    yaml: bool = False,
    **more: Any,
) -> Operation:
    """A route of JSON, which takes the same as YAML too if `yaml`; `also` is what it answers with other statuses."""
    by_status = {status: answers, **(also or {})}
    return Operation(
        summary,
        {one: {JSON: schema} for one, schema in by_status.items()},
        takes=dict.fromkeys((JSON, YAML) if yaml else (JSON,), takes) if takes else {},
        refuses=refuses,
        **more,
    )


def page(summary: str, *statuses: int, token: bool = True, **more: Any) -> Operation:
    """A page for people. What it refuses is a page too."""
    return Operation(
        summary,
        {one: {PAGE: TEXT} for one in statuses},
        query={"token": TEXT} if token else {},
        who="anyone",
        **more,
    )
