"""The rules of Amazon States Language and the limits of Step Functions that a definition of ours could break.

Sources: states-language.net/spec.html and the quotas of the Step Functions developer guide. The kinds of state and the
fields are those that journeys compile to; any other is a broken rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST_NAME = 80
LARGEST_DEFINITION = 1024 * 1024

_COMMON = {"Type", "Comment"}
_FIELDS = {
    "Task": _COMMON | {"Resource", "Parameters", "OutputPath", "Retry", "Next"},
    "Choice": _COMMON | {"Choices", "Default"},
    "Wait": _COMMON | {"SecondsPath", "Next"},
    "Succeed": _COMMON,
    "Fail": _COMMON | {"Error", "Cause"},
}
_MUST = {"Task": {"Resource", "Next"}, "Choice": {"Choices", "Default"}, "Wait": {"Next"}}
_TIMES = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
_OPERATORS = {"StringEquals": str, "BooleanEquals": bool}
_PATH = re.compile(r"\$(\.[A-Za-z_]\w*)*")


def broken_rules(machine: Mapping[str, Any]) -> list[str]:
    """Each broken rule, with its state; empty: Step Functions takes the definition."""
    states = machine["States"]
    found = [problem for name, state in states.items() for problem in _of_state(name, state, states)]
    if machine["StartAt"] not in states:
        return [*found, "StartAt: there is no such state"]
    reached = _reached(machine)
    found += [f"{name}: cannot be reached" for name in states if name not in reached]
    if len(json.dumps(machine)) > LARGEST_DEFINITION:
        found.append("the definition is too large")
    return found


def _of_state(name: str, state: Mapping[str, Any], states: Mapping[str, Any]) -> Iterator[str]:
    kind = state["Type"]
    if len(name) > LONGEST_NAME:
        yield f"{name}: a name of more than 80 characters"
    if kind == "Wait" and sum(field in state for field in _TIMES) != 1:
        yield f"{name}: must have one of {', '.join(_TIMES)}"
    elif kind not in _FIELDS:
        yield f"{name}: {kind} is no kind of state"
    else:
        yield from (
            f"{name}: {field} is not allowed in a {kind}" for field in state if field not in _FIELDS[kind]
        )
        yield from (
            f"{name}: {field} is missing" for field in sorted(_MUST.get(kind, ())) if field not in state
        )
    yield from (f"{name}: there is no state {target}" for target in _targets(state) if target not in states)
    yield from (f"{name}: {problem}" for rule in state.get("Choices", ()) for problem in _of_rule(rule))
    yield from (f"{name}: {problem}" for problem in _of_template(state.get("Parameters", {})))
    for field in ("SecondsPath", "OutputPath"):
        if field in state and not _PATH.fullmatch(state[field]):
            yield f"{name}: {field} is no reference path"


def _of_rule(rule: Mapping[str, Any]) -> Iterator[str]:
    """A choice names its next state at the top only, and compares one variable by one operator."""
    if "Next" not in rule:
        yield "a choice without Next"
    for test in rule.get("And", [rule]):
        operators = [field for field in test if field in _OPERATORS]
        if len(operators) != 1 or not _PATH.fullmatch(test.get("Variable", "")):
            yield "a choice without one variable and one operator"
        elif not isinstance(test[operators[0]], _OPERATORS[operators[0]]):
            yield f"{operators[0]} of something else"
        if test is not rule and "Next" in test:
            yield "Next within And"


def _of_template(template: Any) -> Iterator[str]:
    if not isinstance(template, Mapping):
        return
    for key, value in template.items():
        by_path = isinstance(value, str) and _PATH.fullmatch(value) is not None
        if key.endswith(".$") and not by_path:
            yield f"{key} needs a path"
        elif by_path and not key.endswith(".$"):
            yield f"{value} is a path under a key that does not say so"
        yield from _of_template(value)


def _targets(state: Mapping[str, Any]) -> list[str]:
    ways = [state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in state.get("Choices", ()))]
    return [way for way in ways if way]


def _reached(machine: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    pending = [machine["StartAt"]]
    while pending:
        name = pending.pop()
        if name not in reached and name in machine["States"]:
            reached.add(name)
            pending += _targets(machine["States"][name])
    return reached
