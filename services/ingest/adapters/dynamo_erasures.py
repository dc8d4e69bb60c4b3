"""Erasures and tombstones in DynamoDB: `erasure#<id>`, and `tombstone#<keyed hash of an identifier>`.

A table of their own: a restored backup of profiles or identities must not take them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.ingest.domain.erasure import Erasure, Progress
from services.ingest.domain.forget import Subject
from services.ingest.domain.identifiers import Identifier
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.aws.secrets import secret_text
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.person import Address
from services.shared.ids import keyed_hash


class DynamoErasures:
    """Port `Erasures`. Stages are written each for itself, so that two rounds at once lose nothing."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def start(self, erasure: Erasure) -> Erasure:
        item = {
            **_key(erasure.erasure_id),
            "profile_id": erasure.profile_id,
            "requested_at": to_iso(erasure.requested_at),
            "stages": {},
        }
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed as there:
            return _erasure(there.item or item)
        return erasure

    def get(self, erasure_id: str) -> Erasure | None:
        item = self._table.get(_key(erasure_id), consistent=True)
        return _erasure(item) if item else None

    def gather(self, erasure_id: str, subject: Subject) -> None:
        self._set(
            erasure_id,
            "SET subject = :subject, profile_ids = :ids",
            {":subject": _subject_item(subject), ":ids": list(subject.profile_ids)},
        )

    def advance(self, erasure_id: str, stage: str, progress: Progress) -> None:
        kept = {
            "stores": dict(progress.stores),
            "done": progress.done,
            "cursor": progress.cursor,
            "waiting_for": progress.waiting_for,
            "attempts": progress.attempts,
        }
        self._set(erasure_id, "SET stages.#stage = :progress", {":progress": kept}, {"#stage": stage})

    def finish(self, erasure_id: str, at: datetime) -> None:
        self._set(erasure_id, "SET finished_at = :at REMOVE subject", {":at": to_iso(at)})

    def again(self, erasure_id: str) -> None:
        self._set(erasure_id, "SET stages = :none REMOVE finished_at, subject", {":none": {}})

    def _set(
        self, erasure_id: str, update: str, values: dict[str, Any], names: dict[str, str] | None = None
    ) -> None:
        self._table.update(
            _key(erasure_id), update, condition="attribute_exists(pk)", values=values, names=names
        )


class DynamoTombstones:
    """Port `Tombstones`; `secret_arn` keys the hashes."""

    def __init__(self, table: Table, secret_arn: str) -> None:
        self._table = table
        self._secret_arn = secret_arn

    def put(self, identifiers: Iterable[Identifier], at: datetime) -> int:
        marked = 0
        for identifier in identifiers:
            try:
                self._table.put(
                    {"pk": self._pk(identifier), "erased_at": to_iso(at)},
                    condition="attribute_not_exists(pk)",
                )
            except ConditionFailed:
                continue
            marked += 1
        return marked

    def of(self, identifiers: Iterable[Identifier]) -> dict[Identifier, datetime]:
        by_key = {self._pk(identifier): identifier for identifier in identifiers}
        items = self._table.get_many([{"pk": pk} for pk in by_key], consistent=True)
        return {by_key[item["pk"]]: from_iso(item["erased_at"]) for item in items}

    def mark(self, identifier: Identifier) -> str:
        return mark_of(secret_text(self._secret_arn), identifier)

    def _pk(self, identifier: Identifier) -> str:
        return f"tombstone#{self.mark(identifier)}"


def mark_of(secret: str, identifier: Identifier) -> str:
    """The keyed hash that stands for an identifier of somebody who was erased."""
    return keyed_hash(secret, f"identifier:{identifier.key}")


def _key(erasure_id: str) -> Item:
    return {"pk": f"erasure#{erasure_id}"}


def _erasure(item: Item) -> Erasure:
    finished = item.get("finished_at")
    return Erasure(
        erasure_id=item["pk"].removeprefix("erasure#"),
        profile_id=item["profile_id"],
        requested_at=from_iso(item["requested_at"]),
        subject=_subject(item["subject"]) if item.get("subject") else None,
        stages={name: Progress(**stage) for name, stage in item["stages"].items()},
        finished_at=from_iso(finished) if finished else None,
        profile_ids=tuple(item.get("profile_ids", ())),
    )


def _subject_item(subject: Subject) -> Item:
    return {
        "profile_ids": list(subject.profile_ids),
        "identifiers": [identifier.key for identifier in subject.identifiers],
        "addresses": [[one.channel, one.address] for one in subject.addresses],
        "since": subject.since,
        "parted": list(subject.parted),
        "others": others_rows(subject.others),
    }


def others_rows(others: Mapping[Identifier | str, str]) -> list[list[str]]:
    """`Subject.others` as JSON: rows of kind ("": it is a profile id), value and owner."""
    return [[*(i if isinstance(i, Identifier) else ("", i)), owner] for i, owner in others.items()]


def read_others(rows: Iterable[Sequence[str]]) -> dict[Identifier | str, str]:
    """What `others_rows` made rows of."""
    return {Identifier(kind, value) if kind else value: owner for kind, value, owner in rows}


def _subject(item: Item) -> Subject:
    return Subject(
        profile_ids=tuple(item["profile_ids"]),
        identifiers=tuple(Identifier.from_key(key) for key in item["identifiers"]),
        addresses=tuple(Address(channel=channel, address=address) for channel, address in item["addresses"]),
        since=item["since"],
        parted=tuple(item.get("parted", ())),
        others=read_others(item.get("others", ())),
    )
