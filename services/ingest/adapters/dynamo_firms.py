"""Firms in DynamoDB.

pk              entry              what
firm#<id>       firm               attributes with who said them when; `version`, `revision`
firm#<id>       member/<profile>   (nothing): the profile is a member
profile#<id>    firm/<id>          the same, seen from the profile: an erasure finds it
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from services.ingest.domain.firms import Firm, Said
from services.shared.aws.dynamo import ConditionFailed, Item, Table, transact
from services.shared.aws.records import Change
from services.shared.clock import from_iso, to_iso

_FIRM = "firm"
_MEMBER = "member/"


class DynamoFirms:
    """Ports `FirmStore` and `Memberships`, on a table with key `pk` and `entry`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, firm_id: str) -> Firm | None:
        item = self._table.get(_key(firm_id, _FIRM), consistent=True)
        return _firm(firm_id, item) if item else None

    def replace(self, firm: Firm) -> bool:
        said = {name: [one.value, to_iso(one.at), one.message_id] for name, one in firm.said.items()}
        item = {
            **_key(firm.firm_id, _FIRM),
            "version": firm.version,
            "revision": firm.revision,
            "said": json.dumps(said, separators=(",", ":"), ensure_ascii=False),
        }
        first = firm.revision == 1
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk)" if first else "revision = :before",
                values=None if first else {":before": firm.revision - 1},
            )
        except ConditionFailed:
            return False
        return True

    def join(self, firm_id: str, profile_id: str) -> None:
        member = _key(firm_id, f"{_MEMBER}{profile_id}")
        if self._table.get(member) is None:
            mirrored = {"pk": f"profile#{profile_id}", "entry": f"firm/{firm_id}"}
            transact([self._table.put_op(member), self._table.put_op(mirrored)])

    def members(self, firm_id: str) -> Iterator[str]:
        rows = self._table.query(
            "pk = :pk AND begins_with(entry, :member)",
            values={":pk": f"firm#{firm_id}", ":member": _MEMBER},
            consistent=True,
        )
        return (row["entry"].removeprefix(_MEMBER) for row in rows)

    def count(self, firm_id: str) -> int:
        return self._table.count(
            "#pk = :pk AND begins_with(#entry, :member)",
            names={"#pk": "pk", "#entry": "entry"},
            values={":pk": f"firm#{firm_id}", ":member": _MEMBER},
        )

    def forget(self, profile_ids: Iterable[str]) -> int:
        """Let profiles be members of nothing; how many memberships there were."""
        gone = 0
        for profile_id in profile_ids:
            rows = list(
                self._table.query("pk = :pk", values={":pk": f"profile#{profile_id}"}, consistent=True)
            )
            firms = [row["entry"].removeprefix("firm/") for row in rows]
            # The way there goes last: after a crash it is found again.
            self._table.delete_many(_key(firm_id, f"{_MEMBER}{profile_id}") for firm_id in firms)
            gone += self._table.delete_many({"pk": row["pk"], "entry": row["entry"]} for row in rows)
        return gone


def read_change(change: Change) -> tuple[str, str] | None:
    """Of a change that the table's stream tells: the firm, and its new member ("": its attributes have new values);
    `None`: nothing that members need to hear."""
    if change.new is None or not change.new["pk"].startswith("firm#"):
        return None
    firm_id, entry = change.new["pk"].removeprefix("firm#"), change.new["entry"]
    if entry == _FIRM:
        return (firm_id, "") if (change.old or {}).get("version") != change.new["version"] else None
    return None if change.old else (firm_id, entry.removeprefix(_MEMBER))


def _key(firm_id: str, entry: str) -> Item:
    return {"pk": f"firm#{firm_id}", "entry": entry}


def _firm(firm_id: str, item: Item) -> Firm:
    said = {
        name: Said(value, from_iso(at), message_id)
        for name, (value, at, message_id) in json.loads(item["said"]).items()
    }
    return Firm(firm_id, item["version"], item["revision"], said)
