"""What to propose to one person, by the API and real handlers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.domain.recalling import History
from services.shared.clock import FixedClock
from services.shared.contracts.ingest import CustomerEvent, Merge
from tests.integration.scoring.conftest import call, deliver, merged, message, moment, sweep
from tests.integration.scoring.test_permissions import ANN, permission, tell
from tests.unit.scoring.builders import change, event, on

LEARNED = {
    "target": "answer",
    "intercept": -2,
    "features": [{"kind": "values", "name": "interest", "weights": {"savings": 3}}],
}
OTHER = {**LEARNED, "features": [{"kind": "values", "name": "interest", "weights": {"travel": 3}}]}
INVEST = {
    "margin": 500,
    "propensity": "invests",
    "purpose": "newsletter",
    "tones": {"sober": ["invest_sober"], "warm": ["invest_warm"]},
    "everybody": {
        "hours": {"9": 60, "20": 40},
        "tones": {
            "sober": {"answers": 20, "messages": 100},
            "warm": {"answers": 10, "messages": 100},
        },
    },
}
INSURE = {"margin": 40, "propensity": "insures", "purpose": "newsletter", "tones": {"warm": ["insure"]}}
TRAITS = {
    "email": ANN,
    "phone": "+31612345678",
    "interest": "savings",
    "timezone": "Europe/Amsterdam",
    "preferredChannel": "sms",
}


def told() -> list[CustomerEvent]:
    """Three visits at eight in the evening by their own clock, and warm messages that were answered."""
    visits = [event("Home", f"1997-01-0{day}T19:10", kind="page") for day in (1, 2, 3)]
    warm = {"template": "invest_warm"}
    mails = [event("Email Delivered", "1997-01-04", email_id=f"s{n}", **warm) for n in range(6)]
    clicks = [event("Email Link Clicked", "1997-01-04T06:00", email_id=f"s{n}", **warm) for n in range(5)]
    return [*visits, *mails, *clicks]


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> dict[str, History]:
    """What ingest has to tell of people."""
    known: dict[str, History] = {}

    def of(self: IngestHistories, profile_ids: Any) -> Mapping[str, History]:
        return {p: known[p] for p in profile_ids if p in known}

    monkeypatch.setattr(IngestHistories, "of", of)
    return known


@pytest.fixture
def ann(clock: FixedClock, past: dict[str, History]) -> None:
    """She permits e-mail, and prefers SMS."""
    assert call("PUT", "/score-models/invests", LEARNED)[0] == 200
    assert call("PUT", "/score-models/insures", OTHER)[0] == 200
    assert call("PUT", "/pitches/invest", INVEST)[0] == 200
    assert call("PUT", "/pitches/insure", INSURE)[0] == 200
    moment(clock, "1997-02-01")
    events = told()
    assert deliver(message("a", change(1, *events, profile_id="prf_ann", **TRAITS))) == []
    past["prf_ann"] = History([(1, events)], TRAITS)
    assert tell(permission("granted", 1)) == []


def next_best(who: str = "prf_ann", query: str = "") -> dict[str, Any]:
    status, found = call("GET", f"/profiles/{who}/next-best{query}")
    assert status == 200, found
    return dict(found)


@pytest.mark.usefixtures("ann")
@pytest.mark.capability("002-7")
def test_what_to_propose_at_what_hour_in_which_tone_over_which_channel_and_why(
    past: dict[str, History],
) -> None:
    found = next_best()
    assert (found["profile_id"], found["zone"]) == ("prf_ann", "Europe/Amsterdam")
    assert found["actions"] == [
        {
            "proposition": "invest",
            "propensity": 0.731059,
            "expected": 365.53,
            "hour": 20,
            "tone": "warm",
            "channel": "email",
            "reasons": {
                "propensity": "73.1%: interest savings +3.00",
                "hour": "20:00: 3 of 8 own reactions, 40 of 100 of everybody's",
                "tone": "warm: 5 of 6 own answers, 10 of 100 of everybody's",
                "channel": "sms: no permission; email: permitted and reachable",
            },
        },
        {
            "proposition": "insure",
            "propensity": 0.119203,
            "expected": 4.77,
            "hour": 7,
            "tone": "warm",
            "channel": "email",
            "reasons": {
                "propensity": "11.9%: as everybody",
                "hour": "7:00: 5 of 8 own reactions, 0 of 0 of everybody's",
                "tone": "warm: 5 of 6 own answers, 0 of 0 of everybody's",
                "channel": "sms: no permission; email: permitted and reachable",
            },
        },
    ]
    past["prf_ann"] = History(list(reversed(past["prf_ann"].events)) * 2, TRAITS)
    assert next_best() == found, "fixed data, however often and in whatever order they are told"
    assert next_best(query="?pitches=insure")["actions"] == found["actions"][1:]


@pytest.mark.usefixtures("ann")
def test_a_withdrawn_permission_leaves_no_channel() -> None:
    assert tell(permission("revoked", 2, at="1997-02-02")) == []
    assert {one["channel"] for one in next_best()["actions"]} == {None}


@pytest.mark.usefixtures("ann")
def test_of_who_was_merged_it_is_that_of_the_winner(past: dict[str, History]) -> None:
    assert deliver(message("b", change(1, event("Home", "1997-01-01"), profile_id="prf_old"))) == []
    assert deliver(merged("c", Merge(loser="prf_old", winner="prf_ann", at=on("1997-02-01")))) == []
    assert next_best("prf_old") == next_best("prf_ann")


@pytest.mark.usefixtures("ann")
def test_who_is_still_being_looked_up_has_to_wait(clock: FixedClock, past: dict[str, History]) -> None:
    """The permissions that a new proposition asks about are known after the pass over everybody."""
    invite = {"margin": 5, "propensity": "invests", "purpose": "events", "channels": ["sms"]}
    assert call("PUT", "/pitches/invite", invite)[0] == 200
    assert call("GET", "/profiles/prf_ann/next-best")[1]["code"] == "waiting"
    assert len(next_best(query="?pitches=invest,insure")["actions"]) == 2
    moment(clock, "1997-02-02")
    assert sweep()["more"] is False
    assert len(next_best()["actions"]) == 3
    whole = past.pop("prf_ann")
    assert call("GET", "/profiles/prf_ann/next-best")[1]["code"] == "waiting", "its newest part is on its way"
    past["prf_ann"] = whole
    assert len(next_best()["actions"]) == 3


@pytest.mark.usefixtures("ann")
def test_what_is_not_there_is_refused() -> None:
    assert call("GET", "/profiles/prf_nobody/next-best")[0] == 404
    assert call("GET", "/profiles/prf_ann/next-best?pitches=invest,none")[0] == 404
    rules = {"rules": [{"event": "Order Completed", "points": 1}]}
    assert call("PUT", "/score-models/rules", rules)[0] == 200
    status, found = call("PUT", "/pitches/ruled", {**INSURE, "propensity": "rules"})
    assert (status, found["code"]) == (400, "not_learned")
    assert call("PUT", "/score-models/insures", rules)[1]["code"] == "not_learned"
    assert call("PUT", "/pitches/lost", {**INSURE, "propensity": "none"})[1]["code"] == "unknown_reference"
    assert call("DELETE", "/score-models/insures")[1]["code"] == "in_use"
    for wrong in (
        {"channels": ["fax"]},
        {"everybody": {"hours": {"24": 1}}},
        {"everybody": {"tones": {"warm": {"answers": 2, "messages": 1}}}},
        {"tones": {}},
        {"margin": -1},
        {"more": 1},
    ):
        assert call("PUT", "/pitches/wrong", {**INSURE, **wrong})[0] == 400, wrong
