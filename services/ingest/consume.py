"""Events from the queue into profiles: read, recognise, apply once, write, keep in the lake."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.intake import Arrival, RulesOf, Unreadable, unpack
from services.ingest.domain.profile import Profile, apply, portions
from services.ingest.domain.resolve import Resolution, lookups, resolve
from services.ingest.domain.traits import CONTACT_KEPT
from services.ingest.ports import Identities, Lake, Profiles, Spread, StaleProfile
from services.shared.clock import Clock, to_iso
from services.shared.errors import HalteError

ATTEMPTS = 25
"""Rounds against concurrent consumers before the messages go back to the queue."""

NOT_READ = "unreadable"


class Crowded(Exception):
    """Other consumers kept changing the same people; the messages are to be tried again."""


@dataclass(frozen=True)
class Verdict:
    """What became of an event: `applied`, `duplicate` or `rejected` (with a reason), and for whom; notes, with commas
    between them, say what of it was not taken."""

    disposition: str
    reason: str = ""
    profile_id: str = ""
    message_id: str = ""
    note: str = ""


@dataclass
class Report:
    """A batch: message ids to try again, the exceptions behind that by type, events per disposition, and how many
    profiles were touched."""

    failed: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)
    profiles: int = 0


@dataclass
class Outcome:
    """What a profile made of its events, by receipt."""

    dispositions: dict[str, str] = field(default_factory=dict)
    contact_kept: set[str] = field(default_factory=set)


class Consumer:
    """The use case; ids and clock come from outside, `spread` says how profiles are worked through."""

    def __init__(
        self,
        *,
        identities: Identities,
        profiles: Profiles,
        lake: Lake,
        clock: Clock,
        new_profile_id: Callable[[], str],
        rules_of: RulesOf = lambda _: None,
        spread: Spread = map,
    ) -> None:
        self._identities = identities
        self._profiles = profiles
        self._lake = lake
        self._clock = clock
        self._new_profile_id = new_profile_id
        self._rules_of = rules_of
        self._spread = spread

    def consume(self, messages: Mapping[str, str]) -> Report:
        """Process queue messages (id to body); those in the report's `failed` are not done and must come again."""
        report = Report()
        arrivals, message_of = self._unpack(messages, report)
        verdicts: dict[str, Verdict] = {}
        signed = self._read(arrivals.values(), verdicts)
        try:
            resolution, known = self._recognise(signed)
        except Crowded:
            return Report(failed=set(messages), errors=report.errors + Counter([Crowded.__name__]))
        signed = self._only_known_profiles(signed, resolution, known, verdicts)
        failed_receipts = self._store(signed, resolution, known, verdicts, report)
        report.failed |= {message_of[receipt] for receipt in failed_receipts}
        kept = [a for a in arrivals.values() if message_of[a.receipt] not in report.failed]
        if kept:
            lines = [_line(arrival, verdicts[arrival.receipt]) for arrival in kept]
            self._lake.put(self._clock.now(), [a.receipt for a in kept], lines)
        report.dispositions.update(verdicts[a.receipt].disposition for a in kept)
        return report

    def _unpack(
        self, messages: Mapping[str, str], report: Report
    ) -> tuple[dict[str, Arrival], dict[str, str]]:
        arrivals: dict[str, Arrival] = {}
        message_of: dict[str, str] = {}
        now = self._clock.now()
        for message_id, body in messages.items():
            try:
                found = list(unpack(body, now, self._rules_of))
            except Unreadable:
                report.failed.add(message_id)
                report.errors[NOT_READ] += 1
                continue
            for arrival in found:
                arrivals.setdefault(arrival.receipt, arrival)
                message_of.setdefault(arrival.receipt, message_id)
        return arrivals, message_of

    def _read(self, arrivals: Iterable[Arrival], verdicts: dict[str, Verdict]) -> list[Signed]:
        signed = []
        for arrival in arrivals:
            try:
                signed.append(
                    Signed(
                        arrival.receipt,
                        arrival.read(),
                        public=not arrival.trusted,
                        source=arrival.source,
                        received_at=arrival.received_at,
                        kind=arrival.trait_kind,
                    )
                )
            except HalteError as refusal:
                verdicts[arrival.receipt] = Verdict("rejected", reason=refusal.code)
        return signed

    def _recognise(self, signed: Sequence[Signed]) -> tuple[Resolution, dict[str, Profile]]:
        """Profiles for all calls, with every new identifier claimed. Whoever claims first decides; the others
        read again."""
        named = {s.call.profile_id for s in signed if s.call.profile_id}
        for _ in range(ATTEMPTS):
            owners = self._identities.owners(lookups(s.call for s in signed))
            known = self._profiles.load({*owners.values(), *named})
            holdings = _holdings(owners, known)
            resolution = resolve(signed, owners, holdings, self._new_profile_id)
            if all(self._claim_all(resolution)):
                return resolution, known
        raise Crowded("identifiers kept changing hands")

    def _claim_all(self, resolution: Resolution) -> Iterable[bool]:
        by_profile: dict[str, list[Identifier]] = defaultdict(list)
        for identifier, profile_id in resolution.claims.items():
            by_profile[profile_id].append(identifier)

        def claim(entry: tuple[str, list[Identifier]]) -> bool:
            profile_id, identifiers = entry
            return self._identities.claim(identifiers, profile_id)

        return list(self._spread(claim, by_profile.items()))

    def _only_known_profiles(
        self,
        signed: Sequence[Signed],
        resolution: Resolution,
        known: Mapping[str, Profile],
        verdicts: dict[str, Verdict],
    ) -> list[Signed]:
        """Feedback about a profile that is gone is refused, so that it can't bring the profile back."""
        gone = {s.receipt for s in signed if s.call.profile_id and s.call.profile_id not in known}
        for receipt in gone:
            verdicts[receipt] = Verdict("rejected", reason="unknown_profile")
        return [s for s in signed if s.receipt not in gone]

    def _store(
        self,
        signed: Sequence[Signed],
        resolution: Resolution,
        known: Mapping[str, Profile],
        verdicts: dict[str, Verdict],
        report: Report,
    ) -> set[str]:
        groups: dict[str, list[Signed]] = defaultdict(list)
        for one in signed:
            groups[resolution.profile_of[one.receipt]].append(one)

        def store(profile_id: str) -> tuple[Outcome, Exception | None]:
            profile = known.get(profile_id) or Profile(profile_id)
            try:
                identifiers = resolution.identifiers_of.get(profile_id, set())
                return self._write(profile, groups[profile_id], identifiers), None
            except Exception as error:  # one profile's trouble sends back only the messages that speak of it
                return Outcome(), error

        failed: set[str] = set()
        for profile_id, (outcome, error) in zip(groups, self._spread(store, groups), strict=True):
            if error is not None:
                report.errors[type(error).__name__] += 1
                failed |= {one.receipt for one in groups[profile_id]}
                continue
            report.profiles += 1
            for one in groups[profile_id]:
                notes = (
                    resolution.notes.get(one.receipt),
                    CONTACT_KEPT if one.receipt in outcome.contact_kept else None,
                )
                verdicts[one.receipt] = Verdict(
                    outcome.dispositions[one.receipt],
                    profile_id=profile_id,
                    message_id=one.call.message_id,
                    note=",".join(note for note in notes if note),
                )
        return failed

    def _write(self, profile: Profile, signed: Sequence[Signed], identifiers: set[Identifier]) -> Outcome:
        """One conditional write per portion; a stale read is read and applied again."""
        outcome = Outcome()
        now = self._clock.now()
        for portion in portions(signed):
            for _ in range(ATTEMPTS):
                applied = apply(profile, portion, identifiers, now)
                try:
                    if applied.events:
                        self._profiles.save(applied.profile, applied.events)
                except StaleProfile:
                    reread = self._profiles.load([profile.profile_id])
                    profile = reread.get(profile.profile_id) or Profile(profile.profile_id)
                    continue
                profile = applied.profile
                outcome.dispositions.update(applied.verdicts)
                outcome.contact_kept |= applied.contact_kept
                break
            else:
                raise Crowded("a profile kept changing")
        return outcome


def _holdings(owners: Mapping[Identifier, str], known: Mapping[str, Profile]) -> dict[str, set[Identifier]]:
    holdings = {profile_id: set(profile.identifiers) for profile_id, profile in known.items()}
    for identifier, profile_id in owners.items():
        holdings.setdefault(profile_id, set()).add(identifier)
    return holdings


def _line(arrival: Arrival, verdict: Verdict) -> dict[str, Any]:
    """A line of the lake; a refused event stands in it as text, because it may not be JSON that others read."""
    refused = verdict.disposition == "rejected"
    event = arrival.event if arrival.text is None or refused else json.loads(arrival.text)
    return {
        "receipt": arrival.receipt,
        "source": arrival.source,
        "door": arrival.door,
        "trusted": arrival.trusted,
        "kind": arrival.origin.kind,
        "region": arrival.origin.region,
        "received_at": to_iso(arrival.received_at),
        "disposition": verdict.disposition,
        "reason": verdict.reason,
        "note": verdict.note,
        "message_id": verdict.message_id,
        "profile_id": verdict.profile_id,
        "event": None if refused else event,
        "refused": arrival.raw() if refused else "",
    }
