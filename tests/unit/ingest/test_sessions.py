"""Visits against a golden fixture, and laws that hold for any timeline."""

from __future__ import annotations

import itertools
import json
import random
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.sessions import GAP, sessions_of
from tests.unit.ingest.people import event, page

GOLDEN = Path(__file__).parent / "golden" / "session.json"

TIMELINE = [
    page("Home", 0, path="/"),
    event("Promotion Viewed", 0.2, promotion_id="winter"),
    event("Promotion Clicked", 0.8, promotion_id="winter"),
    page("Product", 1, path="/p/lamp", product_id="lamp"),
    event("Product Viewed", 1, product_id="lamp"),
    event("Email Opened", 3, template="offer", email_id="snd_1"),
    page("Product", 4, path="/p/chair"),
    event("Product Viewed", 4, product_id="chair"),
    page("Cart", 5, path="/cart"),
    event("Checkout Started", 6),
    event("Checkout Step Viewed", 10, step=2),
    page("Cart", 40, path="/cart"),
    event("Order Completed", 42, order_id="1"),
    event("identify", 100, type="identify"),
    event("Call Received", 120),
    page("page", 180, path="/help", dwell_seconds=45),
]


@pytest.mark.capability("002-2")
def test_visits_of_a_known_timeline() -> None:
    expected = json.loads(GOLDEN.read_text())
    assert [session.shown() for session in sessions_of(TIMELINE)] == expected


def test_order_of_arrival_does_not_matter() -> None:
    shuffled = list(TIMELINE)
    random.Random(7).shuffle(shuffled)
    assert sessions_of(shuffled) == sessions_of(TIMELINE)


def test_a_visit_ends_at_a_pause_of_exactly_the_gap() -> None:
    gap = GAP.total_seconds() / 60
    assert len(sessions_of([page("A", 0), page("B", gap)])) == 2
    assert len(sessions_of([page("A", 0), page("B", gap - 0.01)])) == 1


def test_a_run_without_a_page_is_no_visit() -> None:
    assert sessions_of([event("Order Completed", 0), event("Call Received", 1)]) == []


def test_a_cart_filled_again_after_the_order_is_where_it_broke_off() -> None:
    [visit] = sessions_of([page("Cart", 0), event("Order Completed", 1), event("Product Added", 2)])
    assert (visit.orders, visit.dropoff_step) == (1, "Product Added")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 600)), max_size=12, unique=True))
def test_every_page_is_in_one_visit_and_dwell_fits_in_it(views: list[tuple[str, int]]) -> None:
    visits = sessions_of([page(name, minute) for name, minute in views])
    assert sum(len(visit.pages) for visit in visits) == len(views)
    for visit, following in itertools.pairwise(visits):
        assert following.started_at - visit.ended_at >= GAP
    for visit in visits:
        length = visit.ended_at - visit.started_at
        assert timedelta(seconds=sum(p["dwell"] for p in visit.pages)) == length
