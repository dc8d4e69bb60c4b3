"""Traits and events of people in the runtime table, beside their walks, so that they are forgotten together.

P#<profile>  T                          the traits that scoring carries here
P#<profile>  H#<signal>[#<hash of key>] when a signal was heard last, and what is kept of it
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from services.journeys.adapters.items import enrolment_key
from services.journeys.adapters.texts import to_text
from services.journeys.domain.enrolment import walk_ref
from services.journeys.ports.people import Noise
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.aws.parallel import done, each
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.scoring import Carried

NOTED_FOR = timedelta(days=28)
"""As long as a queue and then its dead-letter queue keep a fact (14 days each)."""


class DynamoKnown:
    """`ports.people.Known` on the runtime table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep_traits(self, carried: Carried) -> bool:
        item = {
            **_traits_key(carried.profile_id),
            "version": carried.version,
            "traits": to_text(carried.traits),
        }
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR version < :version",
                values={":version": carried.version},
            )
        except ConditionFailed:
            return False
        return True

    def traits(self, profile_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        keys = [_traits_key(profile_id) for profile_id in dict.fromkeys(profile_ids)]
        items = self._table.get_many(keys, consistent=True)
        return {str(item["pk"]).removeprefix("P#"): json.loads(item.get("traits", "{}")) for item in items}

    def note(self, noises: Iterable[Noise]) -> None:
        done(each(self._note, noises))

    def noted(self, profile_id: str) -> list[Noise]:
        items = self._table.query(
            "pk = :pk AND begins_with(sk, :heard)",
            values={":pk": f"P#{profile_id}", ":heard": "H#"},
            consistent=True,
        )
        return [_read(profile_id, item) for item in items]

    def _note(self, noise: Noise) -> None:
        item = {
            **_heard_key(noise),
            "signal": noise.signal,
            "key": noise.key or None,
            "at": to_iso(noise.at),
            "kept": to_text(noise.kept),
            "version": noise.version,
            "expires_at": int((noise.at + NOTED_FOR).timestamp()),
        }
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR #at < :at OR (#at = :at AND version < :version)",
                names={"#at": "at"},
                values={":at": item["at"], ":version": noise.version},
            )
        except ConditionFailed:
            return  # what is there is as new, or newer


def _read(profile_id: str, item: Item) -> Noise:
    kept = json.loads(item.get("kept", "{}"))
    at, version = from_iso(item["at"]), item.get("version", 0)
    return Noise(profile_id, item["signal"], item.get("key", ""), at, kept, version)


def _traits_key(profile_id: str) -> Item:
    return {"pk": f"P#{profile_id}", "sk": "T"}


def _heard_key(noise: Noise) -> Item:
    key = enrolment_key(walk_ref(noise.profile_id, noise.key), noise.signal)
    return {"pk": key["pk"], "sk": key["sk"].replace("E#", "H#", 1)}
