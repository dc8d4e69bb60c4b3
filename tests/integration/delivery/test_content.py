"""What is said to one person, by the real handlers: versions, products, offers, previews, tests."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from services.delivery.bootstrap.content import previewing
from services.delivery.domain.protocol import Retry
from services.delivery.handlers import on_profiles_changed
from services.shared.contracts.ingest import CustomerEvent, ProfileChange, ProfilesChanged
from tests.integration.delivery.steps import EMAIL, ask, call, consent, given_contact, request
from tests.integration.delivery.test_person import ask as ask_person
from tests.integration.delivery.world import COMMERCIAL, NOW, Context, World, sqs

TEXT = (
    "{{ salutation }}. {% for p in blocks.picks %}[{{ p.title }} {{ p.url }}]{% endfor %} "
    "{% if guards.rate %}{{ traits.rate }}{% else %}ask us{% endif %} {{ unsubscribe_url }}"
)
PRODUCTS: dict[str, list[str]] = {"bike": ["helmet", "lock"], "helmet": [], "lock": [], "lamp": []}


def events(*rows: tuple[str, list[str]], version: int = 1, profile: str = "prf_1", **traits: Any) -> None:
    told = [
        CustomerEvent(
            message_id=f"m{version}-{i}",
            type="track",
            name=name,
            at=NOW - timedelta(days=2, minutes=-version),
            properties={"products": [{"product_id": p} for p in products]},
        )
        for i, (name, products) in enumerate(rows)
    ]
    change = ProfileChange(
        profile_id=profile,
        version=version,
        traits_version=version,
        at=NOW,
        events=told,
        traits={"email": EMAIL, "firstName": "Ann", "lastName": "Vos", **traits},
    )
    answer = on_profiles_changed.handler(sqs(ProfilesChanged(changes=[change])), Context())
    assert answer == {"batchItemFailures": []}


def template(**fields: Any) -> dict[str, Any]:
    return {**COMMERCIAL, "channels": {"email": {"subject": "s", "text": TEXT}}, **fields}


def given(name: str, **fields: Any) -> dict[str, Any]:
    status, body = call("PUT", f"/templates/{name}", template(**fields))
    assert status == 200, body
    return dict(body)


def products() -> None:
    for name, related in PRODUCTS.items():
        body = {"title": name.title(), "url": f"https://shop.example/{name}", "related": related}
        assert call("PUT", f"/products/{name}", body)[0] == 200


@pytest.fixture
def shop(world: World) -> World:
    world.fake_senders()
    products()
    given("news", blocks={"picks": {"pick": "related"}})
    consent("granted", 1)
    return world


@pytest.mark.capability("001-22")
@pytest.mark.capability("001-10")
def test_after_a_purchase_what_belongs_with_it_is_shown_and_what_one_has_never(shop: World) -> None:
    """F1, F2: the same facts again, and older ones later, teach nothing."""
    events(("Order Completed", ["bike"]), version=1)
    events(("Order Completed", ["helmet"]), version=2)
    for version in (2, 1):
        events(("Order Completed", [["bike"], ["helmet"]][version - 1]), version=version)

    ask(request("snd_1"))

    assert "[Lock https://shop.example/lock]" in shop.email.accepted[0].content.text
    assert "Helmet" not in shop.email.accepted[0].content.text
    (gate,) = [g for g in shop.item("snd_1")["gates"] if g["gate"] == "products"]
    assert gate["input"] == "picks: lock"


def test_what_others_bought_together_is_counted_once_and_shown(shop: World) -> None:
    """F1: a basket that is told twice is one."""
    for _ in range(2):
        events(("Order Completed", ["bike", "lamp"]), profile="prf_2", email="bob@example.com")

    _, bike = call("GET", "/products/bike")
    assert bike["bought_together"] == {"lamp": 1}
    events(("Order Completed", ["bike"]))
    ask(request("snd_1"))
    assert "[Lamp" in shop.email.accepted[0].content.text


def test_where_there_are_no_products_only_orders_are_learned(world: World) -> None:
    events(("Product Viewed", ["lamp"]))
    assert world.raw("gates")
    assert not any("taste#" in str(item) for item in world.raw("gates"))
    events(("Order Completed", ["bike", "lock"]), version=2)
    assert world.raw("products") == []
    (known,) = ask_person("export", "prf_1")["stores"]["tastes"]
    assert set(known["had"]) == {"bike", "lock"}
    products()
    events(("Product Viewed", ["lamp"]), version=3)
    (known,) = ask_person("export", "prf_1")["stores"]["tastes"]
    assert [look["product"] for look in known["looks"]] == ["lamp"]


@pytest.mark.capability("002-12")
def test_a_price_below_the_floor_is_refused_when_kept_and_when_sent_and_what_was_shown_is_noted(
    shop: World,
) -> None:
    offer: dict[str, Any] = {"title": "Lock", "currency": "EUR", "price": "20", "floor": "15"}
    status, body = call("PUT", "/offers/spring", {**offer, "price": "14.99"})
    assert (status, body["code"]) == (400, "price_below_floor")
    gold = {"name": "gold", "when": {"traits.tier": ["gold"]}, "percent_off": 20}
    own = {"name": "own", "price_from": "price"}
    assert call("PUT", "/offers/spring", {**offer, "variants": [gold, own]})[1]["revision"] == 1
    text = "{{ offer.price }} {{ offer.currency }} {{ unsubscribe_url }}"
    given("offer", channels={"email": {"subject": "s", "text": text}}, offer="spring")

    events(tier="gold")
    ask(request("snd_gold", template="offer"))
    assert shop.email.accepted[0].content.text.startswith("16.00 EUR")
    (gate,) = [g for g in shop.item("snd_gold")["gates"] if g["gate"] == "offer"]
    assert gate["input"] == "spring revision 1 gold: 16.00 EUR, floor 15"

    events(tier="tin", version=2)
    ask(request("snd_low", template="offer", params={"price": "14.99"}))
    assert shop.item("snd_low")["reason"] == "price_below_floor"
    offer |= {"product": "lock", "valid_until": "2026-03-01T12:00:01Z"}
    assert call("PUT", "/offers/spring", offer)[1]["revision"] == 2
    events(("Order Completed", ["lock"]), version=3)
    ask(request("snd_had", template="offer"))
    assert shop.item("snd_had")["reason"] == "already_owned"
    assert call("PUT", "/offers/spring", {**offer, "valid_until": "2026-03-01T12:00:00Z"})[0] == 200
    ask(request("snd_over", template="offer"))
    assert shop.item("snd_over")["reason"] == "offer_over"
    assert len(shop.email.accepted) == 1
    assert [o["revision"] for o in call("GET", "/offers")[1]["offers"]] == [3]


@pytest.mark.capability("004-6")
def test_a_rate_is_shown_to_a_customer_only(shop: World) -> None:
    guard = {"level": "customer", "needs": {"traits.risk": ["low"]}, "protects": ["traits.rate"]}
    given("rate", guards={"rate": guard}, channels={"email": {"subject": "s", "text": TEXT}})
    events(risk="low", rate="3.1 %")
    ask(request("snd_1", template="rate"))
    events(("Order Completed", []), version=2, risk="low", rate="3.1 %")
    ask(request("snd_2", template="rate"))

    texts = [sent.content.text for sent in shop.email.accepted]
    assert ["3.1 %" in text for text in texts] == [False, True]
    assert texts[0].startswith("Dear Ann Vos. ")
    (gate,) = [g for g in shop.item("snd_1")["gates"] if g["gate"] == "guard rate"]
    assert (gate["input"], gate["verdict"]) == ("contact", "withheld")


def test_a_version_is_tried_before_it_is_active_and_an_older_one_comes_back(shop: World) -> None:
    def text(words: str) -> dict[str, Any]:
        return {"channels": {"email": {"subject": "s", "text": words + " {{ unsubscribe_url }}"}}}

    given_contact()
    given("steps", **text("one"))
    second = call("PUT", "/templates/steps", template(**text("two")), {"activate": "false"})[1]
    assert second["version"] == 2
    ask(request("snd_1", template="steps"))
    preview = {"profile_id": "prf_1", "version": 2}
    assert call("POST", "/templates/steps/preview", preview)[1]["text"].startswith("two")
    assert call("PUT", "/templates/steps/active", {"version": 2})[1]["active"] == 2
    ask(request("snd_2", template="steps"))
    assert call("PUT", "/templates/steps/active", {"version": 1})[1]["active"] == 1
    ask(request("snd_3", template="steps"))

    assert [sent.content.text[:3] for sent in shop.email.accepted] == ["one", "two", "one"]
    assert shop.item("snd_2")["template_version"] == 2
    _, body = call("GET", "/templates/steps/versions")
    assert (body["active"], [v["version"] for v in body["versions"]]) == (1, [1, 2])
    assert call("PUT", "/templates/steps", template(**text("two")))[1]["version"] == 3
    for path in ("/templates/steps/versions/4", "/templates/steps/versions/x", "/templates/none/versions"):
        assert call("GET", path)[0] == 404
    assert call("PUT", "/templates/steps/active", {"version": 9})[0] == 404
    assert call("PUT", "/templates/steps/active", {"version": "1"})[0] == 400


@pytest.mark.capability("000-32")
def test_mjml_is_kept_as_written_and_sent_as_html_and_advice_is_given(shop: World) -> None:
    mjml = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ first_name }} {{ unsubscribe_url }}</mj-text>"
    )
    mjml += "</mj-column></mj-section></mj-body></mjml>"
    mail = {"subject": "s", "text": "t {{ unsubscribe_url }}", "mjml": mjml}
    kept = given("look", channels={"email": mail})
    given_contact()
    ask(request("snd_1", template="look"))

    assert kept["channels"]["email"]["mjml"] == mjml
    assert call("GET", "/templates/look/versions/1")[1]["channels"]["email"]["mjml"] == mjml
    assert "Hi Ann" in shop.email.accepted[0].content.html
    assert "<table" in shop.email.accepted[0].content.html
    assert {w["code"] for w in kept["warnings"]} <= {"no_language"}
    status, body = call("PUT", "/templates/look", template(channels={"email": {**mail, "mjml": mjml + "<"}}))
    assert (status, body["code"]) == (400, "mjml_syntax")


def test_a_preview_shows_true_data_and_sends_nothing_and_a_test_goes_to_registered_addresses_only(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    events(("Order Completed", ["bike"]), title="Ms")
    monkeypatch.setattr(previewing(), "_sender", shop.email)
    _, shown = call("POST", "/templates/news/preview", {"profile_id": "prf_1"})

    assert shown["text"].startswith("Dear Ms Vos. [Helmet")
    assert "https://preview.invalid/unsubscribe" in shown["text"]
    assert (shown["renders"], shown["language"]) == (True, "en")
    assert shop.email.accepted == []
    assert shop.raw("messages") == []

    asked = {"profile_id": "prf_1", "address": "Me@Example.com"}
    assert call("POST", "/templates/news/test", asked)[1]["code"] == "not_a_test_address"
    assert call("PUT", "/test-addresses", {"addresses": ["me@example.com"]})[0] == 200
    assert call("POST", "/templates/news/test", asked)[0] == 200
    (sent,) = shop.email.accepted
    assert (sent.content.subject, sent.to.casefold()) == ("[Test] s", "me@example.com")
    assert shop.raw("messages") == []
    shop.email.answers.append(Retry("throttled"))
    assert call("POST", "/templates/news/test", asked)[1]["code"] == "not_sent"
    assert call("POST", "/templates/none/preview", {})[0] == 404
    assert call("POST", "/templates/news/preview", {"profile_id": "prf_x"})[1]["code"] == "unknown_profile"
    assert call("POST", "/templates/news/preview", {"channel": "sms"})[1]["code"] == "no_channel"
    assert call("PUT", "/test-addresses", {"addresses": ["nobody"]})[1]["code"] == "invalid_address"
    given("strict", required=["coupon"])
    _, shown = call("POST", "/templates/strict/preview", {"profile_id": "prf_1"})
    assert shown == {"renders": False, "reason": "missing_attribute", "detail": "coupon"}


def test_what_one_has_and_looks_at_is_exported_and_forgotten_for_good(shop: World) -> None:
    """F25: what comes after an erasure is not learned."""
    events(("Order Completed", ["bike"]), ("Product Viewed", ["lamp"]))
    (known,) = ask_person("export", "prf_1")["stores"]["tastes"]
    assert set(known["had"]) == {"bike"}
    assert [look["product"] for look in known["looks"]] == ["lamp"]

    assert ask_person("erase", "prf_1")["stores"]["tastes"] == 1
    assert ask_person("erase", "prf_1")["stores"]["tastes"] == 0
    events(("Order Completed", ["lock"]), version=9)
    assert "tastes" not in {n for n, v in ask_person("export", "prf_1")["stores"].items() if v}
    assert not any(word in json.dumps(shop.raw("gates")) for word in ("bike", "lamp", "lock"))
