"""What brought somebody here, and that it does not matter in which order it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from services.ingest.domain.attributes import AttributeRules
from services.ingest.domain.touches import FIELDS, FIRST, LAST, touch_of
from services.ingest.domain.traits import Trait, merged
from services.ingest.domain.validate import Trust, validate

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UTM = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=spring"
GOOGLE = {"source": "google", "medium": "cpc", "campaign": "spring"}


def page(url: str, **more: Any) -> dict[str, Any]:
    return {"page": {"url": url, **more}}


@pytest.mark.parametrize(
    ("context", "properties", "said"),
    [
        ({"campaign": {"source": "google", "medium": "cpc", "name": "spring"}}, {}, GOOGLE),
        (page(UTM), {}, GOOGLE),
        ({}, {"url": UTM}, GOOGLE),
        ({"campaign": {"source": "bing"}, **page(UTM)}, {}, {**GOOGLE, "source": "bing"}),
        ({}, {"coupon": "MAY10"}, {"promo": "MAY10"}),
        (page("https://shop.example/?promo_code=MAY10"), {}, {"promo": "MAY10"}),
        (page("https://shop.example/?ref=anna-7"), {}, {"medium": "share", "referrer": "anna-7"}),
        (page(f"{UTM}&ref=anna-7"), {}, {**GOOGLE, "referrer": "anna-7"}),
        (
            page("https://shop.example/", referrer="https://www.blog.example/bikes"),
            {},
            {"source": "blog.example", "medium": "referral"},
        ),
        (page("https://shop.example/b", referrer="https://www.shop.example/a"), {}, {}),
        (page("https://shop.example/"), {}, {}),
        ({"campaign": "spring", "page": 3}, {"coupon": 3, "url": ["x"]}, {}),
        (page("https://[half"), {"referrer": "https://[half"}, {}),
        ({"campaign": {"source": "x" * 101}}, {"coupon": "a\u0000b"}, {}),
    ],
)
def test_what_brought_somebody(
    context: dict[str, Any], properties: dict[str, Any], said: dict[str, str]
) -> None:
    whole = {field: said.get(field, "") for field in FIELDS} if said else {}
    assert touch_of(context, properties) == {
        f"{when}{f}": v for when in (FIRST, LAST) for f, v in whole.items()
    }


def test_the_first_touch_stays_and_the_last_moves_on_in_any_order() -> None:
    """F2: and what a file says of before is the first, though a visit told of another came earlier."""
    kinds = {1: "imported", 2: "declared", 3: "derived"}
    told = [
        {f"{when}source": Trait(f"site-{at}", at, kind=kind) for when in (FIRST, LAST)}  # type: ignore[arg-type]
        for at, kind in kinds.items()
    ]
    for order in permutations(told):
        known: dict[str, Trait] = {}
        for offered in order:
            known = merged(known, offered)
        assert (known["first_touch_source"].value, known["last_touch_source"].value) == ("site-1", "site-3")


@pytest.mark.parametrize(
    ("event", "trust", "touched"),
    [
        ({"type": "page", "anonymousId": "a"}, Trust(), True),
        ({"type": "identify", "userId": "u"}, Trust(), True),
        ({"type": "group", "groupId": "g", "userId": "u"}, Trust(), False),
        ({"type": "track", "event": "Email Opened", "userId": "u"}, Trust(), False),
        ({"type": "track", "event": "Email Link Clicked", "userId": "u"}, Trust(), True),
        ({"type": "identify", "profileId": "prf_1"}, Trust(names_profile=True), False),
    ],
)
def test_who_comes_is_touched_and_whom_we_write_to_is_not(
    event: dict[str, Any], trust: Trust, touched: bool
) -> None:
    context = {"campaign": {"source": "google"}}
    call = validate({**event, "context": context}, received_at=NOW, message_id="m", trust=trust)
    assert ("first_touch_source" in call.traits) is touched
    assert AttributeRules("reject").withheld(call.traits, "observed") == {}
