"""The newest standing of each profile in DynamoDB, as one JSON text: nothing in it is ever queried.

Of a profile that is gone there is `gone_into` (empty: erased) and `gone_at` instead. A merged one is given back by a
standing that is told anew after the merge, an erased one by nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from services.journeys.domain.merging import Gone
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.aws.parallel import done, each
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.scoring import Standing

TOMBSTONE_KEPT = timedelta(days=90)
"""Longer than a queue and then its dead-letter queue keep a late fact (14 days each)."""


class DynamoStandings:
    """`ports.people.Standings` on the standings table (`profile_id`, `version`, `standing`, `since_at`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, standings: Iterable[Standing]) -> dict[str, Standing]:
        """Reads before it writes: the facts of one change arrive in several events, and a read is a tenth of a
        write. A stale read only means a write that is refused."""
        offered = {standing.profile_id: standing for standing in standings}
        known = {item["profile_id"]: item for item in self._table.get_many(_keys(offered))}
        newer = [s for s in offered.values() if _is_newer(s, known.get(s.profile_id))]
        kept = [s for item in known.values() if (s := _read(item))]
        kept += [s for s in done(each(self._keep, newer)) if s]
        return {standing.profile_id: standing for standing in kept}

    def _keep(self, standing: Standing) -> Standing | None:
        item = {
            "profile_id": standing.profile_id,
            "version": standing.version,
            "standing": standing.model_dump_json(),
        }
        condition = (
            "attribute_not_exists(profile_id) OR (attribute_not_exists(gone_at) AND version < :version)"
        )
        values: Item = {":version": standing.version}
        if standing.since_at:
            item["since_at"] = values[":since_at"] = to_iso(standing.since_at)
            condition += " OR (gone_into <> :nobody AND gone_at < :since_at)"
            values[":nobody"] = ""
        try:
            self._table.put(item, condition=condition, values=values)
        except ConditionFailed as refused:
            return (
                _read(refused.item)
                if refused.item
                else self.find([standing.profile_id]).get(standing.profile_id)
            )
        return standing

    def find(self, profile_ids: Iterable[str]) -> dict[str, Standing]:
        found = (_read(item) for item in self._table.get_many(_keys(profile_ids), consistent=True))
        return {standing.profile_id: standing for standing in found if standing}

    def leave(self, profile_id: str, gone: Gone) -> bool:
        item: Item = {"profile_id": profile_id, "gone_into": gone.into, "gone_at": to_iso(gone.at)}
        values = {":nobody": "", ":at": item["gone_at"]}
        condition = "attribute_not_exists(gone_at) AND (attribute_not_exists(since_at) OR since_at < :at)"
        condition = f"({condition}) OR (gone_into <> :nobody AND gone_at < :at)"
        if gone.erased:
            item["expires_at"] = int((gone.at + TOMBSTONE_KEPT).timestamp())
            condition, values = "attribute_not_exists(gone_at) OR gone_into <> :nobody", {":nobody": ""}
        try:
            self._table.put(item, condition=condition, values=values)
        except ConditionFailed as refused:
            return bool(refused.item and "gone_at" in refused.item)
        return True

    def gone(self, profile_id: str) -> Gone | None:
        item = self._table.get({"profile_id": profile_id}, consistent=True)
        return Gone(item["gone_into"], from_iso(item["gone_at"])) if item and "gone_at" in item else None


def _is_newer(offered: Standing, known: Item | None) -> bool:
    if known is None:
        return True
    if "gone_at" not in known:
        return bool(known["version"] < offered.version)
    return bool(known["gone_into"] and offered.since_at and to_iso(offered.since_at) > known["gone_at"])


def _keys(profile_ids: Iterable[str]) -> list[Item]:
    return [{"profile_id": profile_id} for profile_id in dict.fromkeys(profile_ids)]


def _read(item: Item) -> Standing | None:
    """The standing in an item; `None` where the profile is gone."""
    return Standing.model_validate_json(item["standing"]) if "standing" in item else None
