"""Permissions by address in DynamoDB, and whose addresses these are.

    address_key   entry                  what
    adr_...       permissions            p:<purpose>/<channel>: {state, sequence, at} of each; version: their changes
    adr_...       profile/<profile id>   (nothing): the profile has that address

Links are written with the standing that has the address, in one transaction (`standings_table`). Permissions outlive
an erasure, as those of the ledger they are copied from: a keyed hash leads to nobody, and an objection must hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.scoring.domain.permissions import Links, Permission, Permissions
from services.shared.aws.dynamo import ConditionFailed, Key, Op, Table
from services.shared.aws.parallel import done, each
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.consent import ConsentChange

PERMISSIONS = "permissions"
_PERMISSION = "p:"
_PROFILE = "profile/"


class ConsentsTable:
    """Port `Consents`: the table `consents`, key `address_key` and `entry`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, changes: Sequence[ConsentChange]) -> None:
        done(each(self._record, changes))

    def of(self, keys: Collection[str]) -> Mapping[str, Permissions]:
        items = self._table.get_many([_permissions_key(key) for key in sorted(keys)], consistent=True)
        return {item["address_key"]: _permissions(item) for item in items}

    def profiles(self, keys: Collection[str]) -> set[str]:
        found = set()
        for key in sorted(keys):
            rows = self._table.query(
                "address_key = :key AND begins_with(entry, :profile)",
                values={":key": key, ":profile": _PROFILE},
                consistent=True,
            )
            found |= {row["entry"].removeprefix(_PROFILE) for row in rows}
        return found

    def link_ops(self, profile_id: str, links: Links) -> list[Op]:
        """The part of a transaction that connects a profile with addresses; it is refused when a permission changed
        since it was read."""
        ops = []
        for key, version in links.joined.items():
            ops.append(self._table.put_op(_link_key(key, profile_id)))
            ops.append(
                self._table.check_op(
                    _permissions_key(key),
                    "#version = :version" if version else "attribute_not_exists(#version)",
                    names={"#version": "version"},
                    values={":version": version} if version else None,
                )
            )
        return ops + [self._table.delete_op(_link_key(key, profile_id)) for key in links.left]

    def _record(self, change: ConsentChange) -> None:
        """Sequence decides, whatever came first; the same again is refused, so it counts once."""
        permission = {"state": change.state, "sequence": change.sequence, "at": to_iso(change.at)}
        try:
            self._table.update(
                _permissions_key(change.address_key),
                "SET #permission = :permission ADD #version :one",
                condition="attribute_not_exists(#permission) OR #permission.#sequence < :sequence",
                names={
                    "#permission": f"{_PERMISSION}{change.purpose}/{change.channel}",
                    "#version": "version",
                    "#sequence": "sequence",
                },
                values={":permission": permission, ":one": 1, ":sequence": change.sequence},
            )
        except ConditionFailed:
            return


def _permissions_key(address_key: str) -> dict[str, str]:
    return {"address_key": address_key, "entry": PERMISSIONS}


def _link_key(address_key: str, profile_id: str) -> dict[str, Any]:
    return {"address_key": address_key, "entry": f"{_PROFILE}{profile_id}"}


def _permissions(item: Key) -> Permissions:
    held = {}
    for name, value in item.items():
        if name.startswith(_PERMISSION):
            purpose, _, channel = name.removeprefix(_PERMISSION).rpartition("/")
            held[purpose, channel] = Permission(value["state"], from_iso(value["at"]))
    return Permissions(item["version"], held)
