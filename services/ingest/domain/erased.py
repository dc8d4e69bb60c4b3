"""What becomes of events that name somebody who was erased: a replay, an import of an old file, a device that still
sends. Only the person can come back, by signing up anew, and only a trusted source can say so.

An event is refused when it is the erased person's. It is not when somebody else sends it who is known by a stronger
identifier (a household's e-mail), nor when only the device was the erased person's and a stronger identifier says whose
event it is; the erased identifier is then left out of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.policy import is_stronger
from services.ingest.domain.strands import previous
from services.ingest.domain.validate import Call

ERASED = "erased"
"""Why an event of an erased person is refused."""

RETURNS = frozenset({"Registered", "Signed Up"})
"""Events by which a person becomes a customer anew."""

LATE = timedelta(hours=1)
"""An event that took longer to arrive may be a replay from before an erasure, though its identifiers are in use."""

WEAKEST_PERSONAL = "phone"
"""Kinds weaker than this stand for a device rather than for a person."""


@dataclass
class Sifted:
    """Events to go on with, the receipts of those that are refused, and by receipt what was taken of an event
    (`left_out`)."""

    kept: list[Signed] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    left_out: dict[str, tuple[int, ...]] = field(default_factory=dict)


def suspects(signed: Iterable[Signed], known: Collection[Identifier]) -> set[Identifier]:
    """Identifiers of which one must know whether they were erased: those that nobody has, and whoever's event is
    late. An ordinary event has none, and costs nothing."""
    found: set[Identifier] = set()
    for one in signed:
        found.update(i for i in (*one.call.identifiers, *previous(one)) if i not in known)
        if one.received_at - one.call.at > LATE:
            found.update(one.call.identifiers[:1])
    return found


def sift(
    signed: Sequence[Signed], known: Collection[Identifier], erased: Mapping[Identifier, datetime]
) -> Sifted:
    """Part `signed` by what was `erased` (and when); `known` are the identifiers that somebody has now."""
    if not erased:
        return Sifted(list(signed))
    returned: dict[Identifier, datetime] = {}
    for one in signed:
        if is_return(one, erased):
            for identifier in one.call.identifiers:
                returned[identifier] = min(returned.get(identifier, one.call.at), one.call.at)
    result = Sifted()
    for one in signed:
        left = _left(one, known, erased, returned)
        if left is None:
            result.refused.add(one.receipt)
        else:
            kept = _only(one, left, erased)
            result.kept.append(kept)
            if kept is not one:
                result.left_out[one.receipt] = left_out(one.call, kept.call)
    return result


def left_out(before: Call, after: Call) -> tuple[int, ...]:
    """Positions of what `_only` took of an event's identifiers; its previous id stands behind the last."""
    gone = [n for n, i in enumerate(before.identifiers) if i not in after.identifiers]
    return (*gone, *([len(before.identifiers)] if before.previous_id != after.previous_id else []))


def without(one: Signed, positions: Collection[int]) -> Signed:
    """The event without what stands at these positions (see `left_out`)."""
    call = one.call
    names = tuple(i for n, i in enumerate(call.identifiers) if n not in positions)
    previous_id = "" if len(call.identifiers) in positions else call.previous_id
    return replace(one, call=replace(call, identifiers=names, previous_id=previous_id))


def is_return(one: Signed, erased: Mapping[Identifier, datetime]) -> bool:
    """Does a trusted source say that the person signed up after the erasure?"""
    marks = [erased[i] for i in one.call.identifiers if i in erased]
    return bool(marks) and not one.public and one.call.name in RETURNS and one.call.at > max(marks)


def _left(
    one: Signed,
    known: Collection[Identifier],
    erased: Mapping[Identifier, datetime],
    returned: Mapping[Identifier, datetime],
) -> tuple[Identifier, ...] | None:
    """The identifiers that the event keeps; `None`: it is refused."""
    names = one.call.identifiers
    if not names:
        return names
    strand = names[0]
    if strand in erased and one.call.at <= erased[strand]:
        return None
    back = {i for i in names if i in returned and one.call.at >= returned[i]}
    gone = [i for i in names if i in erased and i not in known and i not in back]
    personal = [i for i in gone if not is_stronger(WEAKEST_PERSONAL, i.kind)]
    if any(not _is_known_by_stronger(i, names, known) for i in personal):
        return None
    left = tuple(i for i in names if i not in gone)
    return left or None


def _is_known_by_stronger(
    erased: Identifier, names: Sequence[Identifier], known: Collection[Identifier]
) -> bool:
    return any(is_stronger(name.kind, erased.kind) and name in known for name in names)


def _only(one: Signed, identifiers: tuple[Identifier, ...], erased: Mapping[Identifier, datetime]) -> Signed:
    """An alias forgets a previous id that was erased: otherwise the id would stand in the graph again."""
    previous_id = "" if any(i in erased for i in previous(one)) else one.call.previous_id
    if (identifiers, previous_id) == (one.call.identifiers, one.call.previous_id):
        return one
    return replace(one, call=replace(one.call, identifiers=identifiers, previous_id=previous_id))
