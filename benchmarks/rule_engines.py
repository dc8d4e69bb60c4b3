"""Other ways to ask a rule: each of its own language, used as fast as its interface allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import cel
import datalogic_py
import jsonata
import jsonatapy

from services.shared.conditions.limits import Budget
from services.shared.conditions.where import compile_where, parse_where

Properties = Mapping[str, Any]
Document = dict[str, Any]

_SIGNS = {"eq": "==", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Engine(Protocol):
    """One of them."""

    name: str

    def compile(self, key: str, filter: Document) -> Any:
        """A rule, made ready once; an empty `key` stands for any event."""
        ...

    def ask(self, rules: Sequence[Any], key: str, properties: Properties) -> Iterable[object]:
        """For each rule, something that is true if an event matches it."""
        ...


class Closures:
    """The naive loop: a Python closure a rule."""

    name = "closures"

    def compile(self, key: str, filter: Document) -> Callable[[str, Properties], bool]:
        passes = compile_where(parse_where(filter, "where", Budget()))
        return lambda asked, properties: (asked == key or not key) and passes(properties)

    def ask(self, rules: Sequence[Any], key: str, properties: Properties) -> Iterable[object]:
        return [rule(key, properties) for rule in rules]


class Cel:
    """CEL in Rust."""

    name = "CEL (Rust)"

    def compile(self, key: str, filter: Document) -> Any:
        named = f"key == {json.dumps(key)} && " if key else ""
        return cel.compile(f"{named}({self._text(filter, 'p')})")

    def ask(self, rules: Sequence[Any], key: str, properties: Properties) -> Iterable[object]:
        context = cel.Context({"key": key, "p": properties})
        return [rule.execute(context) for rule in rules]

    def _text(self, filter: Document, of: str) -> str:
        for operator, sign in (("all", " && "), ("any", " || "), ("none", " || ")):
            if operator in filter:
                parts = sign.join(f"({self._text(one, of)})" for one in filter[operator])
                return f"!({parts})" if operator == "none" else parts
        if "line" in filter:
            lines = f"{of}.{filter['line']}"
            return f"has({lines}) && {lines}.exists(line, {self._text(filter['where'], 'line')})"
        name, operator, literal = _comparison(filter)
        there, value = f"has({of}.{name})", f"{of}.{name}"
        if operator == "exists":
            return there if literal else f"!{there}"
        return f"{there} && {value} {_SIGNS.get(operator, operator)} {json.dumps(literal)}"


class JsonLogic:
    """JSONLogic in Rust: all rules in one native call, the event converted once."""

    name = "JSONLogic (Rust)"

    def __init__(self) -> None:
        self._engine = datalogic_py.Engine()
        self._session = self._engine.session()

    def compile(self, key: str, filter: Document) -> Any:
        logic = self._logic(filter)
        return self._engine.compile({"and": [{"===": [{"var": "key"}, key]}, logic]} if key else logic)

    def ask(self, rules: Sequence[Any], key: str, properties: Properties) -> Iterable[object]:
        handle = datalogic_py.DataHandle({**properties, "key": key})
        return [verdict == "true" for verdict in self._session.evaluate_many(rules, handle)]

    def _logic(self, filter: Document) -> Any:
        for operator, word in (("all", "and"), ("any", "or"), ("none", "or")):
            if operator in filter:
                parts = {word: [self._logic(one) for one in filter[operator]]}
                return {"!": parts} if operator == "none" else parts
        if "line" in filter:
            return {"some": [{"var": [filter["line"], []]}, self._logic(filter["where"])]}
        name, operator, literal = _comparison(filter)
        value = {"var": name}
        there = {"!==": [value, None]}
        if operator == "exists":
            return there if literal else {"!": there}
        if operator in ("eq", "in"):
            return {"===" if operator == "eq" else "in": [value, literal]}
        return {"and": [there, {_SIGNS[operator]: [value, literal]}]}


class _Jsonata:
    def _text(self, filter: Document) -> str:
        for operator, word in (("all", " and "), ("any", " or "), ("none", " or ")):
            if operator in filter:
                parts = [f"({self._text(one)})" for one in filter[operator]]
                return f"$not({word.join([*parts, 'false'])})" if operator == "none" else word.join(parts)
        if "line" in filter:
            return f"$exists({filter['line']}[{self._text(filter['where'])}])"
        name, operator, literal = _comparison(filter)
        if operator == "exists":
            return f"$exists({name})" if literal else f"$not($exists({name}))"
        return f"{name} {'=' if operator == 'eq' else _SIGNS.get(operator, operator)} {json.dumps(literal)}"

    def _named(self, key: str, filter: Document) -> str:
        return f"key = {json.dumps(key)} and ({self._text(filter)})" if key else self._text(filter)


class RustJsonata(_Jsonata):
    """JSONata in Rust, the event converted once."""

    name = "JSONata (Rust)"

    def compile(self, key: str, filter: Document) -> Any:
        return jsonatapy.compile(self._named(key, filter))

    def ask(self, rules: Sequence[Any], key: str, properties: Properties) -> Iterable[object]:
        data = jsonatapy.JsonataData({**properties, "key": key})
        return [rule.evaluate_with_data(data) for rule in rules]


class PythonJsonata(_Jsonata):
    """JSONata in Python."""

    name = "JSONata (Python)"

    def compile(self, key: str, filter: Document) -> Any:
        return jsonata.Jsonata(self._named(key, filter))

    def ask(self, rules: Sequence[Any], key: str, properties: Properties) -> Iterable[object]:
        data = {**properties, "key": key}
        return [rule.evaluate(data) for rule in rules]


def _comparison(filter: Document) -> tuple[str, str, Any]:
    operator = next(key for key in filter if key != "prop")
    return filter["prop"], operator, filter[operator]
