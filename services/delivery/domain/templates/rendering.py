"""What a template says to one person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from liquid import BoundTemplate

from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.limits import compile_source, first_line
from services.shared.errors import Invalid

_SCHEME = re.compile(r"[\s\x00-\x20]*(javascript|data|vbscript)\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Rendered:
    """What one person gets; `subject` and `html` are empty on SMS. `details` are what else a channel says, by name."""

    text: str
    subject: str = ""
    html: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


class NotRenderable(Exception):
    """A message has no text for this person: `reason` is `missing_attribute` or `render_error`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def check(document: TemplateDocument) -> None:
    """Compile every part and try it without a single variable.

    Raises:
        Invalid: `template_syntax` or `template_error`, naming the part.
    """
    for path, source in document.sources().items():
        template = compile_source(path, source)
        try:
            template.render()
        except (
            Exception
        ) as error:  # the engine may raise anything a filter does; it is always the template's fault
            raise Invalid("template_error", f"{path}: {first_line(error)}") from error


def render(document: TemplateDocument, channel: str, variables: Mapping[str, Any]) -> Rendered:
    """What the template says on `channel` to the person behind `variables`.

    Raises:
        NotRenderable: a required variable is empty, or the template fails or grows over its limits.
    """
    missing = [name for name in document.required if variables.get(name) in (None, "")]
    if missing:
        raise NotRenderable("missing_attribute", ", ".join(missing))
    prefix = f"channels.{channel}."
    parts: dict[str, str] = {}
    for path, source in document.sources().items():
        if path.startswith(prefix):
            values = _without_scripts(variables) if path.endswith(".html") else dict(variables)
            parts[path.removeprefix(prefix)] = _rendered(path, source, values)
    if "subject" in parts:
        parts["subject"] = " ".join(parts["subject"].split())
    if not parts.get("text", "").strip():
        raise NotRenderable("render_error", f"{prefix}text is empty")
    told = {name: parts.pop(name) for name in ("text", "subject", "html") if name in parts}
    return Rendered(**told, details=parts)


def _rendered(path: str, source: str, values: Mapping[str, Any]) -> str:
    try:
        return str(_compiled(path, source).render(**values))
    except Exception as error:  # as in `check`
        raise NotRenderable("render_error", f"{path}: {first_line(error)}") from error


def _memo(make: Callable[[str, str], BoundTemplate]) -> Callable[[str, str], BoundTemplate]:
    kept: dict[tuple[str, str], BoundTemplate] = {}

    def compiled(path: str, source: str) -> BoundTemplate:
        if len(kept) > 200:
            kept.clear()
        if (path, source) not in kept:
            kept[path, source] = make(path, source)
        return kept[path, source]

    return compiled


_compiled = _memo(compile_source)


def _without_scripts(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {k: "" if isinstance(v, str) and _SCHEME.match(v) else v for k, v in variables.items()}
