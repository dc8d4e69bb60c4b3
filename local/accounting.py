"""The books of a run: everything that was accepted must be somewhere, and every message must have an end and a reason.

Pure: folds what was observed into figures and checks. A check that does not hold fails the run.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from local.cdnow import Order
from local.observe import Machine
from local.recipients import Ledger
from local.replay import Tally
from local.stand_in import Accepted
from services.ingest.domain.lake import RANK
from services.ingest.domain.rulings import RULED
from services.ingest.domain.verdict import UNASKED
from services.journeys.domain.merging import MERGED

OUTCOMES = "halte.delivery"
"""The source of events that come back from the providers."""

_ENDED = ("sent", "skipped", "failed")


@dataclass(frozen=True)
class Check:
    """Something that must hold; `detail` gives both sides."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class DoorAccount:
    """One door's events: accepted = applied + duplicate + unasked + rejected + dead-lettered. Arrivals that no
    definition asks for stay in the lake, unasked."""

    door: str
    accepted: int
    applied: int
    duplicate: int
    unasked: int
    rejected: Mapping[str, int]
    dead_lettered: int

    @property
    def missing(self) -> int:
        """Accepted events that are nowhere; negative: events nobody accepted."""
        kept = self.applied + self.duplicate + self.unasked
        return self.accepted - kept - sum(self.rejected.values()) - self.dead_lettered


@dataclass
class Observed:
    """All that was read after the run."""

    orders: Sequence[Order]
    tally: Tally
    lake: Sequence[Mapping[str, Any]]
    dead: Mapping[str, Sequence[str]]
    profiles: Sequence[Mapping[str, Any]]
    standings: Sequence[Mapping[str, Any]]
    places: Sequence[Mapping[str, Any]]
    copies: Sequence[Mapping[str, Any]]
    messages: Sequence[Mapping[str, Any]]
    ledger: Sequence[Mapping[str, Any]]
    requested: Mapping[str, Mapping[str, Any]]
    entered: Mapping[str, Mapping[str, Any]]
    exited: Mapping[str, Mapping[str, Any]]
    outbox: Sequence[Accepted]
    recipients: Ledger
    machines: Sequence[Machine]
    complaints: Sequence[str] = ()
    failed_schedules: Sequence[str] = ()


@dataclass
class Books:
    """The figures of the report, and the checks."""

    doors: list[DoorAccount]
    messages: dict[tuple[str, str, str], Counter[str]]
    skipped: Counter[tuple[str, str, str]]
    entries: Counter[str]
    machines: Sequence[Machine]
    ledger: Counter[str]
    outbox: Sequence[Accepted]
    merged: int = 0
    checks: list[Check] = field(default_factory=list)

    @property
    def hold(self) -> bool:
        """Do all checks hold?"""
        return all(check.holds for check in self.checks)


def entries_of(seen: Observed) -> Counter[str]:
    """People who came into each journey. Whose profile turned out to be another's goes on under that one's name, which
    is told as one that ended as merged and one that began."""
    merged = {walk for walk, told in seen.exited.items() if told["reason"] == MERGED}
    return Counter(str(e["journey"]) for walk, e in seen.entered.items() if walk not in merged)


def settle(seen: Observed) -> Books:
    """The books of what was observed."""
    doors = door_accounts(seen)
    book = [m for m in seen.messages if "send_id" in m]
    withdrawn = [m for m in book if str(m["send_id"]).startswith("unsub#")]
    sent = [m for m in book if not str(m["send_id"]).startswith("unsub#")]
    books = Books(
        doors=doors,
        messages=message_figures(sent, withdrawn),
        skipped=Counter(
            (_journey(m), str(m.get("template", "")), str(m.get("reason", "")))
            for m in sent
            if m.get("status") == "skipped"
        ),
        entries=entries_of(seen),
        machines=seen.machines,
        ledger=Counter(str(e["kind"]) for e in seen.ledger if "hash" in e and "entry_id" in e),
        outbox=seen.outbox,
        merged=sum("merged_into" in profile for profile in seen.profiles),
    )
    books.checks += event_checks(seen, doors)
    books.checks += message_checks(seen, sent)
    books.checks += run_checks(seen)
    return books


def door_accounts(seen: Observed) -> list[DoorAccount]:
    """One account per door: the bus and HTTP against what the client counted, outcomes against their receipts."""
    lines = _one_per_receipt(seen.lake)
    by_door: dict[str, list[Mapping[str, Any]]] = {"HTTP API": [], "event bus": [], "provider outcomes": []}
    for line in lines:
        if line["disposition"] == RULED:  # no event: nobody sent it
            continue
        by_door[_door(str(line["source"]), str(line["door"]))].append(line)
    dead = _dead_events(seen.dead)
    counted = {"HTTP API": seen.tally.http_taken, "event bus": seen.tally.bus_taken}
    return [
        DoorAccount(
            door=door,
            accepted=counted.get(door, len(of_door) + dead[door]),
            applied=sum(line["disposition"] == "applied" for line in of_door),
            duplicate=sum(line["disposition"] == "duplicate" for line in of_door),
            unasked=sum(line["disposition"] == UNASKED for line in of_door),
            rejected=Counter(str(line["reason"]) for line in of_door if line["disposition"] == "rejected"),
            dead_lettered=dead[door],
        )
        for door, of_door in by_door.items()
    ]


def _door(source: str, door: str) -> str:
    if source == OUTCOMES:
        return "provider outcomes"
    return "HTTP API" if door == "http" else "event bus"


def _one_per_receipt(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A receipt may be in the lake twice, when a batch was retried: what was done to it in the end counts."""
    kept: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        before = kept.get(line["receipt"])
        if before is None or RANK[line["disposition"]] > RANK[before["disposition"]]:
            kept[line["receipt"]] = line
    return list(kept.values())


def _dead_events(dead: Mapping[str, Sequence[str]]) -> Counter[str]:
    """Customer events in dead letters, by door."""
    counted: Counter[str] = Counter()
    for body in (body for bodies in dead.values() for body in bodies):
        try:
            parsed = json.loads(body)
        except ValueError:
            continue
        if parsed.get("receipt") and parsed.get("door"):
            counted["HTTP API"] += len(parsed["events"])
        elif parsed.get("source") == OUTCOMES and "events" in parsed.get("detail", {}):
            counted["provider outcomes"] += len(parsed["detail"]["events"])
        elif not str(parsed.get("source", "halte.")).startswith("halte."):
            counted["event bus"] += 1
    return counted


def event_checks(seen: Observed, doors: Sequence[DoorAccount]) -> list[Check]:
    """Is every accepted event accounted for, and is its effect there exactly once?"""
    customers = {order.customer for order in seen.orders}
    people = [profile for profile in seen.profiles if not profile.get("merged_into")]
    viewed = sum(profile["counts"].get("page", 0) for profile in people)
    resent = sum(account.duplicate for account in doors if account.door != "provider outcomes")
    states = [json.loads(item["state"]) for item in seen.standings if "state" in item]
    orders = sum(state["counts"].get("track:Order Completed", 0) for state in states)
    cents = sum(state["revenue_cents"] for state in states)
    copies = [json.loads(item["standing"])["facts"] for item in seen.copies if "standing" in item]
    copied = sum(int((Decimal(str(facts["revenue"])) * 100).to_integral_value()) for facts in copies)
    expected_cents = sum(order.cents for order in seen.orders)
    rejected = sum(sum(account.rejected.values()) for account in doors)
    return [
        *(
            Check(
                f"{account.door}: accepted = applied + duplicate + unasked + rejected + dead-lettered",
                account.missing == 0,
                f"{account.accepted} accepted, {account.missing} missing",
            )
            for account in doors
        ),
        equal("profiles = customers", len(people), len(customers)),
        equal("page views on customers' profiles = visits before their log-ins", viewed, seen.tally.visits),
        equal("orders in the computed traits = rows of the log", orders, len(seen.orders)),
        equal("revenue in cents = sum of the log", cents, expected_cents),
        equal("revenue in cents in the journeys' own copies = sum of the log", copied, expected_cents),
        equal("people listed in segments and stages = people who are there", *_places(seen)),
        equal("duplicates = events sent twice on purpose", resent, seen.tally.resent),
        equal("rejected = bad events sent on purpose", rejected, seen.tally.bad),
    ]


def _places(seen: Observed) -> tuple[int, int]:
    """How many rows the lists have, and how many places people's own standings say; as many, if both are the same."""
    listed = {
        (row["list"].rpartition("/")[0], row["entry"]) for row in seen.places if row["list"].startswith("at/")
    }
    held = {
        (f"at/{kind}/{name}/{subject}/{value}", item["profile_id"])
        for item in seen.standings
        if "state" in item
        for kind, name, subject, value, *_ in json.loads(item["state"])["places"]
    }
    return (len(listed), len(held)) if listed == held else (len(listed - held), -len(held - listed))


def message_figures(
    sent: Iterable[Mapping[str, Any]], withdrawn: Iterable[Mapping[str, Any]] = ()
) -> dict[tuple[str, str, str], Counter[str]]:
    """Messages by (journey, template, channel): requested, each status, each kind of feedback, and how many people
    withdrew by the link in one."""
    figures: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for message in withdrawn:
        figures[_row_of(message)]["unsubscribed"] += 1
    for message in sent:
        row = figures[_row_of(message)]
        row["requested"] += 1
        row[str(message["status"])] += 1
        row.update(marks_of(message))
    return dict(sorted(figures.items()))


def _row_of(message: Mapping[str, Any]) -> tuple[str, str, str]:
    return _journey(message), str(message.get("template", "")), str(message.get("channel") or "none")


def marks_of(message: Mapping[str, Any]) -> list[str]:
    """The kinds of feedback a message has had: `first_<kind>_at` is when each was first seen."""
    return [
        name[len("first_") : -len("_at")]
        for name in message
        if name.startswith("first_") and name.endswith("_at")
    ]


def _journey(message: Mapping[str, Any]) -> str:
    return str(message.get("journey") or "(double opt-in)")


def message_checks(seen: Observed, sent: Sequence[Mapping[str, Any]]) -> list[Check]:
    """Has every requested message one end, and has nobody had what they did not ask for?"""
    granted = {str(e["entry_id"]): str(e["address_key"]) for e in seen.ledger if e.get("kind") == "granted"}
    commercial = [m for m in sent if m.get("message_class") == "commercial"]
    without = [
        m
        for m in commercial
        if m["status"] in ("sent", "claimed", "unknown")
        and granted.get(str(m.get("consent_entry_id"))) != str(m.get("address_key"))
    ]
    unfinished = [m for m in sent if m["status"] not in _ENDED]
    times = Counter(message.tags.get("send_id", "") for message in seen.outbox)
    uninvited = [
        m
        for m in seen.outbox
        if m.mime and b"List-Unsubscribe" in m.mime and m.to not in seen.recipients.confirmed
    ]
    skipped = sum(m.get("reason") == "no_consent" for m in commercial)
    service = sum(m["status"] == "sent" for m in sent if m.get("message_class") == "service")
    known = {str(m["send_id"]) for m in sent}
    return [
        equal("messages in the book = messages requested on the bus", known ^ set(seen.requested), set()),
        equal("messages without an end", len(unfinished), 0),
        equal("messages the providers took = messages sent", len(times), _left(sent)),
        equal("messages sent more than once", sum(n - 1 for n in times.values()), 0),
        equal("commercial messages sent without a granted entry in the ledger", len(without), 0),
        equal("e-mails with an unsubscribe link to people who never confirmed", len(uninvited), 0),
        Check("commercial messages were held back for want of consent", skipped > 0, f"{skipped} held back"),
        Check("service messages passed without consent", service > 0, f"{service} sent"),
    ]


def _left(sent: Sequence[Mapping[str, Any]]) -> int:
    """Messages that left: sent, or given up after they may have (then the provider may know better)."""
    return sum(m["status"] == "sent" for m in sent)


def run_checks(seen: Observed) -> list[Check]:
    """Did nothing fail on the way?"""
    failed = sum(
        n
        for m in seen.machines
        for status, n in m.executions.items()
        if status not in ("SUCCEEDED", "RUNNING")
    )
    return [
        equal("dead letters", {name: len(bodies) for name, bodies in seen.dead.items()}, {}),
        equal("failed executions", failed, 0),
        equal("scheduled functions that failed", sorted(set(seen.failed_schedules))[:3], []),
        equal("requests the doors refused", seen.tally.failures[:3], []),
        equal("pages that failed the recipients", seen.recipients.problems[:3], []),
        equal("things the emulator did not do", list(seen.complaints)[:3], []),
    ]


def equal(name: str, left: Any, right: Any) -> Check:
    """The check that two sides are the same."""
    return Check(
        name,
        left == right,
        f"{_short(left)} = {_short(right)}" if left == right else f"{_short(left)} ≠ {_short(right)}",
    )


def _short(value: Any) -> str:
    text = str(sorted(value)) if isinstance(value, set) else str(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
