"""How a message stands in DynamoDB: one attribute a field, `first_<kind>_at` for marks, empty fields left out;
`open_partition` only while the sweep looks after it, because each entry of that index costs two writes; and the profile
of one that the person's ledger lists is its `owner`, because an index would list it under `profile_id` once more."""

from __future__ import annotations

import zlib
from dataclasses import fields
from typing import Any

from services.delivery.domain.message import WAITING, Message
from services.shared.aws.dynamo import Item

OPEN_SHARDS = 8
"""Partitions of the index of open messages, so that sends do not queue behind one key."""

_RETRY = "retry-"

GUARDS = ("status", "reason", "attempt_id", "open_partition")
"""What a transition depends on; an update is refused when one of them has changed."""

_FIELDS = tuple(f.name for f in fields(Message) if f.name not in ("marks", "watched", "listed", "profile_id"))
_LISTS = ("channels", "gates", "touches")
_PROFILE, _OWNER = "profile_id", "owner"


def open_partitions(*, retry: bool) -> list[str]:
    """The index partitions of messages that wait for another attempt, or of those whose fate is open."""
    return [f"{_RETRY if retry else ''}{shard}" for shard in range(OPEN_SHARDS)]


def _open_partition(message: Message) -> str:
    """The index partition of a message, empty for one that the index leaves out."""
    if not message.swept:
        return ""
    partitions = open_partitions(retry=message.status in WAITING)
    return partitions[zlib.crc32(message.send_id.encode()) % OPEN_SHARDS]


def to_item(message: Message) -> Item:
    """The stored form."""
    item: Item = {}
    for name in _FIELDS:
        value: Any = getattr(message, name)
        if value:
            item[name] = list(value) if name in _LISTS else value
    if message.profile_id:
        item[_OWNER if message.listed else _PROFILE] = message.profile_id
    for kind, at in message.marks.items():
        item[f"first_{kind}_at"] = at
    if partition := _open_partition(message):
        item["open_partition"] = partition
    return item


def from_item(item: Item) -> Message:
    """The message that `to_item` stored."""
    values: dict[str, Any] = {name: item[name] for name in _FIELDS if name in item}
    for name in _LISTS:
        values[name] = tuple(values.get(name, ()))
    marks = {
        name.removeprefix("first_").removesuffix("_at"): at
        for name, at in item.items()
        if name.startswith("first_") and name.endswith("_at")
    }
    return Message(
        **values,
        profile_id=item.get(_OWNER) or item.get(_PROFILE, ""),
        listed=_OWNER in item,
        marks=marks,
        watched=item.get("status") == "claimed" and "open_partition" in item,
    )


def difference(seen: Message, new: Message) -> tuple[str, str, dict[str, str], Item]:
    """The update expression that turns `seen` into `new`, its condition, names and values.

    The condition holds while the guards and every changed attribute stand as they were seen.
    """
    before, after = to_item(seen), to_item(new)
    changed = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    names: dict[str, str] = {}
    values: Item = {}
    sets: list[str] = []
    removes: list[str] = []
    conditions = ["attribute_exists(send_id)"]
    for i, name in enumerate(dict.fromkeys([*GUARDS, *changed])):
        names[f"#n{i}"] = name
        if name in before:
            conditions.append(f"#n{i} = :o{i}")
            values[f":o{i}"] = before[name]
        else:
            conditions.append(f"attribute_not_exists(#n{i})")
        if name in changed and name in after:
            sets.append(f"#n{i} = :v{i}")
            values[f":v{i}"] = after[name]
        elif name in changed:
            removes.append(f"#n{i}")
    update = (f"SET {', '.join(sets)} " if sets else "") + (f"REMOVE {', '.join(removes)}" if removes else "")
    return update.strip(), " AND ".join(conditions), names, values
