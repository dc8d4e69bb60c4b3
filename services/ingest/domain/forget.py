"""Who is to be forgotten, and which texts speak of a person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.ingest.domain.identifiers import Identifier
from services.shared.contracts.person import Address

_SHORT = 4
"""A shorter value means a person only where it stands as a whole JSON text or number."""


@dataclass(frozen=True)
class Subject:
    """A person to be forgotten, by every name the person has in our stores. `since` is the first day (ISO date) the
    lake may speak of the person. `parted` are profiles that were one with the person's once, `others` what is known to
    be somebody else's (identifier or profile id) with the profile id it belongs to."""

    profile_ids: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    addresses: tuple[Address, ...]
    since: str
    parted: tuple[str, ...] = ()
    others: Mapping[Identifier | str, str] = field(default_factory=dict)

    def names(self) -> frozenset[str]:
        """The values by which a text may name the person."""
        return frozenset(
            {
                *self.profile_ids,
                *(i.value for i in self.identifiers),
                *(a.address for a in self.addresses),
            }
        )


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds any of `names` where it stands as a whole word, in whatever case and however JSON spells it: `ann@x.nl` is
    neither in `joann@x.nl` nor in `ann@x.nl.example`."""
    spelled = {spelling for name in names if name for spelling in (name, *_in_json(name))}
    return re.compile("|".join(_whole(one) for one in sorted(spelled)) or r"(?!)", re.IGNORECASE)


def _in_json(value: str) -> tuple[str, str]:
    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]


def _whole(value: str) -> str:
    if len(value) < _SHORT:
        return rf'(?<=[":\s\[]){re.escape(value)}(?=[",}}\]\s])'
    return rf"(?<![\w@.+-]){re.escape(value)}(?![\w@-]|\.\w)"
