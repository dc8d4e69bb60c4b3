"""What keeps an active base clean: profiles that bounce, are silent, can't be reached or exist twice.

Found from what is stored, without a guess but for who may exist twice (`halte.match`); marked, never deleted: a mark is
the trait `hygiene`, a derived one, which lists what was found and goes when it is found no more.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from halte.match import TooFew, candidates, person
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import (
    ANONYMOUS_ID,
    DEVICE_ID,
    EXTERNAL_ID,
    USER_ID,
    Identifier,
    email_identifier,
    phone_identifier,
)
from services.ingest.domain.policy import strength
from services.ingest.domain.profile import Profile
from services.shared.clock import to_iso
from services.shared.interaction import interaction_of

SOURCE = "hygiene"
"""The source that marks come from."""

TRAIT = "hygiene"

BOUNCED, INACTIVE, INVALID, DUPLICATE = "bounced", "inactive", "invalid", "duplicate"
FINDINGS = (BOUNCED, INACTIVE, INVALID, DUPLICATE)

DISPOSABLE = frozenset(
    {
        "10minutemail.com",
        "discard.email",
        "dispostable.com",
        "emailondeck.com",
        "fakeinbox.com",
        "getnada.com",
    }
    | {
        "guerrillamail.com",
        "guerrillamail.info",
        "mailcatch.com",
        "maildrop.cc",
        "mailinator.com",
        "mailnesia.com",
    }
    | {"mintemail.com", "moakt.com", "mytemp.email", "sharklasers.com", "spamgourmet.com", "temp-mail.org"}
    | {"tempail.com", "tempmail.com", "throwawaymail.com", "trashmail.com", "trashmail.de", "yopmail.com"}
)
"""Domains of mailboxes that live for minutes; the best known ones. `--disposable` adds a file of others."""

_DELIVERIES: Mapping[str, Mapping[str, bool]] = {
    "email": {
        "Email Bounced": True,
        **dict.fromkeys(("Email Delivered", "Email Opened", "Email Link Clicked"), False),
    },
    "phone": {"SMS Bounced": True, "SMS Delivered": False, "SMS Link Clicked": False},
}
"""By address what says that it bounces (true), or that it does not."""


@dataclass(frozen=True)
class Rules:
    """What counts: `now`, the days of silence that make somebody inactive, and the domains of throw-away mailboxes."""

    now: datetime
    days: int
    disposable: Collection[str] = DISPOSABLE


@dataclass(frozen=True)
class Finding:
    """What is wrong with a profile; `detail` is for people, and may hold an address."""

    profile_id: str
    what: str
    detail: str


def findings(profile: Profile, events: Iterable[Signed], rules: Rules) -> list[Finding]:
    """What a profile's own data says; duplicates are another matter."""
    history = list(events)
    found = {
        BOUNCED: _bounced(profile, history),
        INACTIVE: _inactive(history, rules),
        INVALID: _invalid(profile.visible_traits(), rules),
    }
    return [Finding(profile.profile_id, what, detail) for what, detail in found.items() if detail]


def duplicates(profiles: Iterable[Profile]) -> list[Finding]:
    """Profiles that may be one person: the pairs that `python -m halte match` offers for review."""
    people = [person(one.profile_id, one.visible_traits()) for one in profiles]
    others: dict[str, set[str]] = defaultdict(set)
    try:
        for pair in candidates(people):
            others[pair.first].add(pair.second)
            others[pair.second].add(pair.first)
    except TooFew:
        return []
    return [Finding(one, DUPLICATE, " ".join(sorted(others[one]))) for one in sorted(others)]


def counted(found: Iterable[Finding]) -> dict[str, int]:
    """Profiles by finding."""
    counts = Counter(one.what for one in found)
    return {what: counts[what] for what in FINDINGS}


def marks(profiles: Iterable[Profile], found: Iterable[Finding]) -> list[str]:
    """Lines of an import that makes every mark as it should be: those of profiles whose mark is another, and none
    for profiles that nothing names."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for one in sorted(found, key=lambda f: FINDINGS.index(f.what)):
        wanted[one.profile_id].append(one.what)
    lines = []
    for profile in profiles:
        mark = wanted.get(profile.profile_id)
        if profile.identifiers and profile.visible_traits().get(TRAIT) != mark:
            name = _named(min(profile.identifiers, key=strength))
            lines.append(json.dumps({"type": "identify", **name, "traits": {TRAIT: mark}}))
    return lines


def _bounced(profile: Profile, history: Sequence[Signed]) -> str:
    """The addresses whose last news is that they bounce. What was told before the address was set is of another."""
    bad = []
    for name, says in _DELIVERIES.items():
        trait = profile.known_traits().get(name)
        if trait is None or trait.value is None:
            continue
        news = [e.call for e in history if e.call.name in says and e.call.at.timestamp() * 1000 >= trait.at]
        if news and says[max(news, key=lambda call: (call.at, call.message_id)).name]:
            bad.append(str(trait.value))
    return " ".join(bad)


def _inactive(history: Sequence[Signed], rules: Rules) -> str:
    """The last day that anything came from the person; of somebody who never did anything, that anything was told.
    What is sent to a person is no sign of life."""
    ways: dict[str, list[datetime]] = defaultdict(list)
    for one in history:
        if one.source != SOURCE:
            ways[interaction_of(one.told(), one.source).direction].append(one.call.at)
    last = max(ways["inbound"] or ways["internal"], default=None)
    return to_iso(last)[:10] if last and last < rules.now - timedelta(days=rules.days) else ""


def _invalid(traits: Mapping[str, Any], rules: Rules) -> str:
    wrong = []
    email = email_identifier(traits.get("email"))
    if traits.get("email") is not None and email is None:
        wrong.append(f"{traits['email']} is no e-mail address")
    elif email and _is_disposable(email.value.rpartition("@")[2], rules.disposable):
        wrong.append(f"{email.value} is disposable")
    country = traits.get("country")
    if traits.get("phone") is not None and not phone_identifier(
        traits["phone"], [country] if isinstance(country, str) else []
    ):
        wrong.append(f"{traits['phone']} is no phone number")
    return "; ".join(wrong)


def _is_disposable(domain: str, disposable: Collection[str]) -> bool:
    """Is the domain, or one it is under, among them?"""
    labels = domain.split(".")
    return any(".".join(labels[n:]) in disposable for n in range(len(labels)))


def _named(identifier: Identifier) -> dict[str, Any]:
    """How an event names an identifier without saying anything else."""
    kind, value = identifier
    if kind in (USER_ID, ANONYMOUS_ID):
        return {kind: value}
    if kind == DEVICE_ID:
        return {"context": {"device": {"id": value}}}
    return {"context": {"externalIds": [{"type": kind.removeprefix(f"{EXTERNAL_ID}:"), "id": value}]}}
