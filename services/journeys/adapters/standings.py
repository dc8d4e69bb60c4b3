"""The newest standing of each profile in DynamoDB, as one JSON text: nothing in it is ever queried."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.adapters.parallel import each
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.contracts.scoring import Standing


class DynamoStandings:
    """`ports.Standings` on the standings table (`profile_id`, `version`, `standing`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, standings: Iterable[Standing]) -> dict[str, Standing]:
        """Reads before it writes: the facts of one change arrive in several events, and a read is a tenth of a
        write. A stale read only means a write that is refused."""
        offered = {standing.profile_id: standing for standing in standings}
        found = (_read(item) for item in self._table.get_many(_keys(offered)))
        known = {standing.profile_id: standing for standing in found}
        newer = [
            s
            for s in offered.values()
            if s.profile_id not in known or known[s.profile_id].version < s.version
        ]
        return known | {standing.profile_id: standing for standing in each(self._keep, newer)}

    def _keep(self, standing: Standing) -> Standing:
        item = {
            "profile_id": standing.profile_id,
            "version": standing.version,
            "standing": standing.model_dump_json(),
        }
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(profile_id) OR version < :version",
                values={":version": standing.version},
            )
        except ConditionFailed as refused:
            return (
                _read(refused.item) if refused.item else self.find([standing.profile_id])[standing.profile_id]
            )
        return standing

    def find(self, profile_ids: Iterable[str]) -> dict[str, Standing]:
        found = (_read(item) for item in self._table.get_many(_keys(profile_ids), consistent=True))
        return {standing.profile_id: standing for standing in found}


def _keys(profile_ids: Iterable[str]) -> list[Item]:
    return [{"profile_id": profile_id} for profile_id in dict.fromkeys(profile_ids)]


def _read(item: Item) -> Standing:
    return Standing.model_validate_json(item["standing"])
