"""Reading a definition: every broken rule is noted with its path, up to a number that a person will read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from services.shared.conditions.durations import parse_duration
from services.shared.conditions.instants import milliseconds
from services.shared.conditions.limits import MAX_CLAUSES, MAX_DEPTH, MAX_NAME, MAX_PATH, Budget
from services.shared.conditions.operators import as_instant, is_text
from services.shared.errors import Invalid

T = TypeVar("T")

MAX_PROBLEMS = 20
ZONE_TRAIT = "trait:timezone"


class InvalidCondition(Invalid):
    """A condition that breaks rules: `problems` are (path, rule), in the order they were found."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        told = (f"{path or 'condition'}: {rule}" for path, rule in problems)
        super().__init__("invalid_condition", "; ".join(told))
        self.problems = tuple(problems)


class Problems:
    """What is wrong with one condition, and what is left of its budget."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.budget = Budget()

    def add(self, path: str, rule: str) -> None:
        """Note that what stands at `path` breaks `rule`."""
        if len(self.found) < MAX_PROBLEMS:
            self.found.append((path.rstrip("."), rule))

    def admit(self, path: str, depth: int) -> bool:
        """Take one more clause, nested `depth` deep; whether it is to be read."""
        if depth > MAX_DEPTH:
            self.add(path, f"is nested deeper than {MAX_DEPTH} levels")
            return False
        if not self.budget.spend():
            if self.budget.left == -1:
                self.add(path, f"is over the limit of {MAX_CLAUSES} clauses")
            return False
        return True

    def refuse(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            InvalidCondition: with a message `path: rule; path: rule`.
        """
        if self.found:
            raise InvalidCondition(self.found)


class Keys:
    """An object whose keys are taken one by one; `done` notes those that nobody wanted."""

    def __init__(self, raw: Any, path: str, problems: Problems, depth: int = 1) -> None:
        self.path = path
        self.problems = problems
        self.depth = depth
        self._before = len(problems.found)
        self._raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self._taken: set[str] = set()
        if not isinstance(raw, Mapping):
            problems.add(path, "must be an object")

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    @property
    def document(self) -> dict[str, Any]:
        """The object as it was written."""
        return deepcopy(dict(self._raw))

    @property
    def sound(self) -> bool:
        """Nothing was found wrong since this object was begun."""
        return len(self.problems.found) == self._before

    def raw(self, key: str) -> Any:
        """What stands under `key`, to be read by somebody else."""
        self._taken.add(key)
        return self._raw.get(key)

    def need(self, key: str, read: Callable[[Any], T]) -> T | None:
        """The value of a key that must be there; `None` when it is not or breaks its rule."""
        if key not in self._raw:
            self.problems.add(f"{self.path}{key}", "is required")
            return None
        return self.may(key, read)

    def may(self, key: str, read: Callable[[Any], T]) -> T | None:
        """The value of a key, `None` when it is not there or breaks its rule."""
        self._taken.add(key)
        if key not in self._raw:
            return None
        if self._raw[key] is None:
            self.problems.add(f"{self.path}{key}", "must not be null")
            return None
        try:
            return read(self._raw[key])
        except ValueError as error:
            self.problems.add(f"{self.path}{key}", str(error))
            return None

    def one_of(self, names: Iterable[str]) -> str | None:
        """The only one of `names` that is there; noted as a problem when there are none or several."""
        known = list(names)
        present = [name for name in known if name in self._raw]
        if len(present) == 1:
            return present[0]
        self._taken.update(present)
        if present or not self._unknown():
            self.problems.add(self.path, f"must have exactly one of {', '.join(known)}")
        return None

    def done(self) -> bool:
        """Note every key that was not taken; whether the object is sound."""
        for key in self._unknown():
            self.problems.add(f"{self.path}{key[:MAX_NAME]}", "is not known here")
        return self.sound

    def _unknown(self) -> list[str]:
        return sorted(str(key) for key in self._raw if key not in self._taken)


def name(raw: Any) -> str:
    """A name as people give it.

    Raises:
        ValueError: it is no text of 1 to 200 characters.
    """
    if not is_text(raw, MAX_NAME) or raw == "":
        raise ValueError(f"must be a name of 1 to {MAX_NAME} characters")
    return str(raw)


def path_of(raw: Any) -> tuple[str, ...]:
    """The path to a property or field: a key, or a list of the keys of nested objects.

    Raises:
        ValueError: it is neither.
    """
    keys = raw if isinstance(raw, list) else [raw]
    if not 1 <= len(keys) <= MAX_PATH or not all(is_text(key, MAX_NAME) and key for key in keys):
        raise ValueError(f"must be a key, or a list of 1 to {MAX_PATH} keys of nested objects")
    return tuple(keys)


def duration(raw: Any) -> int:
    """A length of time in milliseconds.

    Raises:
        ValueError: it is no ISO 8601 duration of fixed length.
    """
    if not isinstance(raw, str):
        raise ValueError("must be an ISO 8601 duration such as P90D, P2W or PT36H")
    return parse_duration(raw) // timedelta(milliseconds=1)


def window(raw: Any) -> int:
    """A length of time in milliseconds that is longer than nothing.

    Raises:
        ValueError: it is no such duration.
    """
    length = duration(raw)
    if length == 0:
        raise ValueError("must be longer than nothing")
    return length


def instant(raw: Any) -> int:
    """An instant in milliseconds since 1970.

    Raises:
        ValueError: it is neither an instant with a time zone nor a date.
    """
    at = as_instant(raw) if isinstance(raw, str) else None
    if at is None:
        raise ValueError("must be an instant with a time zone (1998-06-30T00:00:00Z) or a date (1998-06-30)")
    return milliseconds(at)


def zone(raw: Any) -> str:
    """The name of a time zone, or `trait:timezone` for the person's own.

    Raises:
        ValueError: there is no such zone.
    """
    rule = f"must be an IANA time zone such as Europe/Amsterdam, or {ZONE_TRAIT}"
    if not is_text(raw, 60):
        raise ValueError(rule)
    if raw != ZONE_TRAIT:
        try:
            ZoneInfo(raw)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError(rule) from error
    return str(raw)


def choice(*allowed: str) -> Callable[[Any], str]:
    """A reader of one of `allowed`."""

    def read(raw: Any) -> str:
        if not isinstance(raw, str) or raw not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return raw

    return read
