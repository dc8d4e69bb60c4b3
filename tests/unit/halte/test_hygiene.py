"""Which profiles are not clean, and the lines that mark them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from halte.hygiene import (
    BOUNCED,
    DUPLICATE,
    INACTIVE,
    INVALID,
    SOURCE,
    TRAIT,
    Finding,
    Rules,
    counted,
    duplicates,
    findings,
    marks,
)
from services.ingest.domain.history import Signed
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.profile import Profile
from services.ingest.domain.traits import Trait
from services.ingest.domain.validate import Call, CallType
from services.shared.clock import to_iso

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RULES = Rules(NOW, 90)


def before(days: float) -> datetime:
    return NOW - timedelta(days=days)


def profile(profile_id: str = "p", *, set_days_ago: float = 50, **traits: Any) -> Profile:
    at = round(before(set_days_ago).timestamp() * 1000)
    ids = frozenset({Identifier("userId", profile_id)})
    return Profile(profile_id, 1, identifiers=ids, traits={n: Trait(v, at) for n, v in traits.items()})


def event(name: str, days: float, type_: CallType = "track", source: str = "shop") -> Signed:
    message = f"{name}-{days}"
    return Signed(message, Call(message, type_, name, before(days), {}, {}, ()), source=source)


def found(one: Profile, *events: Signed) -> dict[str, str]:
    return {f.what: f.detail for f in findings(one, events, RULES)}


@pytest.mark.parametrize(
    ("events", "is_bounced"),
    [
        ([], False),
        ([("Email Bounced", 10)], True),
        ([("Email Bounced", 10), ("Email Delivered", 5)], False),
        ([("Email Delivered", 20), ("Email Bounced", 10)], True),
        ([("Email Bounced", 51)], False),
        ([("SMS Bounced", 10)], False),
    ],
)
def test_an_address_bounces_when_that_is_its_last_news(
    events: list[tuple[str, float]], is_bounced: bool
) -> None:
    """Fifty days ago the address was set: what bounced before was another."""
    one = profile(email="a@example.com")
    assert (BOUNCED in found(one, *(event(*said) for said in events))) is is_bounced


@pytest.mark.parametrize(
    ("events", "since"),
    [
        ([("Order Completed", 91)], before(91)),
        ([("Order Completed", 90)], None),
        ([("Order Completed", 400), ("Email Delivered", 1)], before(400)),
        ([("Order Completed", 400), ("Email Opened", 1)], None),
        ([("identify", 400, "identify")], before(400)),
        ([("identify", 400, "identify"), ("Email Bounced", 1)], before(400)),
        ([("identify", 400, "identify"), ("identify", 1, "identify", SOURCE)], before(400)),
        ([], None),
    ],
)
def test_who_did_nothing_for_ninety_days_is_inactive(events: list[Any], since: datetime | None) -> None:
    """What Halte sends is no sign of life; nor is a mark of an earlier run."""
    detail = found(profile(), *(event(*said) for said in events)).get(INACTIVE)
    assert detail == (to_iso(since)[:10] if since else None)


@pytest.mark.parametrize(
    ("traits", "is_invalid"),
    [
        ({"email": "ann@example.com", "phone": "+31612345678"}, False),
        ({}, False),
        ({"email": None, "phone": None}, False),
        ({"email": "ann@example"}, False),
        ({"email": "ann at example.com"}, True),
        ({"email": 7}, True),
        ({"email": "Ann@Mailinator.COM"}, True),
        ({"email": "ann@sub.mailinator.com"}, True),
        ({"email": "ann@notmailinator.com"}, False),
        ({"phone": "0612345678"}, True),
        ({"phone": "0612345678", "country": "NL"}, False),
    ],
)
def test_addresses_that_reach_nobody(traits: dict[str, Any], is_invalid: bool) -> None:
    assert (INVALID in found(profile(**traits))) is is_invalid


def test_the_same_name_and_birthday_however_written() -> None:
    same = {"firstName": "Ann", "lastName": "Jansen", "birthday": "1980-01-02"}
    people = [
        profile("a", **same),
        profile("b", **{**same, "firstName": " ANN "}),
        profile("c", **{**same, "birthday": "1980-01-03"}),
        profile("d", firstName="Ann", lastName="Jansen"),
        profile("e", firstName="Ann", lastName="Jansen"),
    ]
    assert duplicates(people) == [Finding("a", DUPLICATE, "b"), Finding("b", DUPLICATE, "a")]


def test_only_marks_that_change_are_written() -> None:
    """As it should be; a new one; one that is found no more; one without anything to name it by."""
    right = profile("right", **{TRAIT: [BOUNCED, INVALID]})
    new, old = profile("new"), profile("old", **{TRAIT: [INACTIVE]})
    nameless = Profile("nameless", 1)
    said = [
        Finding("right", INVALID, ""),
        Finding("right", BOUNCED, ""),
        Finding("new", DUPLICATE, ""),
        Finding("nameless", INACTIVE, ""),
    ]
    lines = [json.loads(line) for line in marks([right, new, old, nameless], said)]
    assert [(line["userId"], line["traits"]) for line in lines] == [
        ("new", {TRAIT: [DUPLICATE]}),
        ("old", {TRAIT: None}),
    ]
    assert counted(said) == {BOUNCED: 1, INACTIVE: 1, INVALID: 1, DUPLICATE: 1}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("userId", {"userId": "x"}),
        ("anonymousId", {"anonymousId": "x"}),
        ("deviceId", {"context": {"device": {"id": "x"}}}),
        ("email", {"context": {"externalIds": [{"type": "email", "id": "x"}]}}),
        ("externalId:crm", {"context": {"externalIds": [{"type": "crm", "id": "x"}]}}),
    ],
)
def test_a_mark_names_the_person_and_says_nothing_else(kind: str, name: dict[str, Any]) -> None:
    one = Profile("p", 1, identifiers=frozenset({Identifier(kind, "x")}))
    (line,) = marks([one], [Finding("p", INACTIVE, "")])
    assert json.loads(line) == {"type": "identify", **name, "traits": {TRAIT: [INACTIVE]}}
