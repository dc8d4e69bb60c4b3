"""docs/api.md: every route on one page."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contracts.openapi.documents import ROOT, SERVICES, operations
from tests.contracts.openapi.operations import CALLERS

PAGE = ROOT / "docs" / "api.md"

HEAD = """# The HTTP API

One API, whose routes belong to five services and the console. Who may call: `API key`, whoever sends the marketers'
key as `Authorization: Bearer …`; `write key`, a source with its own ([doors](doors.md)); `public`, anybody, where
needed with the signed token of a link. Refusals are `{"code", "message"}`: the OpenAPI document of a service names the
codes of each route, and has examples of what real handlers took and answered.

`python -m tests.contracts.openapi` writes this page and those documents.
"""


def overview() -> str:
    """The page."""
    return "\n".join([HEAD, *(line for service in SERVICES for line in _of(service))]).rstrip("\n") + "\n"


def _of(service: str) -> Iterator[str]:
    yield f"## {service}"
    yield ""
    yield f"{SERVICES[service]} [OpenAPI](openapi/{service}.json)"
    yield ""
    yield "| route | what it does | who may call |"
    yield "|---|---|---|"
    for key, one in sorted(operations(service).items(), key=lambda row: row[0].split(" ")[::-1]):
        yield f"| `{key}` | {one.summary} | {CALLERS[one.who]} |"
    yield ""
