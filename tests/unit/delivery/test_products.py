"""What people have and look at, what is bought together, which products and prices they are shown."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.delivery.domain.offers import Offer, priced
from services.delivery.domain.products import NEIGHBOURS, Listed, Product, bought_with
from services.delivery.domain.tastes import (
    MOST_HAD,
    MOST_LOOKS,
    Taste,
    baskets,
    learned,
    tells_of_looks,
    tells_of_orders,
)
from services.delivery.domain.templates.product_blocks import ProductBlock
from services.delivery.use_cases.pick_products import named, pick
from services.shared.contracts.ingest import CustomerEvent, ProfileChange

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(name: str, *products: str, days: float = 0, number: int = 0, **properties: Any) -> CustomerEvent:
    return CustomerEvent(
        message_id=f"{name}-{products}-{days}-{number}",
        type="track",
        name=name,
        at=NOW - timedelta(days=days),
        properties={"products": [{"product_id": p} for p in products], **properties},
    )


def change(*events: CustomerEvent, version: int = 1, since: int = 0, told: bool = False) -> ProfileChange:
    return ProfileChange(
        profile_id="p", version=version, at=NOW, events=list(events), since=since, told_before=told
    )


def taste(*events: CustomerEvent) -> Taste:
    return learned(Taste(), change(*events))


class Shelf:
    """A catalogue in memory; it counts what is read."""

    def __init__(
        self, products: dict[str, Product], together: dict[str, dict[str, int]] | None = None
    ) -> None:
        self.products, self.together = products, together or {}

    def listed(self, product_ids: Sequence[str]) -> dict[str, Listed]:
        known = self.products.keys() | self.together.keys()
        return {p: Listed(self.products.get(p), self.together.get(p, {})) for p in product_ids if p in known}

    def of_category(self, name: str) -> list[str]:
        return sorted(p for p, one in self.products.items() if one.category == name)

    def offer(self, name: str) -> None:
        return None


def product(category: str = "", *related: str, available: bool = True) -> Product:
    return Product(title="T", category=category, related=list(related), available=available)


SHELF = Shelf(
    {
        "bike": product("bikes", "helmet", "lock", "gone", "pump"),
        "helmet": product("gear", "lamp"),
        "lock": product("gear"),
        "pump": product("gear"),
        "lamp": product("gear"),
        "gone": product("gear", available=False),
        "ebike": product("bikes"),
        "tandem": product("bikes", "helmet"),
    },
    {"bike": {"bell": 9, "lamp": 5, "pump": 7}, "tandem": {"lamp": 50}},
)
EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(["Order Completed", "Order Refunded", "Product Viewed", "Page Viewed"]),
        st.sampled_from(["bike", "helmet", "lock"]),
        days=st.integers(0, 50),
    ),
    max_size=8,
)


def picked(block: dict[str, Any], of: Taste, start: Sequence[str] = ()) -> list[str]:
    made = ProductBlock.model_validate(block)
    return [one.product_id for one in pick(made, of, start, SHELF, NOW)]


@given(EVENTS, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_events_teach_the_same_in_any_order_and_any_number_of_times(
    events: list[CustomerEvent], chance: random.Random
) -> None:
    again = [*events, *events]
    chance.shuffle(again)
    one_by_one = Taste()
    for one in again:
        one_by_one = learned(one_by_one, change(one))

    assert one_by_one == taste(*events)


@pytest.mark.capability("001-22")
@given(EVENTS, st.sampled_from(["owned", "viewed"]), st.sampled_from(["related", "interest"]))
@settings(max_examples=60)
def test_what_one_has_or_gave_back_is_never_shown(events: list[CustomerEvent], of: str, how: str) -> None:
    had = {p for e in events if e.name.startswith("Order") for p in ("bike", "helmet", "lock") if p in str(e)}

    shown = picked({"pick": how, "of": of, "limit": 12}, taste(*events))

    assert not set(shown) & had
    assert not {"gone", "bell"} & set(shown)


@pytest.mark.capability("001-10")
def test_what_belongs_with_a_purchase_or_a_visited_page_by_the_matrix_then_by_what_others_bought() -> None:
    bought = taste(event("Order Completed", "bike", days=1))

    assert picked({"pick": "related", "limit": 9}, bought) == ["helmet", "lock", "pump", "lamp"]
    assert picked({"pick": "related"}, bought) == ["helmet", "lock", "pump"]
    owns_more = taste(event("Order Completed", "bike", "helmet", days=1))
    assert picked({"pick": "related", "limit": 9}, owns_more) == ["lamp", "lock", "pump"]
    assert picked({"pick": "related", "category": "bikes"}, bought) == []

    visited = named(ProductBlock(pick="related", of="walk.product_id"), {"walk": {"product_id": "tandem"}})
    assert picked({"pick": "related", "of": "walk.product_id"}, Taste(), visited) == ["helmet", "lamp"]
    looked = taste(event("Product Viewed", "tandem"))
    assert picked({"pick": "related", "of": "viewed"}, looked) == ["helmet", "lamp"]


def test_what_was_given_back_is_no_ground_for_more() -> None:
    returned = taste(event("Order Completed", "bike", days=2), event("Order Refunded", "bike", days=1))

    assert returned.owned() == []
    assert picked({"pick": "related"}, returned) == []
    assert taste(
        event("Order Refunded", "bike", days=2), event("Order Completed", "bike", days=1)
    ).owned() == ["bike"]


@pytest.mark.capability("003-13")
def test_a_digest_is_the_products_of_most_interest_that_one_does_not_have() -> None:
    interested = taste(
        event("Product Viewed", "tandem", days=1, category="bikes"),
        event("Product Clicked", "ebike", days=1, category="bikes"),
        event("Product Viewed", "lock", days=28, category="gear"),
        event("Order Completed", "bike", days=3),
    )

    products, categories = interested.interest(NOW)
    assert products["lock"] == pytest.approx(0.25)
    assert categories["bikes"] > categories["gear"]
    assert picked({"pick": "interest", "limit": 4}, interested) == ["ebike", "tandem", "lock", "helmet"]
    assert picked({"pick": "interest", "limit": 1}, interested) == ["ebike"]
    assert picked({"pick": "interest"}, Taste()) == []


def test_memory_is_bounded_and_keeps_the_newest() -> None:
    many = taste(
        *[event("Order Completed", f"p{i}", days=i) for i in range(MOST_HAD + 20)],
        *[event("Product Viewed", f"v{i}", days=i) for i in range(MOST_LOOKS + 20)],
    )

    assert (len(many.had), len(many.looks)) == (MOST_HAD, MOST_LOOKS)
    assert many.owned()[0] == "p0"
    assert many.looks[0].product == "v0"


def test_a_history_that_is_told_anew_begins_anew_and_late_words_of_the_old_one_are_dropped() -> None:
    before = taste(event("Order Completed", "bike"))
    anew = learned(before, change(event("Order Completed", "lock"), version=9, since=8))

    assert anew.owned() == ["lock"]
    assert learned(anew, change(event("Order Completed", "pump"), version=7)) == anew
    assert set(learned(anew, change(event("Order Completed", "pump"), version=10, since=8)).had) == {
        "lock",
        "pump",
    }


def test_looks_count_only_of_whom_one_can_write_to() -> None:
    look, order = change(event("Product Viewed", "bike")), change(event("Order Completed", "bike"))

    assert not tells_of_looks(look)
    assert tells_of_looks(look.model_copy(update={"traits": {"phone": "+12025550123"}}))
    assert (tells_of_orders(look), tells_of_orders(order)) == (False, True)
    assert not tells_of_looks(change(event("Page Viewed", "bike")))


def test_a_basket_counts_once() -> None:
    order = change(event("Order Completed", "bike", "lock", "bike"))

    assert baskets(Taste(), order) == [["bike", "lock"]]
    assert baskets(learned(Taste(), order), order) == []
    assert baskets(Taste(), change(event("Order Completed", "bike"))) == []
    assert baskets(Taste(), change(event("Order Completed", "bike", "lock"), told=True)) == []
    assert baskets(Taste(), change(event("Order Completed", "bike", "lock"), since=2, version=3)) == []


def test_what_is_often_bought_together_outlives_a_crowd_of_rarities() -> None:
    counts: dict[str, int] = {}
    for number in range(1_000):
        counts = bought_with(counts, ["often", f"rare{number}"])

    assert len(counts) == NEIGHBOURS
    assert max(counts, key=lambda name: counts[name]) == "often"
    assert counts["often"] == 1_000


@pytest.mark.parametrize("bad", [None, True, "", "x" * 81, "a\nb", {"a": 1}, 1.5])
def test_what_is_no_product_id_is_not_learned(bad: Any) -> None:
    odd = event("Order Completed", products=[{"product_id": bad}, "text", None], product_id=bad)

    assert taste(odd).had == {}
    assert taste(odd).bought_at > 0


def offer(**fields: Any) -> Offer:
    base = {"title": "T", "currency": "EUR", "price": "49.95", "floor": "40"}
    return Offer.model_validate({**base, **fields})


GOLD = {"name": "gold", "when": {"traits.tier": ["gold"]}, "percent_off": 15}


@pytest.mark.capability("002-12")
def test_the_first_variant_that_fits_sets_the_price() -> None:
    own = {"name": "own", "price_from": "traits.price"}
    both = offer(variants=[GOLD, own])

    assert priced(both, {"traits": {"tier": "gold"}}).price == Decimal("42.46")
    assert priced(both, {"traits": {"tier": "tin"}}).price == Decimal("49.95")
    assert priced(both, {"traits": {"price": "44.4"}}).price == Decimal("44.40")
    for nonsense in (None, "", "cheap", "NaN", "Infinity", True, [], "1e999999"):
        assert priced(both, {"traits": {"price": nonsense}}).price == Decimal("49.95")


@pytest.mark.capability("002-12")
def test_no_price_is_below_the_floor() -> None:
    assert offer(variants=[GOLD]).below_floor() == []
    (told,) = offer(variants=[{**GOLD, "percent_off": 20}]).below_floor()
    assert told == "gold: 39.96 is below the floor of 40"
    assert len(offer(price="39.99", variants=[{"name": "a", "price": "1"}]).below_floor()) == 2
    assert priced(offer(variants=[{"name": "own", "price_from": "x"}]), {"x": 3}).price == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"price": "-1"},
        {"price": "1.005"},
        {"price": "NaN"},
        {"currency": "euro"},
        {"variants": [{"name": "a"}]},
        {"variants": [{"name": "a", "price": "50", "percent_off": 5}]},
        {"variants": [{"name": "a", "percent_off": 101}]},
        {"valid_until": "2026-03-01T00:00:00"},
        {"url": "javascript:alert(1)"},
    ],
)
def test_offers_that_break_a_rule(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        offer(**fields)


def test_an_offer_stands_from_its_beginning_until_just_before_its_end() -> None:
    one = offer(valid_from=NOW, valid_until=NOW + timedelta(days=1))

    assert [one.stands(NOW + timedelta(hours=h)) for h in (-1, 0, 23, 24)] == [False, True, True, False]
