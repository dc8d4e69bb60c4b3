"""A service message carries no promotion: links, blocks and kinds."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.delivery.domain.promotion import LandingPages, found_in
from services.delivery.domain.service_kinds import SERVICE_KINDS
from services.delivery.domain.templates.documents import TemplateDocument

PAGES = ["https://shop.example.com/sale/*", "https://www.example.com/spring"]


def message(text: str = "Hello", html: str = "", sms: str = "", **fields: Any) -> TemplateDocument:
    channels: dict[str, Any] = {"email": {"subject": "News of your order", "text": text, "html": html}}
    if sms:
        channels["sms"] = {"text": sms}
    return TemplateDocument.model_validate({"class": "service", "channels": channels, **fields})


@pytest.mark.capability("003-21")
@pytest.mark.parametrize(
    "link",
    [
        "https://shop.example.com/sale/shoes",
        "http://SHOP.example.com/sale/shoes?x=1#top",
        "https://example.com/spring/",
        "https://www.example.com/spring?from={{ name }}",
        "https://shop.example.com/order?utm_campaign=may",
        "https://shop.example.com/order?UTM_Source=mail",
        "https://shop.example.com/order?id=1&coupon=MAY10",
        "https://shop.example.com/order?gclid",
    ],
)
def test_a_link_that_sells_is_named_with_its_place(link: str) -> None:
    said = [
        *found_in(message(text=f"See {link}."), PAGES),
        *found_in(message(html=f'<a href="{link}">see</a>'), PAGES),
        *found_in(message(sms=f"See {link}"), PAGES),
    ]
    assert [line.split(":")[0] for line in said] == [
        "channels.email.text",
        "channels.email.html",
        "channels.sms.text",
    ]


@pytest.mark.parametrize(
    "link",
    [
        "https://shop.example.com/orders/1",
        "https://shop.example.com/sales",
        "https://example.com/spring-cleaning",
        "https://example.com/autumn?next=/spring",
        "https://other.example.com/spring",
        "{{ track_url }}",
    ],
)
def test_a_link_that_serves_is_let_be(link: str) -> None:
    assert list(found_in(message(text=f"See {link}", html=f"<a href='{link}'>see</a>"), PAGES)) == []


@pytest.mark.capability("003-21")
@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("{% for product in products %}{{ product.name }}{% endfor %}", "products"),
        ("{{ offer.title }}", "offer"),
        ("{% if proposition %}x{% endif %}", "proposition"),
        ("{{ walk.recommendations[0].name }}", "recommendations"),
        ("{{ walk['coupon'] }}", "coupon"),
    ],
)
def test_a_block_that_sells_is_named(text: str, block: str) -> None:
    assert list(found_in(message(text=text), [])) == [
        f"channels.email.text: {block} is a block that promotes"
    ]
    html = f'<section data-block="{block}">x</section>'
    assert list(found_in(message(html=html), [])) == [
        f"channels.email.html: {block} is a block that promotes"
    ]


@pytest.mark.parametrize("text", ["{{ order.products }}", "{{ walk.lines }}", "our offers", "{{ 'offer' }}"])
def test_what_only_sounds_like_one_is_let_be(text: str) -> None:
    assert list(found_in(message(text=text), [])) == []


def test_a_commercial_message_may() -> None:
    document = message(text="{{ offers }} {{ unsubscribe_url }}", **{"class": "charity", "purpose": "news"})
    assert list(found_in(document, PAGES)) == []


@pytest.mark.parametrize(
    "page", ["shop.example.com", "https://x.example/a?b=1", "https://x.example/*/y", "ftp://x"]
)
def test_a_landing_page_is_an_address(page: str) -> None:
    with pytest.raises(ValidationError):
        LandingPages(pages=[page])


@pytest.mark.parametrize("kind", ["changed_terms", "vacancy", "other_channels", "birthday", "delivery"])
def test_what_practice_counts_as_service_is_a_kind_of_it(kind: str) -> None:
    assert SERVICE_KINDS[kind]
    assert message(kind=kind).digest() != message().digest()


def test_a_kind_is_known_and_of_a_service_message() -> None:
    with pytest.raises(ValidationError, match="kind is one of"):
        message(kind="special_offer")
    with pytest.raises(ValidationError, match="kind is one of"):
        message(text="{{ unsubscribe_url }}", kind="birthday", **{"class": "commercial", "purpose": "news"})
