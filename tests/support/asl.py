"""A small walker of Amazon States Language: the states that journeys compile to, on a clock that a test moves.

It refuses what it doesn't know (JSONata, intrinsic functions, Map, Parallel) instead of guessing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Invoke = Callable[[str, Any], Any]
"""Calls the Lambda function of an ARN with a payload and gives its answer; raises when the function does."""

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^']+)'\]|\[(\d+)\]")
_MAX_STATES = 10_000
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda a, b: bool(a == b),
    "LessThan": lambda a, b: bool(a < b),
    "LessThanEquals": lambda a, b: bool(a <= b),
    "GreaterThan": lambda a, b: bool(a > b),
    "GreaterThanEquals": lambda a, b: bool(a >= b),
}


class StatesRuntimeError(Exception):
    """The definition can't be run on this input: a path that isn't there, or a feature the walker lacks."""


@dataclass
class Execution:
    """One execution; `transitions` counts states entered, retries included, as Step Functions bills them."""

    name: str
    machine: str
    definition: Mapping[str, Any]
    input: Any
    started: datetime
    status: str = "RUNNING"
    state: str = ""
    data: Any = None
    wake_at: datetime | None = None
    transitions: int = 0
    cause: str = ""
    path: list[str] = field(default_factory=list)
    _attempts: dict[int, int] = field(default_factory=dict)

    def run(self, now: datetime, invoke: Invoke) -> bool:
        """Go on until the execution waits beyond `now` or ends; was there anything to do?"""
        if self.status != "RUNNING" or (self.wake_at is not None and self.wake_at > now):
            return False
        if not self.state:
            self.data = self.input
            self._enter(self.definition["StartAt"])
        for _ in range(_MAX_STATES):
            if not self._step(now, invoke):
                return True
        raise StatesRuntimeError(f"{self.name}: over {_MAX_STATES} states without a wait")

    def _enter(self, state: str) -> None:
        self.state = state
        self.transitions += 1
        self.path.append(state)
        self._attempts = {}

    def _step(self, now: datetime, invoke: Invoke) -> bool:
        """Do the current state; false when the execution now waits or has ended."""
        state = self.definition["States"][self.state]
        if state.get("QueryLanguage", "JSONPath") != "JSONPath":
            raise StatesRuntimeError(f"{self.state}: JSONata is not supported")
        kind = state["Type"]
        if kind == "Choice":
            self._enter(_choose(self.state, state, self.data))
            return True
        if kind == "Wait":
            return self._wait(state, now)
        if kind == "Task":
            return self._task(state, now, invoke)
        if kind == "Pass":
            result = state.get("Result", shape(state.get("Parameters"), self.data, self._context()))
            self.data = _place(state.get("ResultPath", "$"), self.data, result)
            return self._leave(state)
        if kind in ("Succeed", "Fail"):
            self.status = "SUCCEEDED" if kind == "Succeed" else "FAILED"
            self.cause = str(state.get("Error", ""))
            return False
        raise StatesRuntimeError(f"{self.state}: a {kind} state is not supported")

    def _leave(self, state: Mapping[str, Any]) -> bool:
        self.data = look_up(state.get("OutputPath", "$"), self.data)
        if state.get("End"):
            self.status = "SUCCEEDED"
            return False
        self._enter(state["Next"])
        return True

    def _wait(self, state: Mapping[str, Any], now: datetime) -> bool:
        if self.wake_at is None:
            self.wake_at = _wake(state, self.data, now)
        if self.wake_at > now:
            return False
        self.wake_at = None
        return self._leave(state)

    def _task(self, state: Mapping[str, Any], now: datetime, invoke: Invoke) -> bool:
        self.wake_at = None
        request = shape(
            state.get("Parameters"), look_up(state.get("InputPath", "$"), self.data), self._context()
        )
        arn, payload, wrapped = _target(state["Resource"], request)
        try:
            answer = invoke(arn, json.loads(json.dumps(payload)))
        except Exception as error:  # whatever a function raises, Retry decides
            return self._failed(state, now, error)
        result = {"StatusCode": 200, "Payload": answer} if wrapped else answer
        if "ResultSelector" in state:
            result = shape(state["ResultSelector"], result, self._context())
        self.data = _place(state.get("ResultPath", "$"), self.data, result)
        return self._leave(state)

    def _failed(self, state: Mapping[str, Any], now: datetime, error: Exception) -> bool:
        names = {"States.ALL", "States.TaskFailed", type(error).__name__}
        for i, rule in enumerate(state.get("Retry", [])):
            if not names & set(rule["ErrorEquals"]):
                continue
            done = self._attempts.get(i, 0)
            if done >= rule.get("MaxAttempts", 3):
                break
            self._attempts[i] = done + 1
            self.transitions += 1
            delay = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** done
            self.wake_at = now + timedelta(seconds=min(delay, rule.get("MaxDelaySeconds", math.inf)))
            return False
        self.status, self.cause = "FAILED", repr(error)
        return False

    def _context(self) -> dict[str, Any]:
        return {
            "Execution": {"Name": self.name, "Input": self.input, "StartTime": self.started.isoformat()},
            "State": {"Name": self.state},
            "StateMachine": {"Name": self.machine},
        }


def look_up(path: str | None, data: Any) -> Any:
    """The value at a reference path such as `$.a.b[0]`; `None` (JSON null) gives `{}`.

    Raises:
        StatesRuntimeError: there is nothing at the path, or it is no reference path.
    """
    if path is None:
        return {}
    if not path.startswith("$"):
        raise StatesRuntimeError(f"{path} is not a path")
    rest, value = path[1:], data
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise StatesRuntimeError(f"{path} is not a reference path")
        key: str | int = int(step[3]) if step[3] else step[1] or step[2]
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError) as error:
            raise StatesRuntimeError(f"nothing at {path}") from error
        rest = rest[step.end() :]
    return value


def shape(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    """A payload template filled in: keys that end in `.$` take what their path finds; `None` is `data` itself."""
    return data if template is None else _filled(template, data, context)


def _filled(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(template, Mapping):
        return dict(_field(key, value, data, context) for key, value in template.items())
    if isinstance(template, list):
        return [_filled(value, data, context) for value in template]
    return template


def _field(key: str, value: Any, data: Any, context: Mapping[str, Any]) -> tuple[str, Any]:
    if not key.endswith(".$"):
        return key, _filled(value, data, context)
    if not str(value).startswith("$"):
        raise StatesRuntimeError(f"intrinsic function {value} is not supported")
    found = look_up(value[1:], context) if value.startswith("$$") else look_up(value, data)
    return key.removesuffix(".$"), found


def _target(resource: str, request: Any) -> tuple[str, Any, bool]:
    if resource.endswith(":states:::lambda:invoke"):
        return request["FunctionName"], request.get("Payload", {}), True
    if ":lambda:" in resource and ":function:" in resource:
        return resource, request, False
    raise StatesRuntimeError(f"resource {resource} is not supported")


def _place(path: str | None, data: Any, result: Any) -> Any:
    if path is None:
        return data
    if path == "$":
        return result
    keys = path.removeprefix("$.").split(".")
    copy = json.loads(json.dumps(data))
    target = copy
    for key in keys[:-1]:
        target = target.setdefault(key, {})
    target[keys[-1]] = result
    return copy


def _wake(state: Mapping[str, Any], data: Any, now: datetime) -> datetime:
    if "Seconds" in state:
        return now + timedelta(seconds=state["Seconds"])
    if "SecondsPath" in state:
        seconds = look_up(state["SecondsPath"], data)
        if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= 99_999_999:
            raise StatesRuntimeError(
                f"SecondsPath must find a whole number of 0 to 99999999, not {seconds!r}"
            )
        return now + timedelta(seconds=seconds)
    text = state["Timestamp"] if "Timestamp" in state else look_up(state["TimestampPath"], data)
    return datetime.fromisoformat(text)


def _choose(name: str, state: Mapping[str, Any], data: Any) -> str:
    for rule in state["Choices"]:
        if _holds(rule, data):
            return str(rule["Next"])
    if "Default" not in state:
        raise StatesRuntimeError(f"States.NoChoiceMatched at {name}")
    return str(state["Default"])


def _holds(rule: Mapping[str, Any], data: Any) -> bool:
    if "And" in rule:
        return all(_holds(one, data) for one in rule["And"])
    if "Or" in rule:
        return any(_holds(one, data) for one in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data)
    operator = next(key for key in rule if key not in ("Variable", "Next", "Comment"))
    if operator == "IsPresent":
        return _present(rule["Variable"], data) is rule["IsPresent"]
    seen = look_up(rule["Variable"], data)
    if operator == "IsNull":
        return (seen is None) is rule["IsNull"]
    return _compare(operator, seen, rule[operator], data)


def _present(path: str, data: Any) -> bool:
    try:
        look_up(path, data)
    except StatesRuntimeError:
        return False
    return True


def _compare(operator: str, seen: Any, literal: Any, data: Any) -> bool:
    for kind, types in (("String", str), ("Numeric", (int, float)), ("Boolean", bool), ("Timestamp", str)):
        if operator.startswith(kind):
            by_path = operator.endswith("Path")
            other = look_up(literal, data) if by_path else literal
            compare = _ORDER[operator.removeprefix(kind).removesuffix("Path")]
            right_type = isinstance(seen, types) and (kind == "Boolean" or not isinstance(seen, bool))
            return right_type and compare(seen, other)
    raise StatesRuntimeError(f"choice operator {operator} is not supported")
