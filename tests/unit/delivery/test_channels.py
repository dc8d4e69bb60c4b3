"""Channels: in which order they are tried, what they cost, and where a letter or a notification can go."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.delivery.domain.channel_terms import read_terms
from services.delivery.domain.choice import Ask, Choice, Standing, candidates, choose
from services.delivery.domain.contact import contact_of
from services.delivery.domain.postal import Letterbox, letterbox_of, undeliverable
from services.delivery.domain.prices import cheaper_first
from services.delivery.domain.segments import segments
from services.shared.addresses import address_key, normalise_address
from services.shared.channels import CHANNELS
from services.shared.errors import Invalid
from services.shared.permission import Permission

NOW = "2026-03-01T12:00:00.000Z"
WAYS = ("email", "push", "print", "call")


@pytest.mark.capability("000-28")
@pytest.mark.parametrize("preference", list(permutations(WAYS)), ids="-".join)
def test_the_channel_is_the_first_of_the_preference_that_is_reachable_and_permitted(
    preference: tuple[str, ...],
) -> None:
    """Every order of four channels, with every combination of reachable, permitted and suppressed."""
    for states in product(("nowhere", "denied", "suppressed", "open"), repeat=len(WAYS)):
        state = dict(zip(WAYS, states, strict=True))
        standings = {
            name: Standing(
                address=name,
                address_key=f"adr_{name}",
                suppressed="bounced" if kind == "suppressed" else "",
                permission=Permission("denied" if kind == "denied" else "granted", f"cns_{name}"),
            )
            for name, kind in state.items()
            if kind != "nowhere"
        }
        order = candidates([preference[0], *preference[1:]], "", CHANNELS)

        chosen = choose(order, Ask("commercial", NOW, CHANNELS), standings)

        expected = next((name for name in preference if state[name] == "open"), None)
        assert (chosen.channel if isinstance(chosen, Choice) else None) == expected
        passed = [g["channel"] for g in chosen.gates if g["gate"] == "consent" and g["verdict"] == "pass"]
        assert passed == ([expected] if expected else [])


@pytest.mark.parametrize("preferred", CHANNELS)
def test_ones_own_choice_comes_first_and_every_other_channel_after_it(preferred: str) -> None:
    order = candidates(["preferred"], preferred, CHANNELS)

    assert order[0] == preferred
    assert sorted(order) == sorted(CHANNELS)


@pytest.mark.capability("001-20")
@given(
    order=st.permutations(CHANNELS),
    costs=st.fixed_dictionaries(dict.fromkeys(CHANNELS, st.integers(0, 5).map(Decimal))),
    value=st.integers(0, 5).map(Decimal),
)
@settings(max_examples=60, deadline=None)
def test_what_costs_more_than_the_message_is_worth_comes_last_and_the_cheaper_first(
    order: list[str], costs: dict[str, Decimal], value: Decimal
) -> None:
    found, record = cheaper_first(order, value, costs)

    worth = [name for name in order if costs[name] <= value]
    assert found[: len(worth)] == worth
    rest = found[len(worth) :]
    assert sorted(found) == sorted(order)
    assert [costs[name] for name in rest] == sorted(costs[name] for name in rest)
    assert [one["channel"] for one in record] == rest


def test_a_message_of_no_known_value_keeps_its_order() -> None:
    costs = {"print": Decimal("0.85"), "email": Decimal("0.0001")}

    assert cheaper_first(["print", "email"], None, costs) == (["print", "email"], [])


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the escape and its sign stay together
        ("ë" * 70, "UCS-2", 70, 1),
        ("ë" * 71, "UCS-2", 71, 2),
        ("ë" * 134, "UCS-2", 134, 2),
        ("ë" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("ë" * 66 + "😀" + "ë" * 66, "UCS-2", 134, 3),  # nor is a pair of surrogates cut
        ("Ünï", "UCS-2", 3, 1),
        ("ÜÄÖñà@_Δ", "GSM-7", 8, 1),
    ],
)
def test_parts_of_a_text_message(text: str, encoding: str, units: int, parts: int) -> None:
    found = segments(text)

    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ({"street": "Kerkstraat 1", "postalCode": "1234ab", "city": "Utrecht"}, ""),
        ({"street": "Kerkstraat", "houseNumber": 1, "postalCode": "1234 AB", "city": "Utrecht"}, ""),
        ({"street": "Kerkstraat 1", "postalCode": "NL-1234 AB", "city": "Utrecht", "country": "NL"}, ""),
        ({"street": "Kerkstraat 1", "postalCode": "0234 AB", "city": "Utrecht"}, "postal_code"),
        ({"street": "Kerkstraat 1", "postalCode": "1234 SS", "city": "Utrecht"}, "postal_code"),
        ({"street": "Kerkstraat 1", "postalCode": "1234", "city": "Utrecht"}, "postal_code"),
        ({"street": "Kerkstraat", "postalCode": "1234 AB", "city": "Utrecht"}, "house_number"),
        ({"street": "Kerkstraat 1", "postalCode": "1234 AB"}, "city"),
        ({"postalCode": "1234 AB", "city": "Utrecht"}, "street"),
        ({"street": "Meir 1", "postalCode": "2000", "city": "Antwerpen", "country": "België"}, ""),
        ({"street": "Meir 1", "postalCode": "200", "city": "Antwerpen", "country": "BE"}, "postal_code"),
        ({"street": "Ring 1", "postalCode": "01067", "city": "Dresden", "country": "Germany"}, ""),
        ({"street": "Ring 1", "postalCode": "00067", "city": "Dresden", "country": "DE"}, "postal_code"),
        ({"street": "Ring 1", "postalCode": "D1067", "city": "Dresden", "country": "DE"}, "postal_code"),
        ({"street": "Rue", "city": "Paris", "country": "FR"}, ""),
        ({"street": "Somewhere 1", "city": "There", "country": "Atlantis"}, "country"),
        ({}, "street"),
        ("Kerkstraat 1, Utrecht", "street"),
    ],
)
def test_where_a_letter_would_arrive(address: object, problem: str) -> None:
    assert undeliverable(letterbox_of(address), "NL") == problem


def test_a_letter_box_is_the_same_however_it_is_spelt() -> None:
    one = letterbox_of(
        {"street": "Kerkstraat  1", "postalCode": "1234ab", "city": "Utrecht", "country": "nl"}
    )
    other = {"line1": "kerkstraat 1", "zip": "1234 AB", "city": "UTRECHT", "country": "Nederland"}

    assert one == Letterbox("Kerkstraat 1", "1234 AB", "Utrecht", "NL")
    assert Letterbox.of_text(one.text()) == one
    typed = "Kerkstraat 1; 1234 AB; Utrecht; NL"
    assert normalise_address("print", typed) == one.text()
    keys = {address_key("s", "print", text) for text in (one.text(), letterbox_of(other).text(), typed)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("APNS:" + "a1" * 32, "apns:" + "a1" * 32),
        (" gcm:dQw4w9WgXcQ:APA91bH_x-y ", "gcm:dQw4w9WgXcQ:APA91bH_x-y"),
        (
            "arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/shop/1-2",
            "arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/shop/1-2",
        ),
        ("sms:+31612345678", None),
        ("arn:aws:sns:eu-west-1:123456789012:everybody", None),
        ("gcm:", None),
        ("gcm:has a space", None),
        ("", None),
    ],
)
def test_where_a_notification_can_go(raw: str, normal: str | None) -> None:
    if normal is None:
        with pytest.raises(ValueError, match="push"):
            normalise_address("push", raw)
    else:
        assert normalise_address("push", raw) == normal


def test_a_profile_is_reached_by_what_its_traits_say() -> None:
    contact = contact_of(
        "prf_1",
        1,
        {
            "phone": "+31612345678",
            "pushToken": "gcm:abcdefgh",
            "walletPassId": "pass-1",
            "address": {"street": "Kerkstraat 1", "postalCode": "1234AB", "city": "Utrecht"},
        },
    )

    assert {name: contact.address(name) for name in CHANNELS} == {
        "email": "",
        "sms": "+31612345678",
        "push": "gcm:abcdefgh",
        "print": "Kerkstraat 1\n1234AB\nUtrecht\n",
        "call": "+31612345678",
        "wallet": "pass-1",
        "webhook": "prf_1",
    }


def test_receivers_are_out_on_the_internet() -> None:
    assert read_terms({"webhook": "https://hooks.example.com/in"}, frozenset()).receiver("webhook")
    with pytest.raises(Invalid) as refused:
        read_terms({"wallet": "https://169.254.169.254/latest"}, frozenset())
    assert refused.value.code == "unsafe_url"
