"""Contact pressure in simulations and in tests of journeys: what a hand-computed week says, and what delivery's own
use cases do with the same requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from halte.journeys.pressures import in_force
from halte.journeys.simulation_page import simulated
from services.delivery.domain.contact import contact_of
from services.delivery.domain.message import Message
from services.delivery.domain.pressure.policy import InForce, PressurePolicy
from services.delivery.domain.requested import classed, pending
from services.delivery.domain.templates.documents import Template, TemplateDocument
from services.scoring.domain.permissions import Permission, Permissions
from services.shared.clock import to_iso
from services.shared.contracts.messages import MessageRequest
from services.simulations.domain.deeds import Being, Deed
from services.simulations.domain.desk import Desk
from services.simulations.domain.rates import Rates
from services.simulations.domain.simulation import Simulation
from services.simulations.domain.source import Source, Wording
from tests.support.accessible import faults
from tests.support.delivery_in_memory import Tables
from tests.unit.halte.journeys.test_command import ANN, JOURNEY, SIGNS_UP, file_of, run

END = datetime(2026, 3, 20, tzinfo=UTC)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WORKDAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-20:00")
OFFICE = {"countries": {"NL": {"days": WORKDAYS}}, "unknown": "NL"}
WEEK: dict[str, Any] = {
    "caps": [
        {"count": 2, "within": "P1D", "channel": "email"},
        {"count": 4, "within": "P7D", "channel": "email", "then": "hold"},
    ],
    "minimum_gap": "PT4H",
    "hours": OFFICE,
}
NEWS: dict[str, Any] = {
    **JOURNEY,
    "entry": {"on": [{"event": "Asked", "key": "number"}]},
    "start": "greet",
    "nodes": {name: JOURNEY["nodes"][name] for name in ("greet", "gone")},
}
COMMERCIAL = Wording.model_validate({"class": "commercial", "purpose": "newsletter"})


def at(text: str) -> datetime:
    """A day of March 2026 and the hour in UTC; Amsterdam is an hour on."""
    return datetime.fromisoformat(f"2026-03-{text}:00+00:00")


def policy(rules: Mapping[str, Any]) -> InForce:
    return in_force(PressurePolicy.model_validate({**rules, "brake": None, "guard": None}), 2026)


ASKED = ("02T08:00", "02T09:00", "02T17:00", "02T19:30", "04T08:00", "05T10:00")
SENT = ("02T08:00:05", "02T12:02:00", "03T08:02:00", "04T08:00:05", "09T08:02:00")
"""At once (a walk begins five seconds after its reason); after the gap (the sweep comes at the minute after the next);
the third of a day is dropped; at 20:30 in Amsterdam it is closed until nine; at once; and the fifth of seven days waits
until the first is seven days ago."""


def test_a_week_as_it_was_computed_by_hand() -> None:
    seen: list[datetime] = []

    class Watched(Simulation):
        def _see(self, one: Any) -> None:
            if one.kind == "messages":
                seen.append(one.at)
            super()._see(one)

    person = {"email": "ann@example.com", "country": "NL", "timezone": "Europe/Amsterdam"}
    deeds = tuple(Deed(at(text), "ann", "Asked", {"number": n}) for n, text in enumerate(ASKED))
    ann = Being("ann", person, {"newsletter": {"email": "granted"}}, deeds)
    source = Source("news", NEWS, {"greeting": COMMERCIAL})
    simulation = Watched(source, [], MONDAY, Rates(0, 0, 0, 0), 1, policy(WEEK))
    outcome = simulation.run([ann], MONDAY + timedelta(days=6), lambda *_: None)
    assert outcome.waiting == 1
    outcome = simulation.run([], MONDAY + timedelta(days=9), lambda *_: None)
    assert tuple(f"{one:%dT%H:%M:%S}" for one in seen) == SENT
    assert outcome.held == {
        ("minimum_gap", "PT4H", "email"): 1,
        ("closed_hours", "", "email"): 1,
        ("frequency_cap", "4 in P7D email", "email"): 1,
    }
    assert outcome.pressed == {("frequency_cap", "2 in P1D email", "email"): 1}
    assert outcome.waiting == 0
    assert outcome.document()["pressure"]["by_day"] == [
        ["2026-03-02", "closed_hours", 1],
        ["2026-03-02", "frequency_cap", 1],
        ["2026-03-02", "minimum_gap", 1],
        ["2026-03-05", "frequency_cap", 1],
    ]
    shown = simulated(source.document(), outcome, "<svg></svg>")
    assert faults(shown) == []
    assert "stopped: frequency_cap: at most 1 (on 2026-03-02)" in shown


def test_a_test_of_a_journey_may_say_what_pressure_there_is(tmp_path: Path) -> None:
    quiet = {"ann": {**ANN["ann"], "consents": {"newsletter": {"email": "granted"}}}}
    step = {
        "given": [SIGNS_UP],
        "until": "2026-03-03T09:00",
        "expect": {"messages": [], "held": [{"who": "ann", "reason": "closed_hours"}]},
    }
    monday = {"until": "2026-03-03T10:02", "expect": {"messages": [{"at": "2026-03-03T10:02"}]}}
    hours = {"otherwise": {"days": {"tue": "10:00-12:00"}}}
    more: dict[str, Any] = {"messages": {"greeting": {"class": "commercial", "purpose": "newsletter"}}}
    file = file_of(tmp_path, step, monday, case={"people": quiet}, **more, pressure={"hours": hours})
    code, shown = run("test", file)
    assert code == 0, shown


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"caps": [{"count": 1, "within": "P90D"}]}, "at most P31D"),
        ({"hours": {"countries": {"XX": {"days": {"mon": "09:00-10:00"}}}}}, "XX has no time zone"),
        ({"hours": {"countries": {"US": {"days": {"mon": "09:00-10:00"}}}}}, "never open"),
    ],
)
def test_a_policy_that_delivery_would_refuse_is_refused(
    tmp_path: Path, rules: dict[str, Any], told: str
) -> None:
    file = tmp_path / "pressure.json"
    file.write_text(json.dumps(rules))
    code, shown = run("simulate", "abandoned_cart", "--pressure", file)
    assert code == 2
    assert told in " ".join(shown.split())


def test_what_the_command_says_of_pressure(tmp_path: Path) -> None:
    file, report = tmp_path / "pressure.json", tmp_path / "report.json"
    file.write_text(json.dumps({"caps": [{"count": 1, "within": "P7D"}]}))
    arguments = ("simulate", "abandoned_cart", "--customers", "40", "--days", "40", "--json", report)
    code, shown = run(*arguments, "--pressure", file)
    assert code == 0
    said = json.loads(report.read_text())
    ((reason, rule, channel, dropped),) = said["pressure"]["dropped"]
    assert (reason, rule, channel) == ("frequency_cap", "1 in P7D", "email")
    assert sum(n for _, reason, n in said["skipped"] if reason == "frequency_cap") == dropped > 0
    assert "pressure: dropped" in shown
    asked = sum(n for *_, n in [*said["sent"], *said["skipped"]])
    run(*arguments)
    free = json.loads(report.read_text())
    assert free["pressure"]["dropped"] == []
    assert sum(n for *_, n in [*free["sent"], *free["skipped"]]) == asked


# Beside delivery's own use cases

POLICIES: list[dict[str, Any]] = [
    WEEK,
    {
        "caps": [
            {"count": 2, "within": "PT6H", "then": "hold"},
            {"count": 3, "within": "P1D", "counts": "all"},
        ],
        "arbitration": {"window": "PT10M"},
        "send_time": {"at_most": "P1D"},
    },
    {
        "caps": [
            {"count": 1, "within": "P1D", "channel": "sms"},
            {"count": 6, "within": "P7D", "purpose": "a"},
        ],
        "arbitration": {"window": "PT30M", "loser": "expire"},
        "minimum_gap": "PT45M",
        "hours": {**OFFICE, "otherwise": {"days": {"mon": "00:00-24:00", "wed": "08:00-09:00"}}},
    },
]
PEOPLE: dict[str, dict[str, Any]] = {
    "prf_0": {"country": "NL", "timezone": "Europe/Amsterdam", "sendHour": 11},
    "prf_1": {"quietHours": "18:00-07:30", "timezone": "Asia/Tokyo"},
    "prf_2": {"frequency": 2, "country": "BE"},
    "prf_3": {"pausedUntil": "2026-03-04T00:00:00Z"},
}
_WORDS = {
    "email": {"subject": "S", "text": "T {{ unsubscribe_url }}"},
    "sms": {"text": "T {{ unsubscribe_url }}"},
}
TEMPLATES = {
    name: Template(name, 1, TemplateDocument.model_validate({**said, "channels": _WORDS}))
    for name, said in {
        "a": {"class": "commercial", "purpose": "a"},
        "b": {"class": "commercial", "purpose": "b"},
        "bill": {"class": "service"},
    }.items()
}


def known(who: str) -> dict[str, Any]:
    return {"email": f"{who}@example.com", "phone": "+31612345678", **PEOPLE[who]}


def requests(seed: int, number: int = 60) -> list[MessageRequest]:
    """Ten days of requests in whole seconds, in bunches, some with a moment."""
    random, now, made = Random(seed), MONDAY, list[MessageRequest]()
    for n in range(number):
        now += timedelta(seconds=random.choice([0, 5, 61, 600, 4_000, 9_000, 40_000]))
        moment = now + timedelta(hours=random.choice([1, 20])) if random.random() < 0.3 else None
        made.append(
            MessageRequest(
                send_id=f"snd_{n:03}",
                template=random.choice(["a", "a", "b", "bill"]),
                channels=random.choice([["email"], ["sms", "email"]]),
                requested_at=now,
                profile_id=random.choice(sorted(PEOPLE)),
                journey="j",
                node="n",
                priority=random.choice([10, 50, 90]),
                expires_at=moment,
            )
        )
    return made


@pytest.mark.parametrize("rules", POLICIES)
@pytest.mark.parametrize("seed", range(3))
def test_the_simulated_desk_decides_what_deliverys_use_cases_do(seed: int, rules: dict[str, Any]) -> None:
    """Who gets which message by which channel and when, to the second, and why others are dropped or wait."""
    stream, force = requests(seed), policy(rules)
    assert simulated_ends(stream, force) == delivered_ends(stream, force)


def test_the_streams_meet_every_rule() -> None:
    """Otherwise the comparison would compare nothing."""
    ends = [
        end
        for rules in POLICIES
        for seed in range(3)
        for end in simulated_ends(requests(seed), policy(rules))
    ]
    reasons = {reason for _, reason, _, _ in ends}
    assert reasons >= {
        "",
        "frequency_cap",
        "weekly_limit",
        "paused",
        "outranked",
        "closed_hours",
        "minimum_gap",
    }


End = tuple[str, str, str, str]
"""A message, why it did not leave (yet; empty: it did), its channel, and when it left."""


def simulated_ends(stream: list[MessageRequest], force: InForce) -> list[End]:
    desk, ends = Desk(force), dict[str, End]()
    permissions = {
        f"{channel}:{known(who)[trait]}": Permissions(
            held={(purpose, channel): Permission("granted", MONDAY) for purpose in "ab"}
        )
        for who in PEOPLE
        for channel, trait in (("email", "email"), ("sms", "phone"))
    }

    def look(message: Message, now: datetime) -> None:
        fate = desk.look(message, known(message.profile_id), permissions, now)
        left = "" if fate.reason else to_iso(now)
        ends[message.send_id] = message.send_id, fate.reason, "" if fate.reason else fate.channel, left

    def sweep(until: datetime) -> None:
        while desk.next_look is not None and (now := desk.next_look) <= until:
            for message in list(desk.due(now)):
                look(message, now)

    for request in stream:
        sweep(request.requested_at)
        look(classed(pending(request), TEMPLATES[request.template]), request.requested_at)
    sweep(END)
    return sorted(ends.values())


def delivered_ends(stream: list[MessageRequest], force: InForce) -> list[End]:
    tables = Tables(force, {who: contact_of(who, 1, known(who)) for who in PEOPLE}, TEMPLATES)
    for request in stream:
        tables.sweep_until(request.requested_at)
        tables.take(request)
    tables.sweep_until(END)
    return sorted(
        (
            one.send_id,
            *(("", one.channel, tables.left[one.send_id]) if one.status == "sent" else (one.reason, "", "")),
        )
        for one in tables.messages.values()
    )
