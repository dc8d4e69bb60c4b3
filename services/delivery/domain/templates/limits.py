"""Liquid with hard limits: a template can neither reach code nor run away."""

from __future__ import annotations

import re
from collections.abc import Callable, Sized
from functools import wraps
from typing import Any

from liquid import BoundTemplate, FalsyStrictUndefined, Undefined
from liquid.exceptions import FilterArgumentError, LiquidError

from services.delivery.domain.templates.engine import Quick
from services.shared.errors import Invalid


class Limited(Quick):
    """Liquid that can neither reach code or files nor run away."""

    loop_iteration_limit = 1_000
    output_stream_limit = 200_000
    local_namespace_limit = 20_000
    context_depth_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.filters.pop("safe", None)  # it would switch escaping off
        for tag in ("include", "render"):  # there are no files to load
            self.tags.pop(tag, None)
        self.filters["replace"] = _bounded_replace(self.filters["replace"])
        self.filters["join"] = _bounded_join(self.filters["join"])


def _bounded_replace(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def replace(value: Any, old: Any, new: Any = "") -> Any:
        text, most = str(value), Limited.output_stream_limit
        if len(text) + (text.count(str(old)) * len(str(new))) > most:
            raise FilterArgumentError("replace makes too much text", token=None)
        return plain(value, old, new)

    return replace


def _bounded_join(plain: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(plain)
    def join(values: Any, separator: Any = " ", **context: Any) -> Any:
        many = len(values) if isinstance(values, Sized) else 1
        if many * len(str(separator)) > Limited.output_stream_limit:
            raise FilterArgumentError("join makes too much text", token=None)
        return plain(values, separator, **context)

    return join


class MissingBlocks(FalsyStrictUndefined):
    """A variable that is not there: it may be asked for and given a default, but not shown."""

    force_liquid_default = True


_ENVIRONMENTS = {
    (html, strict): Limited(autoescape=html, undefined=MissingBlocks if strict else Undefined)
    for html in (False, True)
    for strict in (False, True)
}
_MOST_BLOCKS = 100
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_OPENS = re.compile(r"\{%-?\s*(for|if|unless|case|capture|tablerow|comment|raw)\b")
_CLOSES = re.compile(r"\{%-?\s*end")


def compile_source(path: str, source: str, *, strict: bool = False) -> BoundTemplate:
    """The compiled Liquid of one part; `strict` lets no variable be shown that is not there.

    Raises:
        Invalid: `template_syntax`, naming `path` and the mistake.
    """
    if any(source.rfind(opens) > source.rfind(closes) for opens, closes in (("{{", "}}"), ("{%", "%}"))):
        raise Invalid("template_syntax", f"{path}: a tag of Liquid is not closed")
    if any(".." in _LITERAL.sub("", tag) for tag in _TAG.findall(source)):
        # A filter walks a range before any limit of the engine can stop it.
        raise Invalid("template_syntax", f"{path}: ranges (a..b) are not supported")
    if _depth(source) > _MOST_BLOCKS:  # the engine walks them by recursion
        raise Invalid("template_syntax", f"{path}: blocks are nested too deeply")
    environment = _ENVIRONMENTS[path.endswith((".html", ".mjml")), strict]
    try:
        template = environment.from_string(source)
        unknown = sorted(template.analyze().filters.keys() - environment.filters.keys())
    except (LiquidError, RecursionError) as error:
        raise Invalid("template_syntax", f"{path}: {first_line(error)}") from error
    if unknown:  # the engine itself only notices when a person's data leads there
        raise Invalid("template_syntax", f"{path}: unknown filter {', '.join(unknown)}")
    return template


def _depth(source: str) -> int:
    deepest = depth = 0
    for tag in _TAG.findall(source):
        depth += 1 if _OPENS.match(tag) else -1 if _CLOSES.match(tag) else 0
        deepest = max(deepest, depth)
    return deepest


def first_line(error: Exception) -> str:
    """What went wrong, in one short line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
