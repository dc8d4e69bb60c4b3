"""Evidence and counters in DynamoDB: everything here names people or is about them, and may be erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from services.consent.domain.evidence import Evidence, Sealed
from services.shared.aws.dynamo import ConditionFailed, Item, Op, Table
from services.shared.clock import from_iso, to_iso


class EvidenceTable:
    """`EvidenceStore` on a table with partition key `pk`: an entry id, `limit#<address key>`, `ip#<counter>` or
    `sent#<send id>`; `expires_at` is in epoch seconds."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, entry_ids: Iterable[str]) -> Mapping[str, Sealed]:
        keys = [{"pk": entry_id} for entry_id in dict.fromkeys(entry_ids)]
        return {item["pk"]: _sealed(item) for item in self._table.get_many(keys, consistent=True)}

    def admit(self, counter: str, limit: int, expires_at: datetime) -> bool:
        try:
            self._table.update(
                {"pk": f"ip#{counter}"},
                "SET expires_at = :expires ADD asked :one",
                condition="attribute_not_exists(asked) OR asked < :limit",
                values={":expires": int(expires_at.timestamp()), ":one": 1, ":limit": limit},
            )
        except ConditionFailed:
            return False
        return True

    def note_asked(self, send_id: str, address_key: str, request_id: str, expires_at: datetime) -> None:
        expires = int(expires_at.timestamp())
        asked = {"address_key": address_key, "request_id": request_id, "expires_at": expires}
        self._table.put({"pk": f"sent#{send_id}", **asked})

    def asked_by(self, send_id: str) -> tuple[str, str] | None:
        item = self._table.get({"pk": f"sent#{send_id}"}, consistent=True)
        return (str(item["address_key"]), str(item["request_id"])) if item else None

    def erase(self, address_key: str, entry_ids: Iterable[str]) -> int:
        present = self.get(entry_ids)
        for key in (*present, f"limit#{address_key}"):
            self._table.delete({"pk": key})
        return len(present)

    # What the ledger writes here together with an entry

    def recent(self, address_key: str) -> list[datetime]:
        """When the address was asked to confirm, as far as the limit needs it."""
        item = self._table.get({"pk": f"limit#{address_key}"}, consistent=True)
        return [from_iso(at) for at in item["asked_at"]] if item else []

    def seal_op(self, sealed: Sealed) -> Op:
        """Write evidence, once."""
        expires = int(sealed.expires_at.timestamp()) if sealed.expires_at else None
        item = {
            "pk": sealed.entry_id,
            "evidence": asdict(sealed.evidence),
            "salt": sealed.salt,
            "expires_at": expires,
        }
        return self._table.put_op(item, condition="attribute_not_exists(pk)")

    def recent_op(self, address_key: str, recent: Sequence[datetime], expires_at: datetime) -> Op:
        """Replace the window of requests; the ledger's head keeps two writers apart."""
        item = {
            "pk": f"limit#{address_key}",
            "asked_at": [to_iso(at) for at in recent],
            "expires_at": int(expires_at.timestamp()),
        }
        return self._table.put_op(item)

    def keep_op(self, entry_id: str) -> Op:
        """Let evidence no longer be purged; refused when it is gone already."""
        return self._table.update_op({"pk": entry_id}, "REMOVE expires_at", condition="attribute_exists(pk)")


def _sealed(item: Item) -> Sealed:
    expires = item.get("expires_at")
    return Sealed(
        entry_id=item["pk"],
        evidence=Evidence(**item["evidence"]),
        salt=item["salt"],
        expires_at=datetime.fromtimestamp(expires, UTC) if expires is not None else None,
    )
