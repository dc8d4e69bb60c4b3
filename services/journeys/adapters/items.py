"""How enrolments and cohorts are written down in the runtime table.

P#<profile>  E#<journey>[#<hash of key>]  an enrolment: one per person, journey and matter
P#<profile>  R#<journey>[#<hash of key>]  why a person was not let in last
C#<cohort>   META         a cohort: where it began (`begun`, `begun_due`) and where it is (`node`, `since`, `due`)
C#<cohort>   P#<page>     up to 98 of its members: one write carries them all; `aboard` once all of them are

Index `by_journey` (`live_of` = `<journey>#<version>`, `live_due`): cohorts that are not done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from services.journeys.adapters.texts import (
    ask_text,
    memory_text,
    read_ask,
    read_memory,
    read_worth,
    to_text,
    worth_text,
)
from services.journeys.domain.enrolment import Enrolment
from services.journeys.domain.moves import Memory
from services.journeys.ports.walks import Refusal
from services.shared.aws.dynamo import Item
from services.shared.clock import from_iso, to_iso
from services.shared.ids import stable_id

REFUSALS_KEPT = timedelta(days=30)


def enrolment_key(ref: str, journey: str) -> dict[str, str]:
    """The key of a person's walk through a journey, by its reference (`enrolment.walk_ref`)."""
    profile_id, mark, matter = ref.partition("#")
    return {"pk": f"P#{profile_id}", "sk": f"E#{journey}{mark}{matter}"}


def live_of(journey: str, version: int) -> str:
    """The key of the index by which a cohort that is not done is found."""
    return f"{journey}#{version}"


def cohort_meta_key(cohort: str) -> dict[str, str]:
    """The key of a cohort."""
    return {"pk": f"C#{cohort}", "sk": "META"}


def page_id(refs: Iterable[str]) -> str:
    """The name of a page. The same walks always make the same page."""
    return stable_id("pg", *sorted(refs))


def page_key(cohort: str, page: str) -> dict[str, str]:
    """The key of a page of a cohort's members."""
    return {"pk": f"C#{cohort}", "sk": f"P#{page}"}


def is_enrolment(item: Item) -> bool:
    """Is this item of the runtime table an enrolment?"""
    return str(item["sk"]).startswith("E#")


def is_refusal(item: Item) -> bool:
    """Is this item of the runtime table about somebody who was not let in?"""
    return str(item["sk"]).startswith("R#")


def refusal_item(refusal: Refusal, reason_version: int, now: datetime) -> Item:
    """A refusal as it is stored."""
    key = enrolment_key(refusal.ref, refusal.journey)
    return {
        "pk": key["pk"],
        "sk": key["sk"].replace("E#", "R#", 1),
        "ref": refusal.ref,
        "journey": refusal.journey,
        "version": refusal.version,
        "reason": refusal.reason,
        "at": to_iso(refusal.at),
        "reason_version": reason_version,
        "expires_at": int((now + REFUSALS_KEPT).timestamp()),
    }


def read_refusal(item: Item) -> Refusal:
    """The refusal of a stored item."""
    return Refusal(item["ref"], item["journey"], item["version"], item["reason"], from_iso(item["at"]))


def enrolment_item(walk: Enrolment) -> Item:
    """An enrolment as it is stored."""
    return {
        **enrolment_key(walk.ref, walk.journey),
        "enrolment_id": walk.enrolment_id,
        "n": walk.number,
        "journey": walk.journey,
        "version": walk.version,
        "cohort": walk.cohort,
        "node": walk.node,
        "status": walk.status,
        "entered_at": to_iso(walk.entered_at),
        "entry_version": walk.entry_version,
        "reason": walk.reason or None,
        "exited_at": to_iso(walk.exited_at) if walk.exited_at else None,
        "requested": {node: to_iso(at) for node, at in walk.requested.items()},
        "page": walk.page,
        "inherited": {node: to_iso(at) for node, at in walk.inherited.items()} or None,
        "absorbed": walk.absorbed or None,
        "moved_to": walk.moved_to or None,
        "went_to": list(walk.went_to) or None,
        "accepted_at": to_iso(walk.accepted_at) if walk.accepted_at else None,
        "key": walk.key or None,
        "kept": to_text(walk.kept),
        "heard": {name: to_iso(at) for name, at in walk.heard.items()},
        "memory": memory_text(walk.memory),
        "reason_at": to_iso(walk.reason_at) if walk.reason_at else None,
        "touched": walk.touched,
        "acted": walk.acted or None,
        "ask": ask_text(walk.ask) if walk.ask else None,
        "enters": walk.enters or None,
        "worth": worth_text(walk.worth) if walk.worth else None,
        "migrated": [{"version": version, "at": to_iso(at)} for version, at in walk.migrated] or None,
    }


def read_enrolment(item: Item) -> Enrolment:
    """The enrolment of a stored item."""
    return Enrolment(
        profile_id=str(item["pk"]).removeprefix("P#"),
        journey=item["journey"],
        enrolment_id=item["enrolment_id"],
        number=item["n"],
        version=item["version"],
        cohort=item["cohort"],
        node=item["node"],
        status=item["status"],
        entered_at=from_iso(item["entered_at"]),
        entry_version=item["entry_version"],
        reason=item.get("reason", ""),
        exited_at=_instant(item.get("exited_at")),
        requested={node: from_iso(at) for node, at in item["requested"].items()},
        page=item["page"],
        inherited={node: from_iso(at) for node, at in item.get("inherited", {}).items()},
        absorbed=item.get("absorbed", ""),
        moved_to=item.get("moved_to", ""),
        went_to=tuple(item.get("went_to", ())),
        accepted_at=_instant(item.get("accepted_at")),
        key=item.get("key", ""),
        kept=json.loads(item.get("kept", "{}")),
        heard={name: from_iso(at) for name, at in item.get("heard", {}).items()},
        memory=read_memory(item["memory"]) if "memory" in item else Memory(),
        reason_at=_instant(item.get("reason_at")),
        touched=item.get("touched", 0),
        acted=item.get("acted", ""),
        ask=read_ask(item["ask"]) if "ask" in item else None,
        enters=item.get("enters", ""),
        worth=read_worth(item["worth"]) if "worth" in item else None,
        migrated=tuple((one["version"], from_iso(one["at"])) for one in item.get("migrated", ())),
    )


def _instant(text: str | None) -> datetime | None:
    return from_iso(text) if text else None
