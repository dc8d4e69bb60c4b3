"""What nobody asks for stays in the lake, and comes along where a profile is written anyway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from services.ingest.domain.asked import Asked
from services.ingest.domain.lake import happened_once
from services.ingest.domain.profile import Profile, redirect
from services.ingest.domain.sinks import Sink, read_document
from services.ingest.sinks.forward import REGISTRY_SECONDS, KnownAsked
from services.shared.interaction import ARRIVALS
from tests.unit.ingest.fakes import NOW, track
from tests.unit.ingest.test_consume import Fixture, bus, http

NOBODY = Asked(frozenset(), is_told=True)


def outcome(name: str, message_id: str, **more: Any) -> dict[str, Any]:
    return track(message_id, event=name, userId=None, profileId="prf_1", **more)


def told(*events: dict[str, Any], source: str = "halte.delivery") -> dict[str, str]:
    return {"m": bus("e1", {"events": list(events)}, source, "OutcomesObserved.v1")}


def known(asked: Asked) -> Fixture:
    f = Fixture()
    f.consumer.consume({"1": http("rcp", track("a"))})
    f.consumer._asked = lambda: asked
    return f


def test_an_arrival_alone_is_kept_in_the_lake_and_writes_no_profile() -> None:
    f = known(NOBODY)
    report = f.consumer.consume(told(outcome("Email Delivered", "m1")))
    line = f.lake.lines["m1"]
    assert dict(report.dispositions) == {"unasked": 1}
    assert (f.profiles.stored["prf_1"].version, line["profile_id"], line["message_id"]) == (1, "prf_1", "m1")
    assert line["event"]["event"] == "Email Delivered"


def test_it_comes_along_with_what_the_person_does_and_counts_once() -> None:
    f = known(NOBODY)
    arrived, opened = outcome("Email Delivered", "m1"), outcome("Email Opened", "m2")
    f.consumer.consume(told(arrived))
    f.consumer.consume(told(arrived, opened))
    f.consumer.consume(told(arrived, opened))
    assert f.profiles.stored["prf_1"].version == 2
    assert [one.call.name for one in f.profiles.told[-1][2]] == ["Email Delivered", "Email Opened"]
    assert f.lake.lines["m1"]["disposition"] == "applied"


def test_what_is_asked_for_and_what_others_say_is_on_the_profile_at_once() -> None:
    f = known(Asked(frozenset({"Email Delivered"}), is_told=True))
    f.consumer.consume(told(outcome("Email Delivered", "m1"), outcome("SMS Delivered", "m2")))
    assert f.profiles.stored["prf_1"].version == 2
    f = known(NOBODY)
    f.consumer.consume({"2": http("r2", track("b", event="Email Delivered"))})
    assert f.profiles.stored["prf_1"].version == 2


def test_of_who_is_gone_or_merged_it_is_kept_as_anything_else() -> None:
    f = known(NOBODY)
    f.consumer.consume({"2": http("r2", track("b", userId="other"))})
    f.profiles.stored["prf_1"] = redirect(f.profiles.stored["prf_1"], "prf_2", NOW)
    f.consumer.consume(told(outcome("Email Delivered", "m1")))
    assert f.lake.lines["m1"]["profile_id"] == "prf_2"
    del f.profiles.stored["prf_1"]
    f.consumer.consume(told(outcome("Email Delivered", "m3")))
    assert f.lake.lines["m3"]["reason"] == "unknown_profile"


def test_for_the_lake_alone_a_profile_is_read_as_it_was_a_moment_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """And written only as it is: here somebody else has written what the glance did not see."""
    f = known(NOBODY)
    before, followed = dict(f.profiles.stored), list[str]()
    f.consumer.consume({"2": http("r2", track("b"))})
    follow = f.profiles.follow

    def watched(ids: Iterable[str], *, hot: bool = False) -> dict[str, Profile]:
        followed.extend(ids)
        return follow(followed, hot=hot)

    monkeypatch.setattr(f.profiles, "glance", lambda ids: {one: before[one] for one in ids})
    monkeypatch.setattr(f.profiles, "follow", watched)
    f.consumer.consume(told(outcome("Email Delivered", "m1")))
    assert (f.lake.lines["m1"]["disposition"], followed) == ("unasked", [])
    f.consumer.consume(told(outcome("Email Delivered", "m2")) | {"3": http("r3", track("c"))})
    assert {one.call.message_id for one in f.profiles.told[-1][2]} == {"m2", "c"}
    assert f.profiles.stored["prf_1"].version == 3
    f.consumer.consume(told(outcome("Email Opened", "m4")))
    assert (followed, f.profiles.stored["prf_1"].version) == (["prf_1"], 4)


def sink(**filter: Any) -> Sink:
    document = read_document({"kind": "webhook", "url": "https://example.com", "filter": filter})
    return Sink("crm", document, NOW)


def test_sinks_ask_for_what_passes_their_filter_and_until_scoring_told_all_is_asked_for() -> None:
    assert Asked.of(None, []).names == ARRIVALS
    assert Asked.of([], []).names == frozenset()
    assert Asked.of(["Email Delivered", "Order Completed"], []).names == {"Email Delivered"}
    assert Asked.of([], [sink(events=["SMS Delivered", "x"])]).names == {"SMS Delivered"}
    assert Asked.of([], [sink(changes_of=["email"])]).names == frozenset()
    assert Asked.of([], [sink()]).names == ARRIVALS


def test_the_lake_tells_each_of_them_once() -> None:
    def line(receipt: str, disposition: str) -> dict[str, Any]:
        return {"receipt": receipt, "door": "feedback", "disposition": disposition}

    lines = [line("a", "unasked"), line("b", "unasked"), line("a", "applied"), line("c", "rejected")]
    lines.append({**line("d", "applied"), "rolled_back": True})
    kept = [(one["receipt"], one["disposition"]) for one in happened_once([*lines, lines[1]])]
    assert kept == [("a", "applied"), ("b", "unasked")]


def test_an_answer_is_believed_for_a_while_but_not_before_scoring_told() -> None:
    now, answers, asked_times = [0.0], [Asked(), NOBODY, NOBODY], [0]

    class Store:
        def asked(self) -> Asked:
            asked_times[0] += 1
            return answers.pop(0)

        def ask(self, names: Any, order: int) -> None:
            raise AssertionError

    ask = KnownAsked(Store(), lambda: now[0])
    assert (ask().names, ask().names) == (ARRIVALS, frozenset())
    ask()
    assert asked_times[0] == 2
    now[0] += REGISTRY_SECONDS
    ask()
    assert asked_times[0] == 3
