"""Documents as they come in a request: JSON, or YAML where the request says so."""

from __future__ import annotations

from typing import Any

from services.journeys.domain.yaml_text import read_yaml
from services.shared.http import json_body, raw_body

YAML = frozenset({"application/yaml", "application/x-yaml", "text/yaml"})


def document_body(event: Any) -> dict[str, Any]:
    """The request's object.

    Raises:
        Invalid: the body is not what it says it is, or no object.
        TooLarge: it is over the size limit.
    """
    kind = event.headers.get("content-type", "").partition(";")[0].strip().lower()
    return read_yaml(raw_body(event)) if kind in YAML else json_body(event)
