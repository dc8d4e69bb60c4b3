"""YAML as journeys are written in it: what JSON can say, with comments and without quotes.

The safe half of YAML 1.2: `on`, `yes` and dates are text, `09:00` is no number. Nothing is shared by reference
(a few lines of aliases unfold to gigabytes), and no key stands twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

from services.shared.errors import Invalid, TooLarge

MAX_TEXT = 250_000
"""Bytes of a document with its comments."""

MAX_DEPTH = 60


class _Reader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Refuses what JSON can't say."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="aliases are not allowed", problem_mark=self.peek_event().start_mark
            )
        if self.depth == MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=self.peek_event().start_mark
            )
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_scalar_node(self, anchor: Any) -> Any:
        """JSON writes what lies beyond U+FFFF as two escapes, which YAML reads as two halves."""
        node = super().compose_scalar_node(anchor)
        try:
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise yaml.MarkedYAMLError(problem="is no text", problem_mark=node.start_mark) from None
        return node

    def construct_int(self, node: Any) -> int:
        return int(self.construct_scalar(node))

    def construct_float(self, node: Any) -> float:
        number = float(self.construct_scalar(node))
        if not math.isfinite(number):
            raise yaml.MarkedYAMLError(problem="is no number that JSON has", problem_mark=node.start_mark)
        return number

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys: set[str] = set()
        for key, _ in node.value:
            name = key.value if key.tag == "tag:yaml.org,2002:str" else None
            if name is None or name in keys:
                problem = "stands twice" if name else "is no text: put it in quotes"
                raise yaml.MarkedYAMLError(
                    problem=f"the key {str(key.value)[:40]!r} {problem}", problem_mark=key.start_mark
                )
            keys.add(name)
        return dict(super().construct_mapping(node, deep))


_Reader.yaml_constructors = {
    f"tag:yaml.org,2002:{tag}": construct
    for tag, construct in {
        "null": _Reader.construct_yaml_null,
        "bool": _Reader.construct_yaml_bool,
        "int": _Reader.construct_int,
        "float": _Reader.construct_float,
        "str": _Reader.construct_yaml_str,
        "seq": _Reader.construct_yaml_seq,
        "map": _Reader.construct_yaml_map,
    }.items()
} | {None: _Reader.construct_undefined}
_Reader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    ("float", r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?|[-+]?\.[0-9]+", list("-+0123456789.")),
):
    _Reader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$", re.ASCII), first)


def read_yaml(text: str | bytes) -> dict[str, Any]:
    """The object that YAML text says.

    Raises:
        Invalid: `invalid_yaml`, with line and column; or it is no object.
        TooLarge: it has more than MAX_TEXT bytes.
    """
    size = len(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    if size > MAX_TEXT:
        raise TooLarge("too_large", f"body has {size} bytes, the limit is {MAX_TEXT}")
    try:
        said = yaml.load(text, _Reader)  # noqa: S506 a safe loader
    except yaml.YAMLError as error:
        raise Invalid("invalid_yaml", _told(error)) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise Invalid("invalid_yaml", f"body is not YAML: {error}") from None
    if not isinstance(said, dict):
        raise Invalid("invalid_yaml", "body is not a YAML object")
    return said


def _told(error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "body is not YAML text"
    mark = error.problem_mark
    return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem or error.context}"
