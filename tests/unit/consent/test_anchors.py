"""Merkle trees and anchors: what is in them can be shown, and what was changed after them is found."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consent.domain import merkle
from services.consent.domain.anchors import Anchor, Row, against, cover, read, verify_anchors
from services.consent.domain.ledger import (
    GENESIS,
    SHARDS,
    Entry,
    Head,
    Malformed,
    Problem,
    append,
    read_entry,
    verify,
)
from tests.unit.consent.test_consent_ledger import SHARD, a_chain, a_draft

CHAIN, HEAD = a_chain(120)


def signed(header: bytes, signature: str) -> bool:
    return signature == signature_of(header)


def signature_of(header: bytes) -> str:
    return hashlib.sha256(b"secret" + header).hexdigest()


def anchors_of(chain: list[Entry], cuts: tuple[int, ...]) -> list[Anchor]:
    """One after each of `cuts` entries."""
    made: list[Anchor] = []
    begun = 0
    for number, cut in enumerate(cuts, 1):
        before = made[-1].rows if made else tuple(Row(s, 1, 0, GENESIS, "") for s in range(SHARDS))
        rows = tuple(cover(row, chain[begun:cut] if row.shard == SHARD else []) for row in before)
        made_before = made[-1].hash if made else GENESIS
        anchor = Anchor(number, f"2026-01-0{number}T00:00:00.000Z", made_before, rows, "key")
        made.append(replace(anchor, signature=signature_of(anchor.header())))
        begun = cut
    return made


def found(chain: list[Entry], head: Head, anchors: list[Anchor]) -> list[Problem]:
    problems: list[Problem] = []
    rows = [anchor.rows[SHARD] for anchor in anchors]
    return verify(against(chain, rows, problems), head) + problems


ANCHORS = anchors_of(CHAIN, (1, 50, 51, 100))


def mth(items: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word: from the top."""
    if len(items) == 1:
        return hashlib.sha256(b"\x00" + items[0]).digest()
    half = 1 << (len(items) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + mth(items[:half]) + mth(items[half:])).digest()


@pytest.mark.parametrize("size", [*range(1, 34), 100])
def test_the_tree_is_that_of_the_rfc_and_every_item_is_shown_to_be_in_it(size: int) -> None:
    items = [f"item {n}".encode() for n in range(size)]
    root = merkle.root(items)
    assert root == mth(items).hex()
    for index, item in enumerate(items):
        steps = merkle.path(items, index)
        assert merkle.climb(item, steps) == root
        assert merkle.climb(item + b"x", steps) != root
        assert len(steps) <= max(1, (size - 1).bit_length())
    with pytest.raises(IndexError):
        merkle.path(items, size)


def test_known_roots() -> None:
    """The tests of Certificate Transparency's own code."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root([]) == empty
    assert merkle.root([b""]) == one


def test_anchors_of_what_was_appended_hold() -> None:
    assert verify_anchors(ANCHORS, signed) == []
    assert found(CHAIN, HEAD, ANCHORS) == []
    assert [read(anchor.text()) for anchor in ANCHORS] == ANCHORS


@pytest.mark.capability("003-23")
@pytest.mark.parametrize("place", [0, 1, 49, 50, 51, 75, 99])
def test_a_shard_that_is_rewritten_with_its_head_is_found(place: int) -> None:
    """Whoever may write to the table can make a whole shard anew so that it holds by itself; the anchors say no."""
    head, forged = Head(SHARD), []
    for n, entry in enumerate(CHAIN):
        draft = a_draft(n, entry.kind, entry.address_key, entry.purpose)
        made = append(head, replace(draft, means="forged") if n == place else draft)
        forged.append(made)
        head = Head(SHARD, made.seq, made.hash)
    assert verify(forged, head) == []
    assert {problem.kind for problem in found(forged, head, ANCHORS)} == {"rewritten"}


@pytest.mark.capability("003-23")
def test_a_shard_that_is_cut_short_with_its_head_is_found() -> None:
    for length in (0, 1, 50, 98, 99):
        cut = CHAIN[:length]
        head = Head(SHARD, length, cut[-1].hash) if cut else Head(SHARD)
        assert verify(cut, head) == []
        assert {problem.kind for problem in found(cut, head, ANCHORS)} == {"truncated"}


def test_what_came_after_the_last_anchor_is_not_yet_held_by_one() -> None:
    """The hour in between: said in the decision, and why anchors are written often."""
    cut = CHAIN[:110]
    assert found(cut, Head(SHARD, 110, cut[-1].hash), ANCHORS) == []


@pytest.mark.parametrize("gone", range(3))
def test_an_anchor_that_is_missing_is_found(gone: int) -> None:
    kinds = {p.kind for p in verify_anchors(ANCHORS[:gone] + ANCHORS[gone + 1 :], signed)}
    assert {"missing", "unlinked"} <= kinds


def test_anchors_in_another_order_are_found() -> None:
    assert verify_anchors([ANCHORS[1], ANCHORS[0], *ANCHORS[2:]], signed)


@settings(max_examples=100)
@given(data=st.data())
def test_an_anchor_that_says_something_else_is_found(data: st.DataObject) -> None:
    """Every field of every row and of the anchor itself; signed by nobody, as a forger has no key."""
    n = data.draw(st.integers(0, len(ANCHORS) - 1))
    anchor = ANCHORS[n]
    name = data.draw(st.sampled_from(["number", "at", "prev_hash", "key_id", "signature", "rows"]))
    if name == "rows":
        shard = data.draw(st.integers(0, SHARDS - 1))
        field = data.draw(st.sampled_from(["shard", "first", "seq", "hash", "root"]))
        value = getattr(anchor.rows[shard], field)
        row = replace(anchor.rows[shard], **{field: value + 1 if isinstance(value, int) else f"{value}0"})
        forged = replace(anchor, rows=(*anchor.rows[:shard], row, *anchor.rows[shard + 1 :]))
    else:
        value = getattr(anchor, name)
        forged = replace(anchor, **{name: value + 1 if isinstance(value, int) else f"{value}0"})
    assert "unsigned" in {p.kind for p in verify_anchors([*ANCHORS[:n], forged, *ANCHORS[n + 1 :]], signed)}


def test_rows_that_do_not_go_on_are_found_even_when_they_are_signed() -> None:
    """Somebody with the key can't take back what an anchor before said."""
    rows = tuple(
        replace(row, hash="0" * 63 + "1") if row.shard == SHARD + 1 else row for row in ANCHORS[1].rows
    )
    forged = replace(ANCHORS[1], rows=rows)
    forged = replace(forged, signature=signature_of(forged.header()))
    assert "uneven" in {p.kind for p in verify_anchors([ANCHORS[0], forged], signed)}


def test_the_bytes_of_an_anchor_are_all_or_nothing() -> None:
    text = ANCHORS[1].text()
    for position in range(0, len(text), 3):
        for other in (b"0", b" ", b'"'):
            changed = text[:position] + other + text[position + 1 :]
            if changed != text:
                try:
                    anchor = read(changed)
                except Malformed:
                    continue
                assert verify_anchors([ANCHORS[0], anchor], signed)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"rows":1}', '{"rows":[1]}', "[" * 5000, '{"rows":[{}]}']
)
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read(text)


def test_half_a_letter_is_refused_and_breaks_nothing() -> None:
    """JSON can say a lone surrogate, and no hash can be made of it."""
    forged = replace(ANCHORS[0], key_id="\ud800")
    with pytest.raises(Malformed):
        read(forged.text())
    rows = (replace(ANCHORS[0].rows[0], hash="\ud800"), *ANCHORS[0].rows[1:])
    with pytest.raises(Malformed):
        read(replace(ANCHORS[0], rows=rows).text())
    for name in ("address_key", "hash", "form"):
        with pytest.raises(Malformed):
            read_entry({**vars(CHAIN[0]), name: "\ud800"})
    assert read_entry(vars(CHAIN[0])) == CHAIN[0]


@pytest.mark.parametrize("change", [{"seq": "1"}, {"seq": True}, {"hash": None}, {"other": "x"}])
def test_what_is_no_entry_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_entry({**vars(CHAIN[0]), **change})


def test_an_anchor_names_nobody() -> None:
    """It is kept for years where nothing can be erased: digests, numbers and times only."""
    told = {key for anchor in ANCHORS for row in anchor.rows for key in asdict(row)} | set(
        ANCHORS[0].document()
    )
    assert told == {
        *("shard", "first", "seq", "hash", "root"),
        *("format", "algorithm", "number", "at", "prev_hash", "rows", "key_id", "signature"),
    }
    assert CHAIN[0].address_key not in ANCHORS[0].text().decode()
