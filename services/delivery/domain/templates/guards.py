"""What is shown only to whom is known well enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["anonymous", "contact", "customer"]
LEVELS: tuple[Level, ...] = ("anonymous", "contact", "customer")
"""How well a person is known: as nobody, by an address of their own, as somebody who has bought or who a source says is
a customer."""

VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$"
"""A variable of a template, or what is in it, by its path."""


class Guard(BaseModel):
    """Opens for somebody known at least as `level`, of whom every variable of `needs` is there, with one of its values
    where any are listed. Until then the variables that it `protects` do not exist for the template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level = "contact"
    needs: dict[Annotated[str, Field(pattern=VARIABLE)], list[str]] = Field(default={}, max_length=10)
    protects: list[Annotated[str, Field(pattern=VARIABLE)]] = Field(min_length=1, max_length=20)


def opened(guard: Guard, level: Level, variables: Mapping[str, Any]) -> bool:
    """May the person behind `variables` see what the guard protects?"""
    if LEVELS.index(level) < LEVELS.index(guard.level):
        return False
    return all(_has(variables, name, values) for name, values in guard.needs.items())


def guarded(
    guards: Mapping[str, Guard], level: Level, variables: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bool]]:
    """The variables that the template may see, `guards` among them (which is open), and the same verdicts."""
    verdicts = {name: opened(guard, level, variables) for name, guard in guards.items()}
    shown = dict(variables)
    for name, guard in guards.items():
        if not verdicts[name]:
            for path in guard.protects:
                shown = _without(shown, path.split("."))
    return {**shown, "guards": verdicts}, verdicts


def at(variables: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path, or `None`."""
    value: Any = variables
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _has(variables: Mapping[str, Any], path: str, values: list[str]) -> bool:
    value = at(variables, path)
    if value is None or value == "":
        return False
    return not values or _word(value) in values


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without(variables: Mapping[str, Any], steps: list[str]) -> dict[str, Any]:
    first, *rest = steps
    inner = variables.get(first)
    if not rest or not isinstance(inner, Mapping):
        return {name: value for name, value in variables.items() if name != first}
    return {**variables, first: _without(inner, rest)}
