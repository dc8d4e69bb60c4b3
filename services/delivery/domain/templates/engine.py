"""Parts of the Liquid engine by a shorter way: what is plainly there is written at once, all else as the engine does.

Nothing is said differently: a property test compares templates with the engine as it comes.
"""

from __future__ import annotations

import sys
from io import StringIO
from typing import TextIO

from liquid import BoundTemplate, Environment, RenderContext, Token, escape
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import OutputStreamLimitError
from liquid.expression import Expression


class _Paper(StringIO):
    """Has room for so many bytes; what is plain ASCII need not be encoded to count them."""

    __slots__ = ("room",)

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str) -> int:
        self.room -= len(text) if text.isascii() else len(text.encode())
        if self.room < 0:
            raise OutputStreamLimitError("output stream limit reached", token=None)
        return _write(self, text)


_write = StringIO.write


def _room(environment: Environment) -> int:
    return environment.output_stream_limit or sys.maxsize


class _Context(RenderContext):
    __slots__ = ()

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        return _Paper(buf.room if isinstance(buf, _Paper) else _room(self.env))


class _Template(BoundTemplate):
    context_class = _Context

    def _get_buffer(self) -> StringIO:
        return _Paper(_room(self.env))


class _TextNode(ContentNode):
    __slots__ = ()

    def render(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(self.text)


class _Text(Literal):
    node_class = _TextNode


class _OutputNode(OutputNode):
    """Shows a variable, most often a text that its name or a few names in a row lead to."""

    __slots__ = ("first", "names")

    def __init__(self, token: Token, expression: Expression) -> None:
        super().__init__(token, expression)
        names = _names(expression)
        self.first = names[0] if names else ""
        self.names = names[1:]

    def render(self, context: RenderContext, buffer: TextIO) -> int:
        if self.first:
            try:
                value = context.scope[self.first]
                for name in self.names:
                    value = value[name] if type(value) is dict else None
            except KeyError:
                value = None
            if type(value) is str:
                return buffer.write(escape(value) if context.autoescape else value)
        return self.render_to_output(context, buffer)


class _Output(Output):
    node_class = _OutputNode


def _names(expression: Expression) -> list[str]:
    """The names that lead to what is shown; none: it is filtered, chosen, counted, or found by another variable."""
    if type(expression) is not FilteredExpression or expression.filters or type(expression.left) is not Path:
        return []
    names = [name for name in expression.left.path if type(name) is str]
    return names if len(names) == len(expression.left.path) else []


class Quick(Environment):
    """The engine whose templates are rendered in these ways."""

    template_class = _Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        for tag in (_Text, _Output):
            self.add_tag(tag)
