"""A proof as a document of its own: what it holds can be checked with nothing but the public key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from services.consent.domain import merkle
from services.consent.domain.anchors import Anchor, read
from services.consent.domain.evidence import Evidence, Sealed
from services.consent.domain.ledger import Entry, Malformed, digest, read_entry

FORMAT = "halte-proof-1"

STEPS = (
    "Of each entry: write its fields (those of `entry` but `hash`) as JSON with sorted keys, no white space and only "
    "ASCII; the SHA-256 of these bytes is `hash`, and `prev_hash` is the hash of the entry before it in its shard.",
    "Of its text: the SHA-256 of `text` in UTF-8 is `text_hash`.",
    "Of its evidence: write it as the entry (without `salt`, and without fields that were added later where they are "
    "empty); the SHA-256 of salt, colon and these bytes is `evidence_digest`.",
    "Of its place: begin with SHA-256 of a zero byte and `hash` in ASCII; for each step of `anchored.path` take the "
    "SHA-256 of a one byte, the left and the right of both hashes; the last is `root` of the entry's shard in the "
    "anchor.",
    "Of the anchor: `root` over its rows is made the same way of each row as JSON; the signature (ECDSA, P-256, "
    "SHA-256, DER in base64) is over the JSON of at, format, key_id, number, prev_hash and root.",
    "The anchor with this number is locked in the bucket of anchors: it must be the same there.",
)
"""How whoever has no copy of Halte checks it; `python -m halte consent verify --proof` does the same."""


def anchored(anchor: Anchor, entries: Sequence[Entry], entry: Entry) -> dict[str, Any]:
    """Where an entry is in an anchor: `entries` are those that its shard's row covers."""
    leaves = [one.hash.encode() for one in entries]
    steps = merkle.path(leaves, next(n for n, one in enumerate(entries) if one.seq == entry.seq))
    return {
        "number": anchor.number,
        "at": anchor.at,
        "root": anchor.rows[entry.shard].root,
        "path": [asdict(step) for step in steps],
    }


def is_in(entry: Entry, place: Mapping[str, Any]) -> bool:
    """Does the way from an entry lead to the root?"""
    steps = [merkle.Step(**step) for step in place["path"]]
    return merkle.climb(entry.hash.encode(), steps) == str(place["root"])


def check(document: Mapping[str, Any], signed: Callable[[bytes, str], bool]) -> list[str]:
    """Everything wrong with a proof, in words; empty when all that it shows holds.

    Raises:
        Malformed: it can't be read as one.
    """
    try:
        anchors = {one["number"]: read(_json(one)) for one in document["anchors"]}
        problems = [
            f"anchor {number}: its signature is not the key's"
            for number, anchor in anchors.items()
            if not signed(anchor.header(), anchor.signature)
        ]
        last: Entry | None = None
        for shown in document["entries"]:
            entry = _entry(shown)
            problems += [f"entry {entry.entry_id}: {what}" for what in _wrong(entry, shown, anchors)]
            if entry.address_key != document["address_key"] or (last and entry.seq <= last.seq):
                problems.append(f"entry {entry.entry_id}: it does not belong here")
            last = entry
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed("this is no proof of ours") from error
    return problems


def _wrong(entry: Entry, shown: Mapping[str, Any], anchors: Mapping[int, Anchor]) -> Iterator[str]:
    if digest(entry) != entry.hash:
        yield "its fields do not give its hash"
    text = shown["text"]
    if text and hashlib.sha256(text.encode()).hexdigest() != entry.text_hash:
        yield "the text is not the one that was shown"
    if shown["evidence"] is not None and _sealed(entry, shown["evidence"]).digest() != entry.evidence_digest:
        yield "the evidence is not what was sealed"
    if shown["anchored"] is not None and not _is_in(entry, shown["anchored"], anchors):
        yield "the anchor does not hold it"


def _is_in(entry: Entry, place: Mapping[str, Any], anchors: Mapping[int, Anchor]) -> bool:
    anchor = anchors[place["number"]]
    row = anchor.rows[entry.shard]
    covered = row.first <= entry.seq <= row.seq and row.shard == entry.shard
    return covered and (place["at"], place["root"]) == (anchor.at, row.root) and is_in(entry, place)


def _entry(shown: Mapping[str, Any]) -> Entry:
    names = {field.name for field in fields(Entry)}
    return read_entry({name: value for name, value in shown.items() if name in names})


def _sealed(entry: Entry, evidence: Mapping[str, Any]) -> Sealed:
    told = {name: value for name, value in evidence.items() if name != "salt"}
    return Sealed(entry.entry_id, Evidence(**told), evidence["salt"])


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
