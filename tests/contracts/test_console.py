"""The console reads the public API and nothing else: all that it asks are described routes for a marketer's key."""

from __future__ import annotations

import re
from pathlib import Path

from services.console.files import STATIC
from tests.contracts.openapi.documents import SERVICES, operations

CALL = re.compile(r"""\bapi\s*\.(get|post)\(\s*(?:path)?[`"]([^`"]+)[`"]""")
READ_BY_POST = {"POST /consents/lookups", "POST /templates/{}/preview", "POST /journeys/{}/simulations"}
"""An address is not to stand in a URL; previews and simulations take parameters. None changes what the stage does."""

LOCAL = {"GET /local/outbox", "GET /local/outbox/{}"}
"""What the local stage's gateway answers by itself."""


def calls(file: Path) -> set[str]:
    found = CALL.findall(re.sub(r"connect\([^()]*(?:\([^()]*\))?[^()]*\)", "api", file.read_text()))
    return {f"{method.upper()} " + re.sub(r"\$\{[^}]*\}", "{}", path) for method, path in found}


def test_every_call_of_the_console_is_a_described_route_that_only_reads() -> None:
    described = {
        re.sub(r"\{\w+\}", "{}", key): one for service in SERVICES for key, one in operations(service).items()
    }
    asked = set().union(*(calls(file) for file in STATIC.glob("*.mjs")))
    assert len(asked) > 12
    assert asked - set(described) == LOCAL
    assert {key for key in asked if not key.startswith("GET ")} == READ_BY_POST
    assert {described[key].who for key in asked - LOCAL} == {"marketer"}
    mentioned = sum(
        text.count("api.get(") + text.count("api.post(")
        for text in (f.read_text() for f in STATIC.glob("*.mjs"))
    )
    assert mentioned == sum(len(CALL.findall(f.read_text())) for f in STATIC.glob("*.mjs")), (
        "a call that is not read here"
    )
