"""Legal bases of purposes: which channel rests on what, when it lapses, and what a soft opt-in asks of a sale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.consent.domain.bases import Sale, SoftOptIn, Terms, lapses, unmet
from services.consent.domain.ledger import Standing
from services.consent.domain.purposes import Purpose

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOFT: dict[str, Any] = {
    "kind": "soft_opt_in",
    "sources": ["webshop", "store-12"],
    "categories": ["shoes"],
    "within_days": 90,
}


def purpose(**changed: Any) -> Purpose:
    texts = [{"version": "1", "language": "en", "text": "You may write to me."}]
    document = {"title": "News", "channels": ["email", "sms"], "texts": texts, **changed}
    return Purpose.model_validate(document)


def sale(**changed: Any) -> Sale:
    document = {
        "order_id": "1001",
        "source": "webshop",
        "at": NOW - timedelta(days=10),
        "categories": ["socks", "shoes"],
        "objection_offered": "checkout@4",
    }
    return Sale.model_validate({**document, **changed})


@pytest.mark.parametrize(
    ("at", "valid_for", "until"),
    [
        ("2026-03-01", "P24M", "2028-03-01"),
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2026-12-15", "P1M", "2027-01-15"),
        ("2026-03-01", "P2W", "2026-03-15"),
        ("2026-03-01", "P90D", "2026-05-30"),
    ],
)
def test_a_permission_lapses_by_the_calendar(at: str, valid_for: str, until: str) -> None:
    def noon(day: str) -> datetime:
        return datetime.fromisoformat(f"{day}T12:00:00+00:00")

    assert lapses(noon(at), valid_for) == noon(until)


@pytest.mark.parametrize("valid_for", ["P0M", "24M", "P24", "P1Y6M", "P-1M", "PT1H", "P1.5Y", "P1000Y", ""])
def test_what_is_no_validity_is_refused(valid_for: str) -> None:
    with pytest.raises(ValidationError):
        purpose(bases={"email": {"kind": "double_opt_in", "valid_for": valid_for}})


def test_each_channel_has_its_basis_and_without_one_it_is_double_opt_in() -> None:
    mixed = purpose(bases={"email": {**SOFT, "valid_for": "P24M"}})

    assert (mixed.basis_on("email").kind, mixed.basis_on("sms").kind) == ("soft_opt_in", "double_opt_in")
    assert mixed.terms("email", NOW) == Terms("double_opt_in", "2028-03-01T12:00:00.000Z")
    assert mixed.terms("email", NOW, soft=True).basis == "soft_opt_in"
    assert mixed.terms("sms", NOW) == Terms("double_opt_in", "")


def test_what_belongs_to_a_contract_asks_nobody() -> None:
    assert purpose(bases={"sms": {"kind": "contract"}}).asked_on() == ["email"]


@pytest.mark.parametrize(
    "bases",
    [
        {"email": {"kind": "legitimate_interest"}},
        {"email": {"kind": "soft_opt_in"}},
        {"email": {**SOFT, "sources": []}},
        {"email": {**SOFT, "categories": []}},
        {"email": {**SOFT, "within_days": 0}},
        {"email": {"kind": "contract", "valid_for": "P1Y"}},
        {"pigeon": {"kind": "contract"}},
    ],
)
def test_a_basis_that_says_too_little_is_refused(bases: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        purpose(bases=bases)


def test_a_basis_is_of_a_channel_that_the_purpose_has() -> None:
    with pytest.raises(ValidationError, match="not a channel of the purpose: sms"):
        purpose(channels=["email"], bases={"sms": {"kind": "contract"}})


@pytest.mark.parametrize(
    ("changed", "conditions"),
    [
        ({}, []),
        ({"source": "a-partner"}, ["source"]),
        ({"at": NOW - timedelta(days=90)}, []),
        ({"at": NOW - timedelta(days=90, seconds=1)}, ["within_days"]),
        ({"at": NOW + timedelta(seconds=1)}, ["within_days"]),
        ({"categories": ["insurance"]}, ["categories"]),
        ({"objection_offered": ""}, ["objection_offered"]),
        (
            {"source": "x", "categories": ["y"], "objection_offered": ""},
            ["source", "categories", "objection_offered"],
        ),
    ],
)
def test_a_soft_opt_in_names_every_condition_that_is_not_met(
    changed: dict[str, Any], conditions: list[str]
) -> None:
    assert list(unmet(SoftOptIn.model_validate(SOFT), sale(**changed), NOW)) == conditions


@pytest.mark.parametrize("form", ["message:snd_1", "the form of Ann", "x" * 101])
def test_where_one_could_object_is_a_form_and_names_nobody(form: str) -> None:
    """It stands in the ledger's entry, which can never be erased."""
    with pytest.raises(ValidationError):
        sale(objection_offered=form)


def test_what_has_lapsed_is_expired_and_what_was_taken_back_stays_so() -> None:
    until = "2026-03-01T12:00:00.000Z"
    granted = Standing("granted", 1, "cns_1", "1", "2024-03-01T12:00:00.000Z", "double_opt_in", until)

    assert granted.as_of("2026-03-01T11:59:59.999Z") == granted
    assert granted.as_of(until).state == "expired"
    taken = Standing("revoked", 2, "cns_2", "1", until, "", until)
    assert taken.as_of(until).state == "revoked"
