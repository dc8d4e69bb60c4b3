"""Events from the queue into profiles: read, recognise, apply once, write, keep in the lake."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.ingest.domain.arrival import Arrival
from services.ingest.domain.asked import Asked
from services.ingest.domain.attributes import MAX_NAME, AttributeRules, note_of
from services.ingest.domain.erased import ERASED
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.intake import RulesOf, Unreadable, unpack
from services.ingest.domain.profile import Profile, apply, portions
from services.ingest.domain.traits import CONTACT_KEPT
from services.ingest.domain.verdict import Verdict, lake_line, unasked
from services.ingest.ports import Behind, Lake, Profiles, StaleProfile, Timeline
from services.ingest.profiles.read import Reader, TakenBack
from services.ingest.profiles.recognise import ATTEMPTS, Crowded, Recognised, Recogniser
from services.shared.aws.parallel import each
from services.shared.clock import Clock, from_iso, to_iso

NOT_READ = "unreadable"

MAX_COUNTED = 50
"""Names of withheld traits that one batch counts."""

CountWithheld = Callable[[Mapping[str, int], datetime], None]
"""Adds to the counts of withheld traits, by name."""


@dataclass
class Report:
    """A batch: message ids to try again, those of them that only wait for the publisher, the exceptions behind that by
    type, events per disposition, traits that were withheld, and how many profiles were touched."""

    failed: set[str] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    dispositions: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    profiles: int = 0


@dataclass
class Outcome:
    """What a profile made of its events, by receipt."""

    dispositions: dict[str, str] = field(default_factory=dict)
    contact_kept: set[str] = field(default_factory=set)


class Moved(Exception):
    """A profile was merged into another, or parted, since its events were recognised; they are to be recognised
    again, and if that happens over and over, with the next delivery."""


class Gone(Exception):
    """The person was erased since the profile's events were recognised."""


_ERASED = Verdict("rejected", reason=ERASED)


class Consumer:
    """The use case; ids and clock come from outside, `spread` says how profiles are worked through."""

    def __init__(
        self,
        *,
        recogniser: Recogniser,
        profiles: Profiles,
        timeline: Timeline,
        lake: Lake,
        clock: Clock,
        rules_of: RulesOf = lambda _: None,
        taken_back: TakenBack = lambda _: set(),
        attributes: Callable[[], AttributeRules] = AttributeRules,
        withheld: CountWithheld = lambda _names, _at: None,
        asked: Callable[[], Asked] = Asked,
    ) -> None:
        self._recogniser = recogniser
        self._profiles = profiles
        self._timeline = timeline
        self._lake = lake
        self._clock = clock
        self._rules_of = rules_of
        self._reader = Reader(taken_back, attributes)
        self._withheld = withheld
        self._asked = asked

    def consume(self, messages: Mapping[str, str], queued_at: Mapping[str, int] | None = None) -> Report:
        """Process queue messages (id to body, and to when each was queued, in milliseconds); those in the report's
        `failed` are not done and must come again."""
        report = Report()
        arrivals, message_of = self._unpack(messages, report)
        return self._process(arrivals, message_of, report, queued_at or {})

    def replay(self, arrivals: Iterable[Arrival]) -> Report:
        """Process events that were accepted once already; `failed` are receipts."""
        by_receipt = {arrival.receipt: arrival for arrival in arrivals}
        return self._process(by_receipt, {receipt: receipt for receipt in by_receipt}, Report(), {})

    def _process(
        self,
        arrivals: Mapping[str, Arrival],
        message_of: Mapping[str, str],
        report: Report,
        queued_at: Mapping[str, int],
    ) -> Report:
        verdicts: dict[str, Verdict] = {}
        signed = self._reader.read(
            arrivals.values(), verdicts, lambda receipt: queued_at.get(message_of[receipt], 0)
        )
        try:
            broken = self._take_in(signed, verdicts, report)
        except Crowded:
            failed = report.failed | set(message_of.values())
            return Report(failed=failed, errors=report.errors + Counter([Crowded.__name__]))
        report.failed |= {message_of[receipt] for receipt in broken}
        report.behind |= {message_of[receipt] for receipt, why in broken.items() if why == Behind.__name__}
        kept = [a for a in arrivals.values() if message_of[a.receipt] not in report.failed]
        if kept:
            lines = [lake_line(arrival, verdicts[arrival.receipt]) for arrival in kept]
            self._lake.put(self._clock.now(), [verdicts[a.receipt].kept_as(a.receipt) for a in kept], lines)
        report.dispositions.update(verdicts[a.receipt].disposition for a in kept)
        report.withheld.update(name[:MAX_NAME] for one in signed for name in one.withheld)
        if report.withheld:
            self._withheld(dict(report.withheld.most_common(MAX_COUNTED)), self._clock.now())
        return report

    def _unpack(
        self, messages: Mapping[str, str], report: Report
    ) -> tuple[dict[str, Arrival], dict[str, str]]:
        arrivals: dict[str, Arrival] = {}
        message_of: dict[str, str] = {}
        now = from_iso(to_iso(self._clock.now()))  # as the lake tells it, or a rebuild would differ
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

    def _take_in(
        self, signed: Sequence[Signed], verdicts: dict[str, Verdict], report: Report
    ) -> dict[str, str]:
        """Recognise and store; the receipts that failed, with the type of the trouble. Events of a profile that was
        merged under our hands are recognised again."""
        failed: dict[str, str] = {}
        profiles: set[str] = set()
        for _ in range(ATTEMPTS):
            recognised = self._recogniser.recognise(signed)
            report.errors.update(recognised.not_yet.values())
            failed |= recognised.not_yet
            verdicts |= dict.fromkeys(recognised.erased, _ERASED)
            ready = [one for one in recognised.taken if one.receipt not in recognised.not_yet]
            ready, known = self._known_profiles(ready, recognised, verdicts)
            moved, broken, stored = self._store(ready, recognised, known, verdicts, report)
            failed |= broken
            profiles |= stored
            report.profiles = len(profiles)
            if not moved:
                return failed
            signed = [one for one in signed if one.receipt in moved]
        report.errors[Moved.__name__] += 1
        return failed | dict.fromkeys((one.receipt for one in signed), Moved.__name__)

    def _known_profiles(
        self, signed: Sequence[Signed], recognised: Recognised, verdicts: dict[str, Verdict]
    ) -> tuple[list[Signed], dict[str, Profile]]:
        """The profiles as they are stored, with their traits where events have some. Feedback follows a profile that
        was merged; about one that is gone it is refused, so that it can't bring it back. What nobody asks for comes
        along where the profile is written anyway."""
        leads = self._leads([one for one in signed if one.call.profile_id])
        for one in signed:
            if one.call.profile_id in leads and leads[one.call.profile_id].is_erased:
                verdicts[one.receipt] = _ERASED
            elif one.call.profile_id in leads:
                recognised.profile_of[one.receipt] = leads[one.call.profile_id].profile_id
            elif one.call.profile_id:
                verdicts[one.receipt] = Verdict("rejected", reason="unknown_profile")
        known = {profile.profile_id: profile for profile in leads.values()}
        left = [one for one in signed if one.receipt not in verdicts]
        for one in self._asked().aside(left, recognised.profile_of) if leads else ():
            verdicts[one.receipt] = unasked(one.call.message_id, recognised.profile_of[one.receipt])
        left = [one for one in left if one.receipt not in verdicts]
        ids = {recognised.profile_of[one.receipt] for one in left}
        whole = {recognised.profile_of[one.receipt] for one in left if one.call.traits}
        hot = self._profiles.load_hot(ids - whole - known.keys())
        return left, {**known, **hot, **self._profiles.load(whole)}

    def _leads(self, feedback: Sequence[Signed]) -> dict[str, Profile]:
        """The profile that each profile id leads to. Where nothing is to be written, what it was a moment ago will do:
        an erasure goes through the lake again when that moment has long passed."""
        if not feedback:
            return {}
        asked = self._asked()
        named = {one.call.profile_id for one in feedback}
        seen = self._profiles.glance(named - {one.call.profile_id for one in feedback if asked.passes(one)})
        leads = {profile_id: profile for profile_id, profile in seen.items() if not profile.merged_into}
        return leads | self._profiles.follow(named - leads.keys(), hot=True)

    def _store(
        self,
        signed: Sequence[Signed],
        recognised: Recognised,
        known: Mapping[str, Profile],
        verdicts: dict[str, Verdict],
        report: Report,
    ) -> tuple[set[str], dict[str, str], set[str]]:
        """Receipts whose profile was merged meanwhile, receipts that failed and why, and the profiles stored."""
        groups: dict[str, list[Signed]] = defaultdict(list)
        for one in signed:
            groups[recognised.profile_of[one.receipt]].append(one)

        def store(profile_id: str) -> Outcome:
            profile = known.get(profile_id) or Profile(profile_id)
            identifiers = recognised.identifiers_of.get(profile_id, set())
            return self._write(profile, groups[profile_id], identifiers)

        moved: set[str] = set()
        failed: dict[str, str] = {}
        for profile_id, outcome in zip(groups, each(store, groups), strict=True):
            receipts = {one.receipt for one in groups[profile_id]}
            if isinstance(outcome, Moved):
                moved |= receipts
            elif isinstance(outcome, Gone):
                verdicts |= dict.fromkeys(receipts, _ERASED)
            elif isinstance(outcome, Exception):  # sends back only the messages that speak of this profile
                report.errors[type(outcome).__name__] += 1
                failed |= dict.fromkeys(receipts, type(outcome).__name__)
            else:
                for one in groups[profile_id]:
                    verdicts[one.receipt] = _verdict(one, profile_id, outcome, recognised)
        return moved, failed, set(groups)

    def _write(self, profile: Profile, signed: Sequence[Signed], identifiers: set[Identifier]) -> Outcome:
        """One conditional write per portion; a stale read is read and applied again."""
        outcome = Outcome()
        now = self._clock.now()
        stored = profile
        written: dict[str, str] = {}
        for portion in portions(signed):
            for _ in range(ATTEMPTS):
                if profile.is_erased:
                    raise Gone(profile.profile_id)
                if profile.merged_into or self._was_parted(profile, portion):
                    raise Moved(profile.profile_id)
                remembered = {**self._remembered(stored, portion), **written}
                applied = apply(profile, portion, identifiers, now, remembered)
                try:
                    if applied.events:
                        self._profiles.save(applied.profile, applied.events)
                except StaleProfile:
                    reread = self._profiles.load([profile.profile_id])
                    stored = profile = reread.get(profile.profile_id) or Profile(profile.profile_id)
                    continue
                profile = applied.profile
                written |= {one.call.message_id: one.receipt for one in applied.events}
                outcome.dispositions.update(applied.verdicts)
                outcome.contact_kept |= applied.contact_kept
                break
            else:
                raise Crowded("a profile kept changing")
        return outcome

    def _was_parted(self, profile: Profile, signed: Sequence[Signed]) -> bool:
        """Has an un-merge given somebody's events to another? It left a profile with the identifiers it has; only
        others are asked about."""
        strands = {one.strand for one in signed if one.strand} if profile.since else set()
        owners = self._recogniser.owners(strands - profile.identifiers)
        return any(owner != profile.profile_id for owner in owners.values())

    def _remembered(self, profile: Profile, signed: Sequence[Signed]) -> dict[str, str]:
        """Messages that the profile's memory has forgotten and its history holds."""
        old = [one for one in signed if profile.seen.may_have_forgotten(one)]
        return self._timeline.find(profile, old) if old else {}


def _verdict(one: Signed, profile_id: str, outcome: Outcome, recognised: Recognised) -> Verdict:
    notes = (
        recognised.notes.get(one.receipt),
        CONTACT_KEPT if one.receipt in outcome.contact_kept else None,
        note_of(one.withheld),
    )
    return Verdict(
        outcome.dispositions[one.receipt],
        profile_id=profile_id,
        message_id=one.call.message_id,
        note=",".join(note for note in notes if note),
        born=recognised.born.get(one.receipt),
        left_out=recognised.left_out.get(one.receipt, ()),
    )
