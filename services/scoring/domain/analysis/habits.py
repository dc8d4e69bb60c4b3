"""Habits of one person, out of the events of their past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import tzinfo

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.next_best import Habits
from services.shared.contracts.ingest import CustomerEvent
from services.shared.interaction import ARRIVALS

OPENS = frozenset({"Email Opened"})

ANSWERS = frozenset(
    {
        *("Email Link Clicked", "Email Replied", "SMS Link Clicked", "SMS Replied"),
        "Push Notification Tapped",
    }
)

VISITS = frozenset({"page", "screen"})

_MESSAGE_IDS = ("email_id", "sms_id")


def habits_of(events: Iterable[CustomerEvent], zone: tzinfo, tones: Mapping[str, Collection[str]]) -> Habits:
    """Opens, clicks and visits by hour in `zone`; and of each tone, whose templates `tones` names, the messages that
    were answered among those that arrived. Opens answer nothing: machines open, too. A message is one however often it
    is answered, and so is an event that is told twice. Any order of events comes to the same."""
    once = {event.message_id: event for event in events}.values()
    hours = Counter(event.at.astimezone(zone).hour for event in once if _reacts(event))
    arrived: dict[str, set[str]] = {tone: set() for tone in tones}
    answered: dict[str, set[str]] = {tone: set() for tone in tones}
    for event in once:
        if event.type == "track" and event.name in ARRIVALS | ANSWERS:
            template, message = event.properties.get("template"), _message(event)
            for tone, templates in tones.items():
                if isinstance(template, str) and template in templates:
                    arrived[tone].add(message)
                    if event.name in ANSWERS:
                        answered[tone].add(message)
    shares = {tone: Share(len(answered[tone]), len(ids)) for tone, ids in arrived.items() if ids}
    return Habits(dict(sorted(hours.items())), shares)


def _reacts(event: CustomerEvent) -> bool:
    return event.type in VISITS or (event.type == "track" and event.name in OPENS | ANSWERS)


def _message(event: CustomerEvent) -> str:
    """The id of the message that an event is about."""
    said = (event.properties.get(name) for name in _MESSAGE_IDS)
    return next((one for one in said if isinstance(one, str) and one), event.message_id)
