"""The SMS provider's opt-out list and the ledger, both ways: the real SDK against the provider's stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.stand_in import Refused, StandIn
from services.consent.handlers import on_sms_permissions, opt_outs
from services.shared.aws.clients import client
from services.shared.contracts.consent import EVERY, ConsentChanged
from tests.integration.consent.conftest import CONTEXT, World
from tests.integration.consent.test_withdrawal import PHONE, granted_by_text, queued, states, text_back

SECOND = 1_772_370_000.0


@pytest.fixture
def provider(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    server = StandIn()
    server.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", server.url)
    # Tests share clients that nobody hooked into; this one speaks to this server only.
    client("pinpoint-sms-voice-v2").meta.events.register("before-call", lambda **_: None)
    yield server
    server.stop()


def follow(world: World) -> None:
    """Let the list hear of what changed, twice, as queues do."""
    for fact in world.pump():
        if "changes" in fact:
            body: dict[str, Any] = {
                "source": ConsentChanged.source,
                "detail-type": ConsentChanged.detail_type,
                "detail": fact,
            }
            for _ in range(2):
                assert on_sms_permissions.handler(queued(body), CONTEXT) == {"batchItemFailures": []}


def test_whoever_objects_is_on_the_provider_s_list_until_they_permit_again(
    world: World, provider: StandIn
) -> None:
    granted_by_text(world)
    follow(world)
    assert provider.opted_out == {}
    text_back("STOP", reply_id="in-stop")
    follow(world)
    assert set(provider.opted_out) == {PHONE}
    granted_by_text(world)
    follow(world)
    assert provider.opted_out == {}
    contact = {"channel": "sms", "address": PHONE, "purpose": "newsletter", "reason": "this one only"}
    world.json("POST /consents/revocations", contact)
    follow(world)
    assert set(provider.opted_out) == {PHONE}


def test_a_purpose_that_ends_is_none_of_the_provider_s_business(world: World, provider: StandIn) -> None:
    granted_by_text(world)
    contact = {"channel": "sms", "address": PHONE, "purpose": "newsletter", "reason": "this one only"}
    world.json("POST /consents/revocations", contact)
    world.granted()
    follow(world)
    assert provider.opted_out == {}


def test_whoever_stopped_at_the_provider_is_heard_once(
    world: World, provider: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F1: the whole list is read every hour; an opt-out ends what was given before it was heard of, and no more."""
    monkeypatch.setattr("services.consent.adapters.opt_out_list.PAGE", 4)
    granted_by_text(world)
    provider.opted_out = {f"+3161234{n:04}": (SECOND + n, True) for n in range(7)}
    provider.opted_out |= {PHONE: (SECOND, True), "+31600000001": (SECOND, False)}
    for _ in range(2):
        opt_outs.handler({}, CONTEXT)
    assert states(world, PHONE, "sms") == {"newsletter": "revoked", EVERY: "revoked"}
    assert states(world, "+31612340006", "sms") == {EVERY: "revoked"}
    assert states(world, "+31600000001", "sms") == {}
    assert [one["means"] for one in world.look(PHONE, "sms")["history"][2:]] == ["provider", "provider"]
    granted_by_text(world)
    opt_outs.handler({}, CONTEXT)
    assert states(world, PHONE, "sms")["newsletter"] == "granted"
    provider.opted_out[PHONE] = (SECOND + 86_400, True)
    opt_outs.handler({}, CONTEXT)
    assert states(world, PHONE, "sms")["newsletter"] == "revoked"


def test_a_provider_that_keeps_a_number_is_no_error(
    world: World, provider: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number comes off its list once in thirty days; what permits it in the ledger stays as it is."""
    granted_by_text(world)

    def refuse(operation: str, body: bytes) -> Any:
        raise Refused(f"{operation}: once in thirty days")

    monkeypatch.setattr(provider, "opt_outs", refuse)
    follow(world)
    assert states(world, PHONE, "sms") == {"newsletter": "granted"}
