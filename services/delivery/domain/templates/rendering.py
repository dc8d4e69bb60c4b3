"""What a template says to one person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import UndefinedError

from services.delivery.domain.templates.contexts import unsafe_places, with_safe_links
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.domain.templates.guards import at
from services.delivery.domain.templates.limits import compile_source, first_line
from services.delivery.domain.templates.rendered import NotRenderable, Rendered
from services.shared.errors import Invalid

LONGEST = 20_000
"""Characters a variable may have: filters take time and room by them."""

DEEPEST = 20
_KEPT = 200
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ue000\ufeff]"
)
"""Control characters, halves of characters, and those that turn the direction of what follows."""


def check(document: TemplateDocument) -> None:
    """Compile every part, see where its variables stand, and try it without a single one.

    Raises:
        Invalid: `template_syntax`, `template_unsafe` or `template_error`, naming the part.
    """
    for path, source in document.sources().items():
        template = compile_source(path, source)
        if path.endswith(".html") and (problems := unsafe_places(source)):
            raise Invalid("template_unsafe", f"{path}: {'; '.join(problems[:5])}")
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
    strict = document.missing == "block"
    values = _cleaned(variables, strict=strict)
    for name, word in document.fallbacks.items():
        if isinstance(word, str) and at(values, name) in (None, ""):
            _fill(values, name.split("."), word)
    missing = [name for name in document.required if at(values, name) in (None, "")]
    if missing:
        raise NotRenderable("missing_attribute", ", ".join(missing))
    prefix = f"channels.{channel}."
    parts = {
        name: _rendered(f"{prefix}{name}", source, values, strict=strict)
        for name, source in document.channels.said_on(channel).items()
    }
    if "subject" in parts:
        parts["subject"] = " ".join(parts["subject"].split())
    if parts.get("html"):
        parts["html"] = with_safe_links(parts["html"])
    if not parts.get("text", "").strip():
        raise NotRenderable("render_error", f"{prefix}text is empty")
    told = {name: parts.pop(name) for name in ("text", "subject", "html") if name in parts}
    return Rendered(**told, details=parts)


def _rendered(path: str, source: str, values: Mapping[str, Any], *, strict: bool) -> str:
    try:
        return str(_compiled(path, source, strict=strict).render(**values))
    except UndefinedError as error:
        raise NotRenderable("missing_attribute", f"{path}: {first_line(error)}") from error
    except Exception as error:  # as in `check`
        raise NotRenderable("render_error", f"{path}: {first_line(error)}") from error


_MEMO: dict[tuple[str, str, bool], BoundTemplate] = {}


def _compiled(path: str, source: str, *, strict: bool) -> BoundTemplate:
    key = (path, source, strict)
    found = _MEMO.get(key)
    if found is None:
        if len(_MEMO) > _KEPT:
            _MEMO.clear()
        found = _MEMO[key] = compile_source(path, source, strict=strict)
    return found


def _cleaned(variables: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    cleaned: dict[str, Any] = _clean(variables, strict, 0)
    return cleaned


def _clean(value: Any, strict: bool, depth: int) -> Any:
    if type(value) is str:
        if value.isascii() and value.isprintable() and len(value) <= LONGEST:
            return value
        if len(value) > LONGEST:
            raise NotRenderable("render_error", f"a variable has more than {LONGEST} characters")
        return _UNSEEN.sub("", value)
    if value is None or isinstance(value, int | float):
        return value
    if depth > DEEPEST:
        raise NotRenderable("render_error", f"a variable is nested more than {DEEPEST} times")
    if type(value) is dict or isinstance(
        value, Mapping
    ):  # the first is what it is, and much the quicker to ask
        return {
            name: _clean(inner, strict, depth + 1)
            for name, inner in value.items()
            if not (strict and inner in (None, ""))
        }
    if isinstance(value, list | tuple):
        return [_clean(inner, strict, depth + 1) for inner in value]
    raise NotRenderable("render_error", f"a variable is a {type(value).__name__}")


def _fill(values: dict[str, Any], steps: list[str], word: str) -> None:
    """Put `word` at a path; what stands in the way there stays."""
    for step in steps[:-1]:
        inner = values.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[steps[-1]] = word
