"""Next best action: what, when, how and where, always with the same reasons for the same data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.analysis.evidence import Share
from services.scoring.domain.analysis.next_best import (
    Channel,
    Habits,
    Person,
    Proposition,
    action,
    audience,
    next_best,
)
from services.scoring.domain.analysis.response import ResponseModel


def model(name: str, **weights: float) -> ResponseModel:
    features = [{"kind": "values", "name": "interest", "weights": weights}]
    return ResponseModel.read(name, {"target": name, "intercept": -2.0, "features": features})


INVEST = Proposition("invest", 50_000, model("invest", savings=3.0, travel=-1.0), ("sober", "warm"))
INSURE = Proposition("insure", 4_000, model("insure", travel=3.0), ("warm",))
EVERYBODY = Habits(hours={9: 60, 20: 40}, tones={"sober": Share(20, 100), "warm": Share(10, 100)})
EMAIL, SMS = Channel("email", permitted=True, reachable=True), Channel("sms", permitted=True, reachable=True)
ANN = Person("ann", {"interest": "savings"}, Habits(), (EMAIL, SMS))


def test_what_is_expected_of_whom_and_why() -> None:
    found = action(INVEST, ANN, EVERYBODY)

    assert (round(found.propensity, 4), round(found.cents)) == (0.7311, 36_553)
    assert (found.hour, found.tone, found.channel) == (9, "sober", "email")
    assert found.reasons == (
        "73.1%: interest savings +3.00",
        "9:00: 0 of 0 own reactions, 60 of 100 of everybody's",
        "sober: 0 of 0 own answers, 20 of 100 of everybody's",
        "email: permitted and reachable",
    )


@pytest.mark.parametrize(("own", "hour"), [({}, 9), ({20: 1}, 9), ({20: 3}, 20), ({20: 3, 7: 30}, 7)])
def test_own_hours_count_the_more_the_more_there_are(own: dict[int, int], hour: int) -> None:
    assert action(INVEST, replace(ANN, habits=Habits(hours=own)), EVERYBODY).hour == hour


@pytest.mark.parametrize(
    ("own", "tone"), [({}, "sober"), ({"warm": Share(1, 1)}, "sober"), ({"warm": Share(5, 6)}, "warm")]
)
def test_one_answer_is_no_taste_yet(own: dict[str, Share], tone: str) -> None:
    assert action(INVEST, replace(ANN, habits=Habits(tones=own)), EVERYBODY).tone == tone


@pytest.mark.parametrize(
    ("email", "sms", "channel", "reason"),
    [
        ((True, True), (True, True), "email", "email: permitted and reachable"),
        ((False, True), (True, True), "sms", "email: no permission; sms: permitted and reachable"),
        ((True, False), (True, True), "sms", "email: not reachable; sms: permitted and reachable"),
        ((True, False), (False, True), None, "email: not reachable; sms: no permission"),
    ],
)
def test_the_preferred_channel_that_may_be_used(
    email: tuple[bool, bool], sms: tuple[bool, bool], channel: str | None, reason: str
) -> None:
    person = replace(ANN, channels=(Channel("email", *email), Channel("sms", *sms)))

    found = action(INVEST, person, EVERYBODY)

    assert (found.channel, found.reasons[3]) == (channel, reason)


def test_nothing_is_known_of_anybody() -> None:
    found = action(INVEST, Person("new", {}), Habits())

    assert (found.hour, found.tone, found.channel) == (10, "sober", None)
    assert found.reasons[1:] == (
        "10:00: nobody has reacted yet",
        "sober: 0 of 0 own answers, 0 of 0 of everybody's",
        "no channel is known",
    )


def test_the_best_proposition_is_that_with_most_to_expect() -> None:
    traveller = Person("bob", {"interest": "travel"}, Habits(), (EMAIL,))

    assert [one.proposition for one in next_best([INSURE, INVEST], ANN, EVERYBODY)] == ["invest", "insure"]
    assert [one.proposition for one in next_best([INSURE, INVEST], traveller, EVERYBODY)] == [
        "insure",
        "invest",
    ]


def test_the_right_segment_is_who_brings_more_than_the_message_costs() -> None:
    people = [
        Person("saver", {"interest": "savings"}, Habits(), (EMAIL,)),
        Person("silent", {"interest": "savings"}, Habits(), (Channel("email", False, True),)),
        Person("traveller", {"interest": "travel"}, Habits(), (EMAIL,)),
        Person("anybody", {}, Habits(), (EMAIL,)),
    ]

    assert [one.person for one in audience(INVEST, people, EVERYBODY, cost=3_000)] == ["saver", "anybody"]
    assert [one.person for one in audience(INVEST, people, EVERYBODY)] == ["saver", "anybody", "traveller"]


hours = st.dictionaries(st.integers(0, 23), st.integers(0, 50))
tones = st.dictionaries(
    st.sampled_from(["sober", "warm"]),
    st.integers(0, 20).flatmap(lambda n: st.builds(Share, st.integers(0, n), st.just(n))),
)


@pytest.mark.capability("002-7")
@given(
    hours,
    tones,
    st.sampled_from(["savings", "travel", None]),
    st.lists(st.builds(Channel, st.sampled_from(["email", "sms"]), st.booleans(), st.booleans()), max_size=3),
)
@settings(max_examples=80)
def test_fixed_data_give_the_same_action_whatever_their_order(
    own: dict[int, int], liked: dict[str, Share], interest: Any, channels: list[Channel]
) -> None:
    person = Person("p", {"interest": interest}, Habits(own, liked), tuple(channels))
    turned = replace(person, habits=Habits(dict(reversed(own.items())), dict(reversed(liked.items()))))

    found = next_best([INVEST, INSURE], person, EVERYBODY)

    assert next_best([INSURE, INVEST], turned, EVERYBODY) == found
    for one in found:
        assert one.channel is None or Channel(one.channel, True, True) in channels
        assert 0 <= one.hour <= 23
        assert 0 < one.propensity < 1
        assert all(one.reasons)
