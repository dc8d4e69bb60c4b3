"""Messages for people who turn out to be another profile: to the winner or to nobody, never to both (F30, F31)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from services.delivery.bootstrap.records import serving
from services.delivery.bootstrap.sending import sending
from services.delivery.domain.protocol import Retry, Unknown
from services.delivery.handlers import on_feedback, on_profiles_changed, sweep
from services.shared.contracts.ingest import Merge, ProfileChange, ProfilesChanged, ProfilesMerged
from tests.integration.delivery.steps import ask, consent, given_contact, given_templates, request
from tests.integration.delivery.world import (
    CLOCK,
    NOW,
    Context,
    World,
    key_of,
    notification,
    ses_event,
    sqs,
)

WINNER, LOSER = "prf_winner", "prf_loser"
OWN, OLD = "winner@example.com", "loser@example.com"


def merge(loser: str = LOSER, winner: str = WINNER, at: datetime = NOW) -> None:
    fact = ProfilesMerged(merges=[Merge(loser=loser, winner=winner, at=at)])
    assert on_profiles_changed.handler(sqs(fact), Context()) == {"batchItemFailures": []}


def told_anew(profile: str, since: int, at: datetime, **traits: Any) -> None:
    change = ProfileChange(
        profile_id=profile, version=since, traits_version=since, at=at, events=[], traits=traits, since=since
    )
    fact = ProfilesChanged(changes=[change])
    assert on_profiles_changed.handler(sqs(fact), Context()) == {"batchItemFailures": []}


@pytest.fixture
def two(world: World) -> World:
    """Two profiles, both permitted."""
    given_templates()
    world.fake_senders()
    given_contact(WINNER, email=OWN, firstName="Ann")
    given_contact(LOSER, email=OLD, firstName="Anna")
    consent("granted", 1, OWN)
    consent("granted", 1, OLD)
    return world


def addressees(world: World) -> list[str]:
    return [message.to for message in world.email.accepted]


def test_what_was_asked_for_the_loser_reaches_the_winner(two: World) -> None:
    merge()
    merge()

    ask(request("snd_l", profile_id=LOSER))

    assert addressees(two) == [OWN]
    message = two.item("snd_l")
    assert (message["profile_id"], message["merged_from"]) == (WINNER, LOSER)
    assert [m.send_id for m in serving()._messages.of_profile(WINNER, 9)] == ["snd_l"]


@pytest.mark.parametrize("first", ["winner", "loser"])
def test_the_same_node_sends_once_to_one_person(two: World, first: str) -> None:
    """Both walks asked before the merge; both requests are carried out after it."""
    merge()
    requests = [request("snd_w", profile_id=WINNER), request("snd_l", profile_id=LOSER)]

    for one in requests if first == "winner" else requests[::-1]:
        ask(one)
        ask(one)

    assert addressees(two) == [OWN]
    skipped = two.item("snd_l" if first == "winner" else "snd_w")
    assert (skipped["status"], skipped["reason"]) == ("skipped", "merged")
    assert skipped["gates"][-1]["gate"] == "merge"


def test_nor_does_it_the_day_after(two: World) -> None:
    ask(request("snd_w", profile_id=WINNER))
    CLOCK.advance(timedelta(days=1))
    merge(at=CLOCK.now())

    ask(request("snd_l", profile_id=LOSER))

    assert addressees(two) == [OWN]
    assert two.item("snd_l")["reason"] == "merged"


def test_other_nodes_and_service_messages_are_not_held_back(two: World) -> None:
    merge()

    ask(
        request("snd_w", profile_id=WINNER),
        request("snd_l", profile_id=LOSER, node="reminder"),
        request("srv_w", profile_id=WINNER, template="confirm"),
        request("srv_l", profile_id=LOSER, template="confirm"),
    )

    assert len(addressees(two)) == 4


def test_a_journey_that_comes_round_again_may_send_again(two: World) -> None:
    ask(request("snd_1", profile_id=WINNER))
    ask(request("snd_2", profile_id=WINNER))

    assert len(addressees(two)) == 2


def test_an_attempt_that_failed_before_the_merge_goes_on_as_the_winner_s(two: World) -> None:
    """F10: throttled under the loser's id, retried after the merge."""
    two.email.answers = [Retry("TooManyRequestsException")]
    ask(request("snd_l", profile_id=LOSER))
    merge()
    CLOCK.advance(timedelta(minutes=2))

    sweep.handler({}, Context())

    assert addressees(two) == [OWN]
    assert two.item("snd_l")["profile_id"] == WINNER


def test_a_repetition_of_an_unknown_service_message_reaches_the_winner(two: World) -> None:
    two.email.answers = [Unknown("ReadTimeoutError")]
    ask(request("srv_l", profile_id=LOSER, template="confirm"))
    merge()
    CLOCK.advance(timedelta(minutes=20))

    sweep.handler({}, Context())

    assert addressees(two) == [OWN]


@pytest.mark.parametrize("order", list(permutations([("c", "b"), ("b", LOSER), (LOSER, WINNER)])))
def test_a_chain_leads_to_its_end_in_whatever_order_it_is_told(
    two: World, order: tuple[tuple[str, str], ...]
) -> None:
    for loser, winner in order:
        merge(loser, winner)

    ask(request("snd_c", profile_id="c"))

    assert addressees(two) == [OWN]


def test_a_circle_leads_nowhere_and_ends(two: World) -> None:
    merge(LOSER, WINNER)
    merge(WINNER, LOSER, NOW + timedelta(seconds=1))

    ask(request("snd_l", profile_id=LOSER), failures=1)

    assert addressees(two) == []


def test_what_both_were_sent_today_counts_for_the_winner(two: World) -> None:
    ask(*(request(f"snd_l{n}", profile_id=LOSER, node=f"l{n}") for n in range(2)))
    ask(request("snd_w", profile_id=WINNER, node="w"))
    merge()
    merge()

    ask(request("snd_more", profile_id=WINNER, node="more"))

    assert two.item("snd_more")["reason"] == "frequency_cap"
    (ledger,) = [i for i in two.raw("gates") if i["pk"]["S"].startswith("cap#") and i["sk"]["S"] == "ledger"]
    assert ledger["pk"]["S"] == f"cap#{WINNER}"
    assert len(json.loads(ledger["touches"]["S"])) == 3


def test_each_profile_s_messages_stay_its_own(two: World) -> None:
    """F31: the winner's pressure counts what the loser was sent, its list does not; so the two can be parted again."""
    ask(*(request(f"snd_l{n}", profile_id=LOSER, node=f"l{n}") for n in range(2)))
    ask(request("snd_w", profile_id=WINNER, node="w"))
    merge()
    merge()

    messages = sending()._messages
    assert {m.send_id for m in messages.of_profile(LOSER, 10)} == {"snd_l0", "snd_l1"}
    assert {m.send_id for m in messages.of_profile(WINNER, 10)} == {"snd_w"}


def test_what_comes_late_of_the_loser_changes_nothing(two: World) -> None:
    merge()
    given_contact(LOSER, version=9, email="late@example.com")

    ask(request("snd_l", profile_id=LOSER))

    assert addressees(two) == [OWN]
    assert not [i for i in two.raw("gates") if i["pk"]["S"] == f"address#{key_of('late@example.com')}"]


def test_a_profile_given_back_has_its_own_contact_again(two: World) -> None:
    merge(at=NOW)
    told_anew(LOSER, 7, NOW + timedelta(hours=1), email=OLD)
    merge(at=NOW)

    ask(request("snd_l", profile_id=LOSER))

    assert addressees(two) == [OLD]


def test_the_owner_of_the_loser_s_address_is_the_winner(two: World) -> None:
    merge()

    consent("revoked", 2, OLD)

    (outcome,) = [i for i in two.raw("messages") if i["send_id"]["S"].startswith("unsub#")]
    assert outcome["profile_id"]["S"] == WINNER


@pytest.mark.parametrize(
    ("own", "old", "sent"),
    [
        pytest.param("granted", "revoked", [OWN], id="the other address was withdrawn"),
        pytest.param("revoked", "granted", [], id="this address was withdrawn"),
        pytest.param(None, "granted", [], id="nobody asked for this address"),
    ],
)
def test_a_merge_gains_no_consent(world: World, own: Any, old: Any, sent: list[str]) -> None:
    """F31: permission is of an address; that another address of the same person has one is no permission for this."""
    given_templates()
    world.fake_senders()
    given_contact(WINNER, email=OWN)
    given_contact(LOSER, email=OLD)
    for address, state in ((OWN, own), (OLD, old)):
        if state:
            consent(state, 1, address)
    merge()

    ask(request("snd_w", profile_id=WINNER, node="a"), request("snd_l", profile_id=LOSER, node="b"))

    assert sorted(set(addressees(world))) == sent


def test_a_winner_that_takes_the_loser_s_address_keeps_its_withdrawal(two: World) -> None:
    """F31: the merged profile's e-mail is the loser's, who had withdrawn."""
    consent("revoked", 2, OLD)
    merge()
    given_contact(WINNER, version=5, email=OLD)

    ask(request("snd_w", profile_id=WINNER))

    assert (addressees(two), two.item("snd_w")["reason"]) == ([], "no_consent")


def test_a_complaint_about_the_loser_s_message_suppresses_its_address_for_the_winner_too(two: World) -> None:
    """F33."""
    ask(request("snd_l", profile_id=LOSER))
    merge()
    given_contact(WINNER, version=5, email=OLD)

    on_feedback.handler(notification(ses_event("Complaint", "snd_l")), Context())
    ask(request("snd_w", profile_id=WINNER, node="another"))

    assert two.item("snd_w")["reason"] == "suppressed"
