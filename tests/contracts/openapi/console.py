"""The console: files for a browser."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contracts.openapi.operations import PAGE, Operation
from tests.contracts.openapi.shapes import TEXT, Schema

_FILE = {200: {"ETag": "what a browser asks with again", "Content-Security-Policy": "what it may do with it"}}

OPERATIONS: Mapping[str, Operation] = {
    "GET /console": Operation("The console's page", {200: {PAGE: TEXT}}, gives=_FILE, who="anyone"),
    "GET /console/{name}": Operation(
        "One of its scripts, styles and pictures",
        {200: dict.fromkeys((PAGE, "text/css", "text/javascript", "image/svg+xml"), TEXT)},
        refuses=("no_file",),
        gives=_FILE,
        who="anyone",
    ),
}

SCHEMAS: Mapping[str, Schema] = {}
