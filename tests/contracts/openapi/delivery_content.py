"""Delivery: what is said: templates, products, offers, previews and tests."""

from __future__ import annotations

from collections.abc import Mapping

from services.delivery.domain.offers import Offer
from services.delivery.domain.products import Product
from services.delivery.domain.promotion import LandingPages
from services.delivery.domain.templates.documents import TemplateDocument
from services.delivery.use_cases.preview_templates import PreviewAsked, TrialAddresses, TrialAsked
from tests.contracts.openapi.operations import MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    by_name,
    many,
    model,
    obj,
    ref,
)

_ADDRESSES = obj({"addresses": many(TEXT)})
_VERSIONS = obj({"name": TEXT, "active": NUMBER, "versions": many(obj({"version": NUMBER, "at": INSTANT}))})

OPERATIONS: Mapping[str, Operation] = {
    "GET /templates": does(
        "The active version of every template", obj({"templates": many(ref("TemplateShown"))})
    ),
    "PUT /templates/{name}": does(
        "Keep a template that compiles, to be sent unless `activate=false`, and tell what there is to mend",
        ref("TemplateKept"),
        *(
            "invalid_name",
            "mjml_syntax",
            "template_syntax",
            "template_unsafe",
            "template_error",
            "template_too_large",
            "template_changed",
            "service_promotes",
            *MODEL,
        ),
        takes=ref("Template"),
        query={"activate": TEXT},
    ),
    "PUT /templates/{name}/active": does(
        "Send another version from now on, an older one too",
        _VERSIONS,
        *("not_found", "service_promotes", "template_changed", *MODEL),
        takes=obj({"version": NUMBER}),
    ),
    "GET /templates/{name}/versions": does(
        "The active version of a template, and all there are", _VERSIONS, "not_found"
    ),
    "GET /templates/{name}/versions/{version}": does(
        "One version as it was written", ref("TemplateShown"), "not_found"
    ),
    "POST /templates/{name}/preview": does(
        "What a person would get, by their true data; sends nothing",
        ref("Preview"),
        *("not_found", "unknown_profile", "no_channel", *MODEL),
        takes=ref("PreviewAsked"),
    ),
    "POST /templates/{name}/test": does(
        "Send it to a registered test address",
        obj({"send_id": TEXT, "provider_id": TEXT}),
        *("not_found", "unknown_profile", "no_channel", "not_a_test_address", "invalid_address", "not_sent"),
        *MODEL,
        takes=ref("TestAsked"),
    ),
    "GET /test-addresses": does("Where tests may be sent to", _ADDRESSES),
    "PUT /test-addresses": does(
        "Replace them", _ADDRESSES, "invalid_address", *MODEL, takes=ref("TestAddresses")
    ),
    "PUT /products/{product_id}": does(
        "Keep a product that blocks of templates may show",
        ref("ProductShown"),
        *("invalid_name", "product_changed", *MODEL),
        takes=ref("Product"),
    ),
    "GET /products/{product_id}": does(
        "A product, and how often others were bought together with it", ref("ProductShown"), "not_found"
    ),
    "PUT /offers/{name}": does(
        "Keep an offer none of whose prices is below its floor",
        ref("OfferShown"),
        *("invalid_name", "price_below_floor", "offer_changed", *MODEL),
        takes=ref("Offer"),
    ),
    "GET /offers": does("All offers as they stand", obj({"offers": many(ref("OfferShown"))})),
    "GET /service-kinds": does("What counts as a service message", obj({"kinds": by_name(TEXT)})),
    "GET /landing-pages": does("Where campaigns lead to", ref("LandingPages")),
    "PUT /landing-pages": does(
        "Replace them; no service message may link there",
        obj({"pages": many(TEXT), "breaches": by_name(many(TEXT))}),
        *MODEL,
        takes=ref("LandingPages"),
    ),
}

_TEMPLATE = model("Template", TemplateDocument)
_SHOWN = {"name": TEXT, "version": NUMBER, **_TEMPLATE["Template"]["properties"]}
_PRODUCT = model("Product", Product)
_OFFER = model("Offer", Offer)
_SHOWN_PRODUCT = model("ProductAnswered", Product, shown=True)
_SHOWN_OFFER = model("OfferAnswered", Offer, shown=True)
_PREVIEW: Mapping[str, Schema] = {
    **dict.fromkeys(("language", "subject", "text", "html"), TEXT),
    "gates": many(by_name(TEXT)),
    **dict.fromkeys(("reason", "detail"), TEXT),
}

SCHEMAS: Mapping[str, Schema] = {
    **_TEMPLATE,
    **model("LandingPages", LandingPages),
    **model("PreviewAsked", PreviewAsked),
    **model("TestAsked", TrialAsked),
    **model("TestAddresses", TrialAddresses),
    **_PRODUCT,
    **_OFFER,
    **{name: one for name, one in _SHOWN_OFFER.items() if name != "OfferAnswered"},
    "TemplateShown": obj(_SHOWN, "value", "track"),
    "TemplateKept": obj(
        {**_SHOWN, "warnings": many(obj(dict.fromkeys(("code", "path", "message"), TEXT)))}, "value", "track"
    ),
    "Preview": obj(
        {"renders": FLAG, **_PREVIEW},
        *_PREVIEW,
        description="With `renders`, what it says and the gates about that; else the reason why nothing is sent.",
    ),
    "ProductShown": obj(
        {
            "id": TEXT,
            **_SHOWN_PRODUCT["ProductAnswered"]["properties"],
            "bought_together": by_name(NUMBER),
        },
        "price",
    ),
    "OfferShown": obj(
        {"name": TEXT, "revision": NUMBER, **_SHOWN_OFFER["OfferAnswered"]["properties"]},
        *("product", "valid_from", "valid_until"),
    ),
}
