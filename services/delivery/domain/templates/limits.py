"""Liquid with hard limits: a template can neither reach code nor run away."""

from __future__ import annotations

import re

from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from services.shared.errors import Invalid


class Limited(Environment):
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


_PLAIN = Limited()
_HTML = Limited(autoescape=True)

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")


def compile_source(path: str, source: str) -> BoundTemplate:
    """The compiled Liquid of one part.

    Raises:
        Invalid: `template_syntax`, naming `path` and the mistake.
    """
    if any(".." in _LITERAL.sub("", tag) for tag in _TAG.findall(source)):
        # A filter walks a range before any limit of the engine can stop it.
        raise Invalid("template_syntax", f"{path}: ranges (a..b) are not supported")
    environment = _HTML if path.endswith(".html") else _PLAIN
    try:
        template = environment.from_string(source)
        unknown = sorted(template.analyze().filters.keys() - environment.filters.keys())
    except LiquidError as error:
        raise Invalid("template_syntax", f"{path}: {first_line(error)}") from error
    if unknown:  # the engine itself only notices when a person's data leads there
        raise Invalid("template_syntax", f"{path}: unknown filter {', '.join(unknown)}")
    return template


def first_line(error: Exception) -> str:
    """What went wrong, in one short line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
