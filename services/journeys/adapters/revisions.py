"""Items that are changed as a whole, each time as the next revision of what was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from services.journeys.domain.operating import Running
from services.journeys.domain.portfolio import Portfolio
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.errors import Conflict

ATTEMPTS = 10

ValueT = TypeVar("ValueT", Running, Portfolio)


def change(
    table: Table,
    name: str,
    read: Callable[[], ValueT],
    item: Callable[[ValueT], Item],
    how: Callable[[ValueT], ValueT],
) -> ValueT:
    """What `read` finds, changed as `how` says and stored as `item`; `name` is what people know it by.

    Raises:
        Conflict: `how` refuses, or others change it all the time.
    """
    for _ in range(ATTEMPTS):
        old = read()
        new = how(old)
        if new == old:
            return old
        new = replace(new, revision=old.revision + 1)
        try:
            table.put(
                item(new),
                condition="attribute_not_exists(pk) OR revision = :old",
                values={":old": old.revision},
            )
        except ConditionFailed:
            continue
        return new
    raise Conflict("changed_meanwhile", f"{name} is being changed by others: try again")
