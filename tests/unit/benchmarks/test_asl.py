"""The walker of Amazon States Language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.asl import Execution, StatesRuntimeError, look_up, shape

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INVOKE = "arn:aws:states:::lambda:invoke"


def execution(states: dict[str, Any], given: Any = None, start: str = "A") -> Execution:
    return Execution("run", "machine", {"StartAt": start, "States": states}, given or {}, NOW)


def never(arn: str, payload: Any) -> Any:
    raise AssertionError("no task here")


def test_a_wait_wakes_at_its_second_and_not_before() -> None:
    run = execution(
        {"A": {"Type": "Wait", "SecondsPath": "$.n", "Next": "B"}, "B": {"Type": "Succeed"}}, {"n": 60}
    )

    assert run.run(NOW, never)
    assert run.wake_at == NOW + timedelta(seconds=60)
    assert not run.run(NOW + timedelta(seconds=59), never)
    assert run.run(NOW + timedelta(seconds=60), never)
    assert (run.status, run.path, run.transitions) == ("SUCCEEDED", ["A", "B"], 2)


@pytest.mark.parametrize("seconds", [-1, 1.5, True, "60", 100_000_000])
def test_a_wait_refuses_what_step_functions_refuses(seconds: Any) -> None:
    run = execution({"A": {"Type": "Wait", "SecondsPath": "$.n", "End": True}}, {"n": seconds})

    with pytest.raises(StatesRuntimeError):
        run.run(NOW, never)


def test_a_task_pages_through_a_choice() -> None:
    asked: list[Any] = []

    def invoke(arn: str, payload: Any) -> Any:
        asked.append((arn, payload))
        return {"cursor": len(asked), "more": len(asked) < 3}

    run = execution(
        {
            "A": {
                "Type": "Task",
                "Resource": INVOKE,
                "Parameters": {"FunctionName": "fn", "Payload": {"cursor.$": "$.cursor", "node": "A"}},
                "OutputPath": "$.Payload",
                "Next": "more?",
            },
            "more?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.more", "BooleanEquals": True, "Next": "A"}],
                "Default": "done",
            },
            "done": {"Type": "Succeed"},
        },
        {"cursor": None},
    )
    run.run(NOW, invoke)

    assert [payload["cursor"] for _, payload in asked] == [None, 1, 2]
    assert run.transitions == 7


def test_a_failed_task_is_retried_later_and_billed() -> None:
    answers: list[Any] = [ValueError("first"), {"ok": True}]

    def invoke(arn: str, payload: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    task = {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": "fn"},
        "ResultSelector": {"ok.$": "$.Payload.ok"},
        "ResultPath": "$.answer",
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 1}],
        "End": True,
    }
    run = execution({"A": task}, {"kept": 1})
    run.run(NOW, invoke)

    assert run.wake_at == NOW + timedelta(seconds=2)
    assert run.run(NOW + timedelta(seconds=2), invoke)
    assert (run.status, run.data, run.transitions) == ("SUCCEEDED", {"kept": 1, "answer": {"ok": True}}, 2)


def test_a_task_that_keeps_failing_fails_the_execution() -> None:
    run = execution(
        {"A": {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "End": True}}
    )
    run.run(NOW, never)

    assert run.status == "FAILED"


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ({"Variable": "$.s", "StringEquals": "x"}, True),
        ({"Variable": "$.s", "StringEquals": "y"}, False),
        ({"Variable": "$.n", "NumericGreaterThan": 4}, True),
        ({"Variable": "$.n", "NumericLessThanPath": "$.n"}, False),
        ({"Variable": "$.b", "BooleanEquals": False}, True),
        ({"Variable": "$.n", "BooleanEquals": True}, False),
        ({"Variable": "$.gone", "IsPresent": False}, True),
        ({"Variable": "$.nothing", "IsNull": True}, True),
        ({"And": [{"Variable": "$.s", "StringEquals": "x"}, {"Variable": "$.n", "NumericEquals": 5}]}, True),
        ({"Or": [{"Variable": "$.s", "StringEquals": "y"}, {"Variable": "$.n", "NumericEquals": 5}]}, True),
        ({"Not": {"Variable": "$.s", "StringEquals": "x"}}, False),
    ],
)
def test_choices(rule: dict[str, Any], taken: bool) -> None:
    states = {
        "A": {"Type": "Choice", "Choices": [{**rule, "Next": "yes"}], "Default": "no"},
        "yes": {"Type": "Succeed"},
        "no": {"Type": "Fail", "Error": "No"},
    }
    run = execution(states, {"s": "x", "n": 5, "b": False, "nothing": None})
    run.run(NOW, never)

    assert run.path[-1] == ("yes" if taken else "no")


def test_a_choice_of_what_is_not_there_is_an_error() -> None:
    run = execution(
        {"A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "A"}]}}
    )

    with pytest.raises(StatesRuntimeError, match="nothing at"):
        run.run(NOW, never)


@pytest.mark.parametrize(
    ("path", "found"), [("$", {"a": [{"b-c": 1}]}), ("$.a[0].b-c", 1), ("$['a'][0]", {"b-c": 1})]
)
def test_reference_paths(path: str, found: Any) -> None:
    assert look_up(path, {"a": [{"b-c": 1}]}) == found


def test_a_template_takes_from_data_and_context() -> None:
    template = {"x.$": "$.a", "deep": {"name.$": "$$.Execution.Name"}, "list": [{"y.$": "$.a"}], "plain": 1}

    assert shape(template, {"a": 1}, {"Execution": {"Name": "run"}}) == {
        "x": 1,
        "deep": {"name": "run"},
        "list": [{"y": 1}],
        "plain": 1,
    }


def test_what_it_does_not_know_it_refuses() -> None:
    with pytest.raises(StatesRuntimeError, match="intrinsic"):
        shape({"x.$": "States.UUID()"}, {}, {})
    with pytest.raises(StatesRuntimeError, match="not supported"):
        execution({"A": {"Type": "Parallel"}}).run(NOW, never)
