"""Which of the events that only say that a message arrived somebody asks for."""

from __future__ import annotations

from typing import Any

import pytest

from services.scoring.domain.definitions import Definitions, ScoreModel
from services.scoring.domain.definitions.arrivals import arrivals_asked_for, order_of
from services.scoring.domain.definitions.pitches import Pitch
from services.scoring.domain.definitions.trigger_tables import TriggerTable
from services.shared.contracts.journeys import Listener, Listening, Watch
from services.shared.interaction import ARRIVALS
from tests.unit.scoring.builders import definitions, on
from tests.unit.scoring.test_trigger_tables import MODEL, TABLE

MAIL = "Email Delivered"


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        ({"event": MAIL, "count": {"gte": 3}}, {MAIL}),
        ({"none": [{"event": "SMS Delivered"}]}, {"SMS Delivered"}),
        ({"event": "*"}, ARRIVALS),
        ({"event": "*", "direction": "outbound"}, ARRIVALS),
        ({"event": "*", "direction": "inbound"}, set()),
        ({"event": MAIL, "type": "page"}, set()),
        ({"fact": "emails_opened", "gte": 1}, set()),
    ],
)
def test_a_condition_asks_for_what_it_names(condition: dict[str, Any], asked: set[str]) -> None:
    assert arrivals_asked_for(definitions({"some": condition})) == asked


def test_a_score_asks_for_what_it_counts() -> None:
    model = {"engagement": [{"event": MAIL, "points": 1}]}
    assert arrivals_asked_for(definitions({}, model)) == {MAIL}


def test_a_trigger_and_a_pitch_ask() -> None:
    first, *others = TABLE["triggers"]
    table = {**TABLE, "triggers": [{**first, "event": MAIL}, *others]}
    triggers = Definitions.of(1, [ScoreModel.read("buying", MODEL), TriggerTable.read("online", table)])
    assert arrivals_asked_for(triggers) == {MAIL}
    pitch = Pitch.read("invest", {"margin": 1, "propensity": "buying", "purpose": "news"})
    assert arrivals_asked_for(Definitions(1, (pitch,), {})) == ARRIVALS


def test_journeys_ask_while_somebody_walks_them_and_the_newest_answer_can_be_told() -> None:
    before = definitions()
    listens = Listening(journey="trial", revision=1, at=on("2026-01-01"))
    one = before.hears(listens.model_copy(update={"listeners": [Listener(name="~e", event=MAIL)]}))
    watch = Watch(name="~w", when={"event": "SMS Delivered"})
    two = one.hears(listens.model_copy(update={"revision": 2, "watches": [watch]}))
    none = two.hears(listens.model_copy(update={"revision": 3}))

    told = [arrivals_asked_for(one) for one in (before, one, two, none)]
    orders = [order_of(one) for one in (before, one, two, none)]

    assert told == [set(), {MAIL}, {"SMS Delivered"}, set()]
    assert orders == sorted(set(orders))
