"""Accounts as changes, merges, un-merges, time and erasures come, in any order and more than once."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from services.scoring.domain.loyalty.account import Account
from services.scoring.domain.loyalty.entries import BURN, Entry, milliseconds
from services.scoring.loyalty.desk import LoyaltyDesk
from services.shared.contracts.ingest import Merge
from services.shared.errors import Conflict, NotFound
from tests.unit.scoring.loyalty import DAY, Shop, change, day, event, order


@pytest.fixture
def shop() -> Shop:
    return Shop()


def desk(shop: Shop) -> LoyaltyDesk:
    return LoyaltyDesk(shop.accounts, shop.programmes, lambda profile_id: profile_id, shop.clock)


def burn(shop: Shop, profile_id: str, points: int, key: str = "k") -> int:
    return int(desk(shop).burn(profile_id, {"points": points}, key)["balance"])


def merge(loser: str, winner: str, at: float) -> Merge:
    return Merge(loser=loser, winner=winner, at=day(at))


def test_a_change_that_comes_again_changes_nothing_and_of_others_nothing_is_read(shop: Shop) -> None:
    told = change("p", 1, order(1, 40))
    assert [shop.keeping.take_in([told]).written for _ in range(2)] == [1, 0]
    assert shop.keeping.take_in([change("q", 1, event("Product Viewed", 1))]).written == 0
    assert shop.balance("p") == 40
    assert set(shop.accounts.stored) == {"p"}


def test_without_a_programme_nothing_is_kept(shop: Shop) -> None:
    shop.programmes.current = replace(shop.programmes.current, revisions=(), revision=0)
    assert shop.keeping.take_in([change("p", 1, order(1, 40))]).written == 0
    assert shop.keeping.merge([merge("p", "q", 2)]).written == 0
    assert not shop.accounts.stored


def test_another_writer_is_not_overwritten(shop: Shop) -> None:
    spent = Entry(BURN, milliseconds(day(5)), "burn", "b", -10, home="p")
    shop.keeping.take_in([change("p", 1, order(1, 40))])
    before = shop.accounts.stored["p"]
    shop.accounts.rivals = [
        replace(before, version=2, entries={**before.entries, spent.key: spent}, balance=30)
    ]
    shop.keeping.take_in([change("p", 2, order(2, 5))])
    assert shop.balance("p") == 35


def test_of_two_who_spend_the_same_points_one_does(shop: Shop) -> None:
    """F6: both have read the same balance, and the slower one is refused by the condition of the write."""
    shop.keeping.take_in([change("p", 1, order(1, 40))])
    before = shop.accounts.stored["p"]
    spent = Entry(BURN, milliseconds(day(9)), "burn", "theirs", -30, home="p")
    shop.accounts.rivals = [
        replace(before, version=2, entries={**before.entries, spent.key: spent}, balance=10)
    ]
    with pytest.raises(Conflict, match="insufficient_points"):
        burn(shop, "p", 30)
    assert shop.balance("p") == 10


def test_the_same_key_spends_once_and_not_for_something_else(shop: Shop) -> None:
    shop.keeping.take_in([change("p", 1, order(1, 40))])
    assert [burn(shop, "p", 30) for _ in range(3)] == [10, 10, 10]
    with pytest.raises(Conflict, match="idempotency_conflict"):
        burn(shop, "p", 5)


def test_a_merge_brings_all_points_over_at_once_and_its_retelling_none_once_more(shop: Shop) -> None:
    """Whatever comes first: the merge, the retelling, or what was told late."""
    facts = [
        lambda s: s.keeping.take_in([change("b", 1, order(1, 40))]),
        lambda s: s.keeping.take_in([change("a", 1, order(2, 5))]),
        lambda s: s.keeping.take_in([change("a", 3, order(1, 40), told_before=True)]),
        lambda s: s.keeping.merge([merge("b", "a", 6)]),
    ]
    for said in permutations(facts):
        one = Shop()
        for tell in (*said, *said):
            assert not tell(one).failed
        assert one.balance("a") == 45
        assert one.accounts.stored["b"].gone


def test_what_was_spent_travels_with_the_person_and_goes_back_with_the_profile(shop: Shop) -> None:
    shop.keeping.take_in([change("a", 1, order(1, 100)), change("b", 1, order(1, 60, "ob"))])
    burn(shop, "a", 10, "of a")
    burn(shop, "b", 20, "of b")
    shop.keeping.merge([merge("b", "a", 11)])
    assert shop.balance("a") == 130
    assert burn(shop, "b", 30, "of both") == 100  # a merged id leads to the person

    shop.clock.advance(5 * DAY)
    back = change("b", 9, order(1, 60, "ob"), at=14, since=9)
    rest = change("a", 9, order(1, 100), at=14, since=9)
    for told in ([back], [rest], [rest, back]):
        shop.keeping.take_in(told)
    assert (shop.balance("b"), shop.balance("a")) == (40, 60)
    shop.keeping.merge([merge("b", "a", 11)])  # a merge that was undone comes again
    assert (shop.balance("b"), shop.balance("a")) == (40, 60)


def test_after_an_unmerge_the_remaining_tells_first(shop: Shop) -> None:
    shop.keeping.take_in([change("a", 1, order(1, 100)), change("b", 1, order(1, 60, "ob"))])
    burn(shop, "b", 20)
    shop.keeping.merge([merge("b", "a", 11)])
    shop.clock.advance(5 * DAY)
    shop.keeping.take_in([change("a", 9, order(1, 100), at=14, since=9)])
    assert shop.balance("a") == 80
    shop.keeping.take_in([change("b", 9, order(1, 60, "ob"), at=14, since=9)])
    assert (shop.balance("a"), shop.balance("b")) == (100, 40)


def test_whoever_is_back_is_told_so_even_without_points_and_keeps_the_code(shop: Shop) -> None:
    shop.keeping.take_in([change("a", 1, order(1, 100)), change("b", 1, order(1, 60, "ob"))])
    code = desk(shop).referral_code("b")["code"]
    shop.keeping.merge([merge("b", "a", 11)])
    assert desk(shop).referral_code("a")["code"] == code
    shop.clock.advance(5 * DAY)
    shop.keeping.take_in([change("b", 9, at=14, since=9)])
    back = shop.accounts.stored["b"]
    assert (back.balance, back.cause, back.told_at) == (0, "recount", day(15))
    assert (back.code, shop.accounts.stored["a"].code) == (code, "")


def test_a_telling_that_is_over_says_nothing_more(shop: Shop) -> None:
    shop.keeping.take_in([change("p", 1, order(1, 40)), change("p", 2, order(2, 5))])
    shop.keeping.take_in([change("p", 7, order(2, 5), at=8, since=7)])
    shop.keeping.take_in([change("p", 1, order(1, 40))])
    assert shop.balance("p") == 5


def test_a_merge_with_somebody_erased_leaves_nothing(shop: Shop) -> None:
    shop.keeping.take_in([change("b", 1, order(1, 40))])
    shop.keeping.erase(["a"], day(5))
    shop.keeping.merge([merge("b", "a", 6)])
    assert not shop.accounts.stored["b"].entries
    assert not shop.accounts.stored["a"].entries


def test_who_was_erased_stays_so_and_the_code_is_nobodys(shop: Shop) -> None:
    shop.keeping.take_in([change("p", 1, order(1, 40))])
    code = desk(shop).referral_code("p")["code"]
    assert shop.accounts.owner_of(code) == "p"
    assert [shop.keeping.erase(["p"], day(11)) for _ in range(2)] == [1, 0]
    shop.keeping.take_in([change("p", 2, order(2, 5)), change("p", 9, order(2, 5), at=20, since=9)])
    assert not shop.accounts.stored["p"].entries
    assert shop.accounts.owner_of(code) == ""
    with pytest.raises(NotFound):
        desk(shop).burn("p", {"points": 1}, "k")


def test_time_ends_points_and_says_so_once(shop: Shop) -> None:
    shop.keeping.take_in([change("p", 1, order(1, 40)), change("p", 2, order(30, 5))])
    shop.clock.advance(day(366) - shop.clock.now())
    assert [shop.keeping.sweep(lambda: True).written for _ in range(2)] == [1, 0]
    account = shop.accounts.stored["p"]
    assert (account.balance, account.cause, account.due_at) == (5, "expire", day(395))


def test_later_news_are_always_told_as_later(shop: Shop) -> None:
    told = []
    for number in range(3):
        shop.keeping.take_in([change("p", number + 1, order(number, 5))])
        told.append(shop.accounts.stored["p"].told_at)
    assert told == sorted(set(told))


def brought(shop: Shop, **traits: str) -> str:
    """Somebody recommends us; `traits` are theirs. The code."""
    shop.accounts.stored.setdefault("ann", Account("ann", 1))
    shop.people.said["ann"] = traits
    return str(desk(shop).referral_code("ann")["code"])


def first_order(shop: Shop, code: str, profile_id: str = "bob", **traits: str) -> None:
    shop.people.first[profile_id] = day(5)
    shop.keeping.take_in([change(profile_id, 1, order(5, 10, referral_code=code), traits=traits)])


@pytest.mark.capability("000-25")
def test_a_friends_first_order_rewards_both_once_for_ever(shop: Shop) -> None:
    code = brought(shop)
    for _ in range(3):
        first_order(shop, code.lower())
    shop.keeping.take_in([change("bob", 2, order(8, 10, referral_code=code))])
    assert (shop.balance("ann"), shop.balance("bob")) == (500, 200 + 10 + 10)
    # Nor does a second recommendation, or being told anew.
    shop.accounts.stored["eve"] = Account("eve", 1)
    other = str(desk(shop).referral_code("eve")["code"])
    shop.keeping.take_in([change("bob", 9, order(5, 10, referral_code=other), at=9, since=9)])
    assert (shop.balance("ann"), shop.balance("eve")) == (500, 0)


def test_a_code_that_came_by_a_form_counts_with_the_order_whichever_is_heard_first() -> None:
    for heard in permutations((0, 1)):
        shop = Shop()
        code = brought(shop)
        mistyped = event("Form Submitted", 1, referral_code="ZZZZZZZZ")
        form = change("bob", 1, mistyped, event("Form Submitted", 2, referral_code=code))
        bought = change("bob", 2, order(5, 10))
        shop.people.first["bob"] = day(5)
        for index in heard:
            shop.keeping.take_in([(form, bought)[index]])
        assert shop.balance("ann") == 500


def test_who_had_ordered_before_the_code_is_nobody_new(shop: Shop) -> None:
    code = brought(shop)
    shop.people.first["bob"] = day(-30)
    shop.keeping.take_in([change("bob", 1, order(5, 10, referral_code=code))])
    assert "bob" in shop.accounts.stored
    assert shop.accounts.stored["ann"].balance == 0


@pytest.mark.capability("000-25")
@pytest.mark.parametrize(
    ("theirs", "friends"),
    [
        ({"email": "Ann@example.com"}, {"email": "ann@EXAMPLE.com"}),
        ({"phone": "+31 6 1234 5678"}, {"phone": "0031612345678"}),
        (
            {"address": {"street": "Main St 1", "postalCode": "1234 AB", "country": "NL"}},
            {"address": {"street": "main st 1", "postalCode": "1234ab", "country": "nl"}},
        ),
    ],
)
def test_recommending_oneself_under_another_profile_brings_nothing(
    shop: Shop, theirs: dict[str, str], friends: dict[str, str]
) -> None:
    code = brought(shop, **theirs)
    first_order(shop, code, **friends)
    # Nor with the next order, from another address.
    later = {"email": "new@example.com"}
    shop.keeping.take_in([change("bob", 2, order(9, 0.5, referral_code=code), traits=later)])
    assert shop.accounts.stored["ann"].balance == 0
    assert shop.balance("bob") == 10


def test_who_recommended_and_has_no_room_is_not_rewarded_and_nobody_waits(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = brought(shop)
    shop.keeping.take_in([change("ann", n, order(n, 1)) for n in range(1, 4)])
    monkeypatch.setattr("services.scoring.domain.loyalty.account.MOST_ENTRIES", 3)
    first_order(shop, code)
    assert (shop.balance("ann"), shop.balance("bob")) == (3, 10)


def test_ones_own_code_brings_nothing(shop: Shop) -> None:
    first_order(shop, brought(shop), profile_id="ann")
    assert shop.balance("ann") == 10


@pytest.mark.capability("000-25")
def test_one_device_that_makes_the_two_one_takes_the_reward_back(shop: Shop) -> None:
    first_order(shop, brought(shop))
    assert (shop.balance("ann"), shop.balance("bob")) == (500, 210)
    shop.keeping.merge([merge("bob", "ann", 11)])
    assert shop.balance("ann") == 10


def test_who_recommended_and_cannot_be_looked_at_is_looked_at_later(shop: Shop) -> None:
    code = brought(shop)
    shop.people.said["ann"] = None  # type: ignore[assignment]
    shop.people.first["bob"] = day(5)
    told = [change("bob", 1, order(5, 10, referral_code=code))]
    assert set(shop.keeping.take_in(told).failed) == {"bob"}
    shop.people.said["ann"] = {}
    assert not shop.keeping.take_in(told).failed
    assert (shop.balance("ann"), shop.balance("bob")) == (500, 210)


@pytest.mark.parametrize("too_late", [False, True])
def test_a_connection_that_is_lost_at_any_write_changes_nothing_in_the_end(too_late: bool) -> None:
    """F1: whatever failed comes again, whether the write was made or not."""

    def live(shop: Shop, broken_at: int | None = None) -> dict[str, tuple[int, int, bool]]:
        code = brought(shop)
        shop.accounts.writes, shop.accounts.broken_at = 0, broken_at
        shop.people.first["bob"] = day(5)
        told = [change("bob", 1, order(5, 10, referral_code=code)), change("cas", 1, order(6, 40))]
        for _ in range(3):
            shop.keeping.take_in(told)
            shop.keeping.merge([merge("cas", "bob", 7)])
            shop.keeping.take_in([change("bob", 3, order(6, 40), told_before=True)])
        return {
            name: (one.balance, len(one.entries), one.gone is None)
            for name, one in shop.accounts.stored.items()
        }

    calm = Shop()
    expected = live(calm)
    assert expected == {"ann": (500, 1, True), "bob": (250, 4, True), "cas": (0, 0, False)}
    for number in range(calm.accounts.writes):
        shop = Shop()
        shop.accounts.too_late = too_late
        assert live(shop, number) == expected, number
