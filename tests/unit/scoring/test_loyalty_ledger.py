"""The ledger of loyalty points: laws, and cases with numbers."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.scoring.adapters.loyalty_table import account_item, read_account
from services.scoring.domain.loyalty.account import MOST_ENTRIES, Account, Full, became_part, kept, settled
from services.scoring.domain.loyalty.book import Ledger, ledger_of
from services.scoring.domain.loyalty.earning import code_of, entries_of
from services.scoring.domain.loyalty.entries import (
    ADJUST,
    BURN,
    REWARD,
    Entry,
    joined,
    milliseconds,
    stands_for,
)
from services.scoring.domain.loyalty.programme import Programme
from services.shared.contracts.ingest import CustomerEvent, Merge
from services.shared.errors import Invalid
from tests.unit.scoring.loyalty import DOCUMENT, PROGRAMME, PROGRAMMES, day, event, order


def act(kind: str, points: int, at: float, name: str = "", life: int = 0) -> Entry:
    return Entry(kind, milliseconds(day(at)), "by hand", name or f"{kind}-{at}", points, life=life, home="p")


def ledger(*things: CustomerEvent | Entry, at: float = 400) -> Ledger:
    events = [one for one in things if isinstance(one, CustomerEvent)]
    acts = [one for one in things if isinstance(one, Entry)]
    entries = joined(entries_of(PROGRAMMES, events), acts)
    return ledger_of(entries.values(), milliseconds(day(at)))


def told(found: Ledger) -> list[tuple[str, int, int]]:
    return [(line.kind, line.points, line.owed) for line in found.lines]


DAYS = st.integers(0, 700)
EVENTS = st.one_of(
    st.builds(lambda at, money, n: order(at, money, f"o{n}"), DAYS, st.integers(0, 300), st.integers(0, 9)),
    st.builds(
        lambda at, money, n: event("Order Refunded", at, f"r{at}-{money}", order_id=f"o{n}", revenue=money),
        DAYS,
        st.integers(0, 300),
        st.integers(0, 9),
    ),
    st.builds(
        lambda at, n: event("Order Cancelled", at, f"c{at}", order_id=f"o{n}"), DAYS, st.integers(0, 9)
    ),
    st.builds(lambda at: event("Registered", at), DAYS),
    st.builds(lambda at, n: event("Product Reviewed", at, f"v{n}", stars=5), DAYS, st.integers(0, 9)),
)
ACTED = st.one_of(
    st.builds(lambda at, points: act(BURN, -points, at, f"b{at}"), DAYS, st.integers(1, 400)),
    st.builds(lambda at, points: act(ADJUST, points, at, f"a{at}", 86_400_000), DAYS, st.integers(-99, 99)),
)
DONE = st.lists(st.one_of(EVENTS, ACTED), max_size=16)


@pytest.mark.capability("000-30")
@settings(max_examples=80, deadline=None)
@given(DONE, DAYS)
def test_lines_add_up_and_no_balance_on_the_way_is_below_nothing(done: list[Any], at: int) -> None:
    found = ledger(*done, at=at)
    balances = list(accumulate((line.points for line in found.lines), initial=0))
    assert min(balances) >= 0
    assert min(accumulate((line.owed for line in found.lines), initial=0)) >= 0
    assert balances[-1] == found.balance
    assert not (found.balance and found.debt)


@settings(max_examples=60, deadline=None)
@given(DONE, st.randoms(use_true_random=False))
def test_neither_the_order_of_arrival_nor_repetition_makes_a_difference(
    done: list[Any], random: Random
) -> None:
    again = [*done, *done[: len(done) // 2]]
    random.shuffle(again)
    assert ledger(*again) == ledger(*done)


@settings(max_examples=60, deadline=None)
@given(DONE, st.integers(700, 1000))
def test_what_is_due_is_when_the_balance_changes(done: list[Any], at: int) -> None:
    found = ledger(*done, at=at)
    if found.expires_at is None:
        return
    entries = [one for one in done if isinstance(one, Entry)]
    events = [one for one in done if isinstance(one, CustomerEvent)]
    both = list(joined(entries_of(PROGRAMMES, events), entries).values())
    assert ledger_of(both, found.expires_at - 1).balance == found.balance
    assert ledger_of(both, found.expires_at).balance < found.balance


def test_points_go_first_in_first_out() -> None:
    found = ledger(order(0, 100), order(100, 40), act(BURN, -70, 200), at=366)
    # Of the first hundred seventy were spent, so thirty end after a year; the forty are untouched.
    assert told(found) == [("earn", 100, 0), ("earn", 40, 0), ("burn", -70, 0), ("expire", -30, 0)]
    assert found.balance == 40
    assert ledger(order(0, 100), order(100, 40), act(BURN, -70, 200), at=465).balance == 0


def test_points_of_a_day_end_to_the_millisecond() -> None:
    end = milliseconds(day(365))
    entries = list(entries_of(PROGRAMMES, [order(0, 100)]))
    assert [ledger_of(entries, at).balance for at in (end - 1, end)] == [100, 0]


@pytest.mark.parametrize(
    ("refunds", "left"),
    [
        ([{"revenue": 25.5}], 73),
        ([{"revenue": 25.5}, {"revenue": 25.5}], 48),
        ([{"revenue": -99}], 0),
        ([{"revenue": 1000}], 0),
        ([{}], 0),
    ],
)
def test_a_refund_takes_back_its_share_and_what_remains_is_rounded_down(
    refunds: list[dict[str, Any]], left: int
) -> None:
    given_back = [event("Order Refunded", 2 + n, order_id="o", **one) for n, one in enumerate(refunds)]
    assert ledger(order(1, 99, "o"), *given_back, at=5).balance == left
    assert ledger(*given_back, order(1, 99, "o"), at=5).balance == left


def test_what_was_spent_before_a_refund_is_owed_and_paid_by_what_comes_next() -> None:
    spent = (order(1, 100, "o"), act(BURN, -80, 2), event("Order Cancelled", 3, order_id="o"))
    owed = ledger(*spent, at=5)
    assert told(owed) == [("earn", 100, 0), ("burn", -80, 0), ("refund", -20, 80)]
    assert (owed.balance, owed.debt) == (0, 80)
    paid = ledger(*spent, order(4, 90), at=5)
    assert told(paid)[-1] == ("earn", 10, -80)
    assert (paid.balance, paid.debt) == (10, 0)


def test_what_expired_is_not_taken_back_once_more() -> None:
    late = event("Order Cancelled", 370, order_id="o")
    assert ledger(order(1, 100, "o"), order(300, 40, "p"), late, at=380).balance == 40


def test_of_points_that_came_and_end_together_the_same_are_spent_whoever_was_heard_first() -> None:
    """They differ only in what a cancellation takes back of them."""
    given = [act(ADJUST, 50, 1, name, life=PROGRAMME.life) for name in "ab"]
    after = (act(BURN, -60, 2), act(BURN, -20, 3))
    assert ledger(*given, *after, at=400).lines == ledger(*reversed(given), *after, at=400).lines


def test_an_order_that_a_shop_and_its_books_tell_earns_once_and_as_it_was_told_last() -> None:
    again = event("Order Completed", 1.5, "from-the-books", order_id="o", revenue=80)
    found = ledger(again, order(1, 100, "o"), at=5)
    assert [(line.at, line.points) for line in found.lines] == [(milliseconds(day(1)), 80)]


def test_once_is_the_earliest_and_a_cap_is_by_calendar_day() -> None:
    assert ledger(event("Registered", 5), event("Registered", 2), at=9).earned == [
        (milliseconds(day(2)), 50),
        (milliseconds(day(5)), 0),
    ]
    reviews = [event("Product Reviewed", at, stars=5) for at in (1, 1.2, 1.9, 2.1)]
    assert ledger(*reviews, event("Product Reviewed", 3, stars=0), at=9).balance == 20 + 10


def test_tiers_follow_what_was_earned_in_the_period_and_not_what_was_spent_or_given() -> None:
    entries = [
        *entries_of(PROGRAMMES, [order(0, 90), order(20, 20)]),
        act(BURN, -90, 30),
        act(REWARD, 900, 31),
    ]
    account = kept(Account("p"), entries)
    assert settled(account, PROGRAMME, day(30), "earn").tier == "silver"
    then = settled(account, PROGRAMME, day(364.9), "earn")
    assert then.due_at == day(365)
    later = settled(then, PROGRAMME, day(365), "expire")
    assert (later.tier, later.told_at, later.cause) == ("", day(365), "tier")
    assert [perk["open"] for perk in PROGRAMME.perks_of("silver", 29)] == [True, False, False]
    assert [perk["open"] for perk in PROGRAMME.perks_of("gold", 30)] == [True, True, True]
    assert {perk["lever"] for perk in PROGRAMME.perks_of("", 0)} == {"service", "relational", "engagement"}


def test_an_account_that_is_full_earns_no_more_and_refuses_what_is_done_by_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.scoring.domain.loyalty.account.MOST_ENTRIES", 2)
    account = kept(Account("p"), [act(ADJUST, 5, 1), act(ADJUST, 5, 2)])
    assert kept(account, entries_of(PROGRAMMES, [order(3, 10)])) is account
    with pytest.raises(Full):
        kept(account, [act(BURN, -5, 3)])


def test_recommending_oneself_brings_nothing_once_that_is_seen() -> None:
    reward = Entry(REWARD, 1, "referral", stands_for("other"), 500, home="p")
    apart = Account("p", entries={reward.key: reward})
    one = Account("p", entries={reward.key: reward}, absorbed=frozenset({"other"}))
    assert (apart.ledger(day(1)).balance, one.ledger(day(1)).balance) == (500, 0)


def test_events_earn_by_the_programme_that_counts_at_their_time() -> None:
    richer = Programme.read({"earn": [{"name": "purchase", "event": "Order Completed", "points": 7}]})
    both = PROGRAMMES.with_next(richer, day(50))
    found = [entry.points for entry in entries_of(both, [order(-1, 5), order(49, 5), order(50, 5)])]
    assert (found, both.revision) == ([5, 7], 2)
    with pytest.raises(ValueError, match="only the first"):
        both.with_next(PROGRAMME, day(60))


@pytest.mark.parametrize(
    "wrong",
    [
        {"earn": [{"name": "a", "event": "Loyalty Balance Changed", "points": 1}]},
        {"earn": [{"name": "a", "event": "A", "points": 1, "per": {"property": "revenue"}}]},
        {"earn": [{"name": "a", "event": "A", "points": 1}, {"name": "a", "event": "B", "points": 1}]},
        {"tiers": {"levels": [{"name": "b", "points": 9}, {"name": "a", "points": 3}]}},
        {"perks": [{"name": "a", "title": "A", "lever": "service", "tier": "none"}]},
        {"perks": [{"name": "a", "title": "A", "lever": "service"}]},
        {"expires": "P1Y"},
        {"referral": {"referrer": 5, "link": "https://shop.example/"}},
        {"from": "2026-01-01T00:00:00"},
    ],
)
def test_what_is_no_programme_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Programme.read(wrong)


def test_a_filter_that_is_none_names_its_place() -> None:
    with pytest.raises(Invalid, match=r"earn\.0\.where"):
        Programme.read({"earn": [{"name": "a", "event": "A", "points": 1, "where": {"fact": "orders"}}]})


def test_a_programme_is_what_was_written() -> None:
    assert Programme.read(PROGRAMME.document()) == PROGRAMME
    assert PROGRAMME.document()["from"] == "2026-01-01T00:00:00.000Z"
    assert DOCUMENT["perks"] == PROGRAMME.document()["perks"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [(" abcd2345 ", "ABCD2345"), ("ABCD234", ""), ("ABCD234O", ""), (5, ""), (None, ""), ("A" * 500, "")],
)
def test_codes_are_read_however_they_are_typed(typed: Any, code: str) -> None:
    assert code_of(typed) == code


def test_a_full_account_fits_into_an_item() -> None:
    """At most 400 KB, with long names that do not pack."""
    orders = [
        # With its prefix, the longest name that is kept.
        order(n / 10, n, sha256(str(n).encode()).hexdigest()[:62])
        for n in range(1, MOST_ENTRIES + 1)
    ]
    account = kept(Account("p", 1), entries_of(PROGRAMMES, orders))
    assert len(account.entries) == MOST_ENTRIES
    item = account_item(account)
    assert len(item["entries"]) < 350_000
    assert read_account(item) == account


def test_two_full_accounts_become_one_that_is_not_fuller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.scoring.domain.loyalty.account.MOST_ENTRIES", 3)
    old = kept(Account("b"), [act(ADJUST, 5, 1), *entries_of(PROGRAMMES, [order(2, 10), order(3, 10)])])
    new = kept(Account("a"), entries_of(PROGRAMMES, [order(4, 10), order(5, 10)]))
    _, both = became_part(old, new, Merge(loser="b", winner="a", at=day(6)))
    assert sorted(entry.at for entry in both.entries.values()) == [milliseconds(day(n)) for n in (1, 4, 5)]


def test_a_long_name_of_a_message_is_kept_short_and_stays_the_same_message() -> None:
    long = [event("Registered", 1, "m" * 200), event("Registered", 1, "m" * 200)]
    assert [len(one.message_id) for one in joined(entries_of(PROGRAMMES, long)).values()] == [40]


def test_the_page_describes_the_programme_of_these_tests() -> None:
    page = (Path(__file__).parents[3] / "docs" / "loyalty.md").read_text()
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json.loads(block) == DOCUMENT
