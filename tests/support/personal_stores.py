"""Every table, bucket and queue of the system, and how the person in it is exported and erased, or why there is none.

A new store fails a test until it stands here. Dead-letter queues need no line: what is parked in one is a copy of what
a queue or a stream held, is gone after 14 days, and finds the person erased when it is driven again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Erased:
    """It holds personal data. `exported` are the places in an export that show it (`service.store`; ingest's own are
    top-level), `stage` is the stage of an erasure that forgets it."""

    exported: tuple[str, ...]
    stage: str


@dataclass(frozen=True)
class Harmless:
    """It holds nothing that leads to a person, or not for long: `why`."""

    why: str


@dataclass(frozen=True)
class Expires:
    """It holds personal data that an erasure leaves alone, `why`, and that S3 removes after `days`: sooner than the
    month in which a person is to be forgotten."""

    days: int
    why: str


_PASSING = Harmless(
    "Facts on their way, worked off in seconds and kept for 14 days at most; one that comes late finds the "
    "tombstone of the profile and is dropped."
)

STORES: dict[str, Erased | Expires | Harmless] = {
    # Under `outcomes/` and `outcome-lake/` lie lines of reports, which name messages and nobody (decision 0049).
    "platform/Bucket/Lake": Erased(("received",), "lake"),
    "ingest/Table/Sources": Harmless("Client systems and hashes of their keys."),
    "ingest/Table/Attributes": Harmless(
        "What may be known of people and why; and names, never values, of traits that were withheld, for 30 days."
    ),
    "ingest/Table/SourceRates": Harmless("Counters by source."),
    "ingest/Table/Identities": Erased(("profile",), "profile"),
    "ingest/Table/Profiles": Erased(("profile",), "profile"),
    "ingest/Table/ProfileParts": Erased(("profile", "timeline", "records"), "history"),
    "ingest/Table/Firms": Erased(("records",), "history"),
    "ingest/Table/Erasures": Harmless(
        "Keyed hashes of identifiers, and receipts; who is to be forgotten stands in it only while the erasure runs."
    ),
    "ingest/Queue/Intake": Harmless(
        "Events on their way; one that comes after an erasure is refused and its text is not kept."
    ),
    "ingest/Queue/ErasureQueue": Harmless("Ids of erasures."),
    "ingest/Queue/ExportQueue": Harmless("Ids of profiles and of their exports."),
    "ingest/Table/Imports": Harmless(
        "Import jobs: their definitions, counts, row numbers with the rule a row breaks, and profile ids, which lead "
        "to nobody once the profile is gone. No cell of a file."
    ),
    "ingest/Queue/ImportJobs": Harmless("Ids of import jobs."),
    "ingest/Table/Sinks": Harmless("Places that are told of changes, and figures of how that goes."),
    "ingest/Table/Forwarding": Harmless(
        "Rows that wait for a paused sink, under the profile they are about: ToSinks removes them at ProfilesErased, "
        "which starts every erasure, and its mark refuses later ones; without it they are gone after 90 days. What "
        "else is kept of a profile is a digest of traits and goes with them."
    ),
    "ingest/Queue/ToSinks": _PASSING,
    "ingest/Queue/Deliveries": Harmless(
        "Deliveries on their way to sinks, for 14 days at most; each is held against the marks of erased profiles "
        "before it is sent or parked."
    ),
    "ingest/Table/Forms": Harmless("Forms, with the texts they show."),
    "ingest/Table/FormRates": Harmless("Counters under keyed hashes of addresses, gone after two days."),
    "scoring/Table/Standings": Erased(("scoring.standings", "scoring.facts", "scoring.scores"), "scoring"),
    "scoring/Table/Definitions": Harmless("Segments, score models and lifecycles."),
    "scoring/Table/Places": Erased(("scoring.segments",), "scoring"),
    "scoring/Table/Mentions": Harmless(
        "Sums of what is written on forums, by day and topic, and hashes of where it stands, for 60 days; neither the "
        "text nor who wrote it is kept, and nothing of it leads to a profile."
    ),
    "scoring/Table/Consents": Erased(("scoring.consents",), "scoring"),
    "scoring/Table/Loyalty": Erased(("scoring.points", "scoring.loyalty"), "scoring"),
    "scoring/Queue/OnListening": Harmless("What journeys need to hear: conditions and names."),
    "scoring/Queue/OnProfilesChanged": _PASSING,
    "scoring/Queue/OnConsentChanged": Harmless("Keyed hashes of addresses and what is permitted there."),
    "journeys/Table/Definitions": Harmless("Journeys and their versions."),
    "journeys/Table/Runtime": Erased(("journeys.journeys",), "journeys"),
    "journeys/Table/Standings": Erased(("journeys.standings",), "journeys"),
    "journeys/Queue/OnFacts": _PASSING,
    "journeys/Queue/LateFacts": Harmless("Merges and erasures once more, a while later: ids of profiles."),
    "journeys/Queue/Chores": Harmless("Journeys, versions and how far a worker has come: ids of cohorts."),
    "journeys/Queue/FailedExecutions": Harmless(
        "Names and input of executions: journeys, slots, profile ids."
    ),
    "journeys/Table/Plans": Harmless(
        "What is planned, and how far runs are: the ids of the people of the page under way, and for a month those of "
        "requests to let one person in, with what came of them."
    ),
    "journeys/Queue/Runs": Harmless("Names of runs and of their parts."),
    "journeys/Queue/Simulations": Harmless("Digests of questions about journeys."),
    "consent/Table/Purposes": Harmless("Purposes and the texts people agree to."),
    "consent/Table/Ledger": Harmless(
        "Keyed hashes and digests only; an objection must outlive the person's data, and a chain with a hole would "
        "prove nothing about anybody."
    ),
    "consent/Table/Anchors": Harmless("Digests of the ledger, and where the anchors with them are."),
    "consent/Bucket/AnchorBucket": Harmless(
        "Digests of the ledger, numbers and times, locked for years: what can't be erased leads to nobody."
    ),
    "consent/Table/Evidence": Erased(("consent.consents",), "consent"),
    "consent/Table/Reminders": Harmless("Keyed hashes of addresses and ids of requests, for some days."),
    "consent/Queue/OnProfilesChanged": _PASSING,
    "consent/Queue/OnMessageSent": Harmless("Ids of messages that left."),
    "consent/Queue/Inbound": Harmless(
        "Replies on their way: number or address and what was written, worked off in seconds, 14 days at most; one "
        "that comes late ends permissions and gives none."
    ),
    "consent/Queue/OnComplaints": Harmless("Keyed hashes of addresses and ids of messages."),
    "consent/Queue/OnSmsPermissions": Harmless("Keyed hashes of addresses and what is permitted there."),
    "consent/Queue/OnFormSubmitted": Harmless(
        "Submissions on their way, worked off in seconds and kept for 14 days at most. One that comes after an erasure "
        "is a request to confirm like anybody's: its proof is purged after 30 days unless the address confirms."
    ),
    "consent/Queue/Recovery": Harmless(
        "Requests for a service message, worked off in seconds and kept for 14 days at most; only a counter under a "
        "keyed hash of the address is left of one, for a day."
    ),
    "delivery/Table/Messages": Erased(("delivery.messages",), "delivery"),
    "delivery/Table/Gates": Erased(("delivery.contacts", "delivery.pressure", "delivery.tastes"), "delivery"),
    "delivery/Table/Templates": Harmless("Templates, and the addresses of colleagues that tests go to."),
    "delivery/Table/Products": Harmless("Products, offers, and how often products are bought together."),
    "delivery/Table/Work": Erased(("delivery.work",), "delivery"),
    "delivery/Queue/OnWork": _PASSING,
    "delivery/Queue/OnPassUpdates": _PASSING,
    "delivery/Table/Reports": Harmless(
        "Counters by day, journey and template; and hashes of moves between stages, which lead to nobody."
    ),
    "delivery/Table/Pressure": Harmless("The pressure policy, and which journeys and channels are stopped."),
    "delivery/Queue/OnRequests": _PASSING,
    "delivery/Queue/OnConsent": _PASSING,
    "delivery/Queue/OnExits": _PASSING,
    "delivery/Queue/OnStages": _PASSING,
    "delivery/Queue/OnProfilesChanged": _PASSING,
    "delivery/Queue/Feedback": Harmless("Notices of providers on their way, worked off in seconds."),
    "delivery/Bucket/MailReports": Expires(
        14,
        "Reports of deliveries with the addresses of a minute, removed as soon as they are noted. Firehose holds the "
        "same for the minute, and for a day at most. Of somebody who is erased by then nothing is noted.",
    ),
    "delivery/Queue/MailReportFiles": Harmless("Names of files of reports."),
}
"""By `service/kind/beginning of the logical id`."""

PREFIXES: dict[str, Erased | Expires | Harmless] = {
    "events/": Erased(("received",), "lake"),
    "lake/": Erased(("received",), "lake"),
    "imports/": Expires(
        14,
        "Uploaded files, which hold many people and whose upload may still be going on, and reports without any cell. "
        "An import that goes on finds the tombstones.",
    ),
    "print-orders/": Expires(
        14,
        "Order files that the printer has: what is printed can't be called back. A letter that still waits for its "
        "order is erased with the rest.",
    ),
    "print-status/": Expires(
        14,
        "What became of letters, by send id, until the printer's file is taken in: minutes, unless it can't be read.",
    ),
    "outcomes/": Harmless("What reports count: a message and where it stood, never whose it was."),
    "outcome-lake/": Harmless("The same, of finished days."),
    "simulations/": Harmless("Questions about journeys, and counts that answer them: nothing of one person."),
    "exports/": Erased(("received",), "history"),
    "anchors/": Harmless("Digests, numbers and times, in a bucket of their own."),
}
"""What buckets hold, by the beginning of a key."""
