"""What differs between two journeys, by path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING: Any = object()


@dataclass(frozen=True)
class Difference:
    """At `path`, one has `before` and the other `after`; `NOTHING` is not there."""

    path: str
    before: Any
    after: Any

    def told(self) -> str:
        """In a line: `+` came, `-` went, `~` changed."""
        if self.before is NOTHING:
            return f"+ {self.path}: {_text(self.after)}"
        if self.after is NOTHING:
            return f"- {self.path}: {_text(self.before)}"
        return f"~ {self.path}: {_text(self.before)} -> {_text(self.after)}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """What is not the same, as deep as objects go; of lists the whole differs, for their order counts."""
    if before == after and type(before) is type(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            inner = f"{path}.{name}" if path else str(name)
            yield from differences(before.get(name, NOTHING), after.get(name, NOTHING), inner)
    else:
        yield Difference(path, before, after)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
