"""The chain: what was appended verifies, and every way of tampering with it is found."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain.ledger import (
    Draft,
    Entry,
    Head,
    Kind,
    append,
    digest,
    fold,
    head_after,
    shard_of,
    verify,
)
from services.shared.clock import to_iso

START = datetime(2026, 1, 1, tzinfo=UTC)
SHARD = 3
ADDRESSES = [f"adr_{n:04d}" for n in range(400) if shard_of(f"adr_{n:04d}") == SHARD][:10]


def a_draft(n: int, kind: Kind = "granted", address_key: str = ADDRESSES[0], purpose: str = "news") -> Draft:
    return Draft(
        entry_id=f"cns_{n:020d}",
        kind=kind,
        request_id=f"req_{n:020d}",
        address_key=address_key,
        purpose=purpose,
        channel="email",
        text_version="2026-1",
        language="nl",
        text_hash="ab" * 32,
        at=to_iso(START + timedelta(minutes=n)),
        means="post",
        form="footer@3",
        token_id="",
        evidence_digest="cd" * 32,
    )


def a_chain(length: int) -> tuple[list[Entry], Head]:
    head, entries = Head(SHARD), []
    kinds: list[Kind] = ["requested", "granted", "revoked"]
    for n in range(length):
        entry = append(head, a_draft(n, kinds[n % 3], ADDRESSES[n % 10], "news" if n % 2 else "offers"))
        entries.append(entry)
        head = head_after(entry)
    return entries, head


CHAIN, HEAD = a_chain(500)


def altered(value: object) -> object:
    return value + 1 if isinstance(value, int) else f"{value}x"


def test_what_was_appended_verifies() -> None:
    assert verify(CHAIN, HEAD) == []
    assert verify([], Head(SHARD)) == []


@pytest.mark.capability("003-23")
@pytest.mark.parametrize("name", [field.name for field in fields(Entry)])
def test_an_edit_of_any_field_of_any_entry_is_found(name: str) -> None:
    for position in (0, 1, 250, 498, 499):
        entry = CHAIN[position]
        edited = replace(entry, **{name: altered(getattr(entry, name))})
        assert verify([*CHAIN[:position], edited, *CHAIN[position + 1 :]], HEAD), (name, position)


def test_an_entry_of_before_there_were_bases_has_the_hash_it_had() -> None:
    """F43: what was added later counts from the moment it says something."""
    old = CHAIN[1]
    fields_then = {n: v for n, v in asdict(old).items() if n not in ("hash", "basis", "until")}
    then = json.dumps(fields_then, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    assert digest(old) == hashlib.sha256(then.encode()).hexdigest()
    for name in ("basis", "until"):
        assert digest(replace(old, **{name: "x"})) != digest(old)
    assert digest(replace(old, basis="x")) != digest(replace(old, until="x"))


def test_every_deletion_is_found() -> None:
    assert all(verify(CHAIN[:n] + CHAIN[n + 1 :], HEAD) for n in range(0, 500, 7))


def test_every_truncation_is_found() -> None:
    for n in (0, 1, 250, 499):
        assert [p.kind for p in verify(CHAIN[:n], HEAD)] == ["truncated"]


def test_a_swap_is_found() -> None:
    for n in (0, 250, 498):
        swapped = [*CHAIN[:n], CHAIN[n + 1], CHAIN[n], *CHAIN[n + 2 :]]
        assert {p.kind for p in verify(swapped, HEAD)} >= {"missing", "reordered"}


def test_an_entry_put_in_between_is_found() -> None:
    forged = append(head_after(CHAIN[249]), a_draft(9_999))
    assert "forked" in {p.kind for p in verify([*CHAIN[:250], forged, *CHAIN[250:]], HEAD)}


def test_an_edit_with_a_recomputed_hash_breaks_the_link_to_the_next() -> None:
    edited = replace(CHAIN[100], channel="sms")
    edited = replace(edited, hash=digest(edited))
    assert [p.kind for p in verify([*CHAIN[:100], edited, *CHAIN[101:]], HEAD)] == ["unlinked"]


def test_a_rewritten_tail_is_found_against_the_head() -> None:
    forged = append(head_after(CHAIN[498]), a_draft(9_999))
    assert [p.kind for p in verify([*CHAIN[:499], forged], HEAD)] == ["forked"]


def test_an_entry_of_another_shard_is_found() -> None:
    moved = append(Head(SHARD + 1), a_draft(0))
    assert "misplaced" in {p.kind for p in verify([moved], head_after(moved))}


def test_500_random_mutations_of_the_chain_are_all_found() -> None:
    rng = random.Random(1)
    found = 0
    for _ in range(500):
        entries = list(CHAIN[:40])
        position = rng.randrange(len(entries))
        match rng.randrange(4):
            case 0:
                name = rng.choice([field.name for field in fields(Entry)])
                entries[position] = replace(
                    entries[position], **{name: altered(getattr(entries[position], name))}
                )
            case 1:
                del entries[position]
            case 2:
                entries.insert(rng.randrange(len(entries)), entries[position])
            case _:
                other = (position + 1) % len(entries)
                entries[position], entries[other] = entries[other], entries[position]
        found += bool(verify(entries, head_after(CHAIN[39])))
    assert found == 500


@pytest.mark.capability("003-23")
@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["requested", "granted", "revoked"]), st.integers(0, 2)), max_size=30)
)
def test_the_state_is_the_last_grant_or_revocation_of_the_log(steps: list[tuple[Kind, int]]) -> None:
    head, entries, expected = Head(SHARD), [], {}
    for n, (kind, who) in enumerate(steps):
        entry = append(head, a_draft(n, kind, ADDRESSES[who]))
        entries.append(entry)
        head = head_after(entry)
        if kind != "requested":
            expected[(ADDRESSES[who], "news", "email")] = (kind, entry.seq)
    assert {key: (s.state, s.sequence) for key, s in fold(entries).items()} == expected
    assert verify(entries, head) == []
