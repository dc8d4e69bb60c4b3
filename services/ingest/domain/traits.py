"""Traits with their provenance, and which of two values of one trait stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.ingest.domain.history import TRAIT_KINDS, Signed, TraitKind
from services.ingest.domain.touches import FIRST
from services.ingest.domain.touches import NAMES as TOUCHES

MAX_TRAITS = 200
MAX_TRAIT_BYTES = 32_000

CONTACTS = frozenset({"email", "phone"})
"""Traits that say where a person's messages go."""

CONTACT_KEPT = "contact_kept"
"""Note of an event of the public door that would have changed an address the profile has; it stayed as it was."""


@dataclass(frozen=True)
class Trait:
    """A value, the event time that set it (ms since the epoch), the source that sent it, and how it is known.

    `received` (ms) is set on an address that came through a public door, where event times can be made up.
    """

    value: Any
    at: int
    source: str = ""
    kind: TraitKind = "declared"
    received: int = 0


def with_traits_of(
    traits: Mapping[str, Trait] | None, signed: Sequence[Signed]
) -> Mapping[str, Trait] | None:
    """`traits` after some calls; they need not be known when no call has any."""
    if not any(one.call.traits for one in signed):
        return traits
    if traits is None:
        raise ValueError("traits were not read")
    for one in signed:
        offered = {name: _offer(one, name, value) for name, value in one.call.traits.items()}
        traits = merged(traits, offered)
    return traits


def merged(traits: Mapping[str, Trait], offered: Mapping[str, Trait]) -> dict[str, Trait]:
    """Of each trait the value that ranks higher; what exceeds the limits is not taken."""
    result = dict(traits)
    size = sum(_size(*item) for item in result.items())
    for name, trait in offered.items():
        old = result.get(name)
        if old is not None and not _beats(name, trait, old):
            continue
        grown = size + _size(name, trait) - (_size(name, old) if old else 0)
        if grown > MAX_TRAIT_BYTES or (old is None and len(result) >= MAX_TRAITS):
            continue
        result[name], size = trait, grown
    return result


def said_again(before: Mapping[str, Trait], after: Mapping[str, Trait]) -> dict[str, int] | None:
    """The new times of traits that were only said again; `None` when more has changed."""
    if before.keys() != after.keys():
        return None
    moved = {name: trait for name, trait in after.items() if trait != before[name]}
    if any(replace(before[name], at=trait.at) != trait for name, trait in moved.items()):
        return None
    return {name: trait.at for name, trait in moved.items()}


def at_times(traits: Mapping[str, Trait], times: Mapping[str, int]) -> Mapping[str, Trait]:
    """`traits` with newer times."""
    return (
        {**traits, **{name: replace(traits[name], at=at) for name, at in times.items()}} if times else traits
    )


def kept_contacts(traits: Mapping[str, Trait] | None, signed: Sequence[Signed]) -> frozenset[str]:
    """Receipts of public calls whose address differs from the one that stands; a redelivery is told the same."""
    return frozenset(
        one.receipt
        for one in signed
        for name in CONTACTS & one.call.traits.keys()
        if one.public and traits and (old := traits.get(name)) and old.value is not None
        if old.value != one.call.traits[name]
    )


def visible(traits: Mapping[str, Trait]) -> dict[str, Any]:
    """Traits as others see them."""
    return {name: trait.value for name, trait in sorted(traits.items()) if trait.value is not None}


def _offer(one: Signed, name: str, value: Any) -> Trait:
    received = max(round(one.received_at.timestamp() * 1000), 1) if one.public and name in CONTACTS else 0
    return Trait(value, round(one.call.at.timestamp() * 1000), one.source, one.kind, received)


def _beats(name: str, new: Trait, old: Trait) -> bool:
    """Declared beats observed beats imported beats derived, then the newer wins; of two at one instant, the one that
    sorts last as JSON, so that the order of arrival never decides.

    An address from a public door is another matter: it is taken only where there is none, and of several the first
    to be received stays. Event time can't decide that: whoever has a web page's key can write any. And of what brought
    somebody here the first stays first, however it is known.
    """
    if _is_guarded(name, new) and _is_guarded(name, old):
        if new.value is None or old.value is None:
            return old.value is None and new.value is not None
        return _precedence(new) < _precedence(old)
    if _is_guarded(name, new):
        return old.value is None and new.value is not None and new.received > old.at
    if _is_guarded(name, old):
        return new.value is not None or old.received <= new.at
    if name in TOUCHES:
        return _touch_rank(name, new) > _touch_rank(name, old)
    return _rank(new) > _rank(old)


def _is_guarded(name: str, trait: Trait) -> bool:
    """Is it an address from a public door? Anybody may send one; it never changes what is known."""
    return name in CONTACTS and trait.received > 0


def _precedence(trait: Trait) -> tuple[int, int, str]:
    return trait.received, trait.at, _json(trait.value)


def _rank(trait: Trait) -> tuple[int, int, str, str]:
    return -TRAIT_KINDS.index(trait.kind), trait.at, _json(trait.value), trait.source


def _touch_rank(name: str, trait: Trait) -> tuple[int, str]:
    return -trait.at if name.startswith(FIRST) else trait.at, _json(trait.value)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _size(name: str, trait: Trait) -> int:
    return len(json.dumps([name, trait.value, trait.at, trait.source]))
