"""Choosing a channel: preference, reachability, suppression and consent, and the reason told."""

from __future__ import annotations

from itertools import product

import pytest

from services.delivery.domain.choice import Ask, Choice, Skip, Standing, candidates, choose
from services.delivery.domain.contact import contact_of
from services.shared.permission import Permission

NOW = "2026-03-01T12:00:00.000Z"


@pytest.mark.parametrize(
    ("requested", "preferred", "supported", "order"),
    [
        (["email"], "sms", ["email", "sms"], ["email"]),
        (["preferred"], "sms", ["email", "sms"], ["sms", "email"]),
        (["preferred"], "", ["email", "sms"], ["email", "sms"]),
        (["preferred"], "sms", ["email"], ["email"]),
        (["preferred"], "pigeon", ["email", "sms"], ["email", "sms"]),
        (["sms", "preferred"], "email", ["email", "sms"], ["sms", "email"]),
        (["push"], "email", ["email"], []),
    ],
)
def test_the_order_of_channels(
    requested: list[str], preferred: str, supported: list[str], order: list[str]
) -> None:
    assert candidates(requested, preferred, supported) == order


STATES = ("none", "unknown", "denied", "revoked", "granted", "suppressed")


def standing(state: str) -> Standing | None:
    if state == "none":
        return None
    permission = None if state == "unknown" else Permission(state, f"cns_{state}")
    if state == "suppressed":
        return Standing("a", "adr_a", "bounced", Permission("granted", "cns_granted"))
    return Standing("a", "adr_a", "", permission)


@pytest.mark.parametrize(("email", "sms"), list(product(STATES, repeat=2)))
@pytest.mark.parametrize("commercial", [True, False])
def test_every_combination_takes_the_first_channel_that_may(email: str, sms: str, commercial: bool) -> None:
    states = {"email": email, "sms": sms}
    standings = {c: s for c, state in states.items() if (s := standing(state))}
    may = {c: s == "granted" if commercial else s not in ("none", "suppressed") for c, s in states.items()}

    result = choose(["sms", "email"], Ask("commercial" if commercial else "service", NOW), standings)

    if any(may.values()):
        assert isinstance(result, Choice)
        assert result.channel == ("sms" if may["sms"] else "email")
        assert result.consent_entry_id == ("cns_granted" if commercial else "")
        assert all(g["verdict"] == "pass" for g in result.gates if g["channel"] == result.channel)
        return
    assert isinstance(result, Skip)
    if "suppressed" in states.values():
        assert result.reason == "suppressed"
    else:
        assert result.reason == ("no_address" if set(states.values()) == {"none"} else "no_consent")
    assert {g["channel"] for g in result.gates if g["verdict"] == "stop"} == {"sms", "email"}


def test_a_contact_takes_short_texts_only_in_either_spelling() -> None:
    contact = contact_of(
        "prf_1", 3, {"email": 7, "phone": "+1", "first_name": "Ann", "preferredChannel": "x" * 999}
    )

    assert (contact.email, contact.phone, contact.first_name, contact.preferred_channel) == (
        "",
        "+1",
        "Ann",
        "",
    )
    assert contact.address("push") == ""
