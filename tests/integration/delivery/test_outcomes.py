"""What came of a journey's messages, as another service asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.delivery.adapters.dynamo_counters import DynamoCounters
from services.delivery.domain.reports.once import Change
from services.delivery.domain.reports.rows import RowKey
from services.delivery.use_cases.tell_outcomes import TellOutcomes
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock
from services.shared.contracts.outcomes import OutcomesAnswer, OutcomesQuestion
from tests.integration.delivery.world import World

NOW = datetime(1997, 1, 3, 12, tzinfo=UTC)


def test_a_journeys_days_are_added_up_and_no_others(world: World) -> None:
    counters = DynamoCounters(Table("reports"))
    rows = {
        RowKey(day="1996-12-31", journey="spring", channel="email"): {"sent": 100},
        RowKey(day="1997-01-01", journey="spring", channel="email"): {"sent": 10, "bounced": 1},
        RowKey(day="1997-01-03", journey="spring", channel="sms"): {"sent": 5, "complained": 2, "opened": 3},
        RowKey(day="1997-01-03", journey="spring_two", channel="email"): {"sent": 7},
    }
    counters.count([Change("event", rows)], NOW)
    tell = TellOutcomes(counters, FixedClock(NOW))

    question = OutcomesQuestion(journey="spring", since=NOW - timedelta(days=2))
    assert tell.answer(question) == OutcomesAnswer(sent=15, bounced=1, complained=2)
    with pytest.raises(ValueError, match="days ago"):
        tell.answer(OutcomesQuestion(journey="spring", since=NOW - timedelta(days=60)))
