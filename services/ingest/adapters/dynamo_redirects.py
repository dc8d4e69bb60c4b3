"""Who was merged into whom, by the hot items of profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.shared.aws.dynamo import Table


class DynamoRedirects:
    """Port `Redirects`; a merge of this second may be missed."""

    def __init__(self, profiles: Table) -> None:
        self._profiles = profiles

    def leads(self, profile_ids: Iterable[str]) -> Mapping[str, str]:
        wanted = set(profile_ids)
        into: dict[str, str] = {}
        pending = wanted
        while pending:
            items = self._profiles.get_many([{"profile_id": one} for one in sorted(pending)])
            into |= dict.fromkeys(pending, "")
            into |= {str(item["profile_id"]): str(item.get("merged_into", "")) for item in items}
            pending = {end for end in into.values() if end} - into.keys()
        return {one: _end(one, into) for one in wanted}


def _end(profile_id: str, into: Mapping[str, str]) -> str:
    while into[profile_id]:
        profile_id = into[profile_id]
    return profile_id
