"""What journeys ask to hear, through scoring's handlers: taken in, judged, published."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from services.scoring.adapters.definitions_table import DefinitionsTable
from services.scoring.adapters.ingest_histories import IngestHistories
from services.scoring.domain.recalling import History
from services.shared.aws.dynamo import Table
from services.shared.clock import FixedClock, to_iso
from services.shared.contracts.ingest import Merge
from services.shared.contracts.journeys import JourneyListens, Listener, Listening, Watch
from tests.integration.scoring.conftest import (
    CONTEXT,
    Stream,
    call,
    deliver,
    merged,
    message,
    moment,
    publish,
    record_of,
    sweep,
)
from tests.support.cold_start import begin_anew
from tests.unit.scoring.builders import change, event, on, order

Published = list[tuple[str, dict[str, Any]]]

GOLD = {"trait": "plan", "eq": "gold"}
CART = Listener(name="~e_cart", event="Product Added", key="cart_id", keep=["products"])


def asks(*watches: tuple[str, Any], journey: str = "trial", revision: int = 1, **more: Any) -> Listening:
    named = [Watch(name=name, when=when) for name, when in watches]
    return Listening(journey=journey, revision=revision, at=on("1997-01-01"), watches=named, **more)


def heed(*records: dict[str, Any]) -> list[str]:
    """Hand messages to the handler; those it wants again."""
    from services.scoring.handlers.on_listening import handler

    answer = handler({"Records": list(records)}, CONTEXT)
    begin_anew()  # definitions are believed for seconds of real time
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def asked(*listening: Listening) -> dict[str, Any]:
    return record_of("asked", JourneyListens(listening=list(listening)))


def rows(published: Published, kind: str) -> list[dict[str, Any]]:
    return [row for name, fact in published if name == kind for row in next(iter(fact.values()))]


def test_what_is_asked_for_stands_and_the_newest_revision_counts() -> None:
    assert heed(asked(asks(("~w_gold", GOLD), revision=2)), asked(asks(("~w_old", GOLD)))) == []
    assert heed(asked(asks(("~w_gold", GOLD), revision=2))) == []
    known = DefinitionsTable(Table("definitions")).load()
    assert (known.version, [watch.name for watch in known.watches]) == (1, ["~w_gold"])
    assert heed(asked(asks(revision=3))) == []
    known = DefinitionsTable(Table("definitions")).load()
    assert (known.version, known.watches) == (2, ())


def test_marketers_definitions_and_journeys_requests_change_side_by_side(demo: None) -> None:
    heed(asked(asks(("~w_gold", GOLD), listeners=[CART])))
    assert call("PUT", "/segments/gold", {"condition": GOLD})[0] == 200
    known = DefinitionsTable(Table("definitions")).load()
    assert [watch.name for watch in known.watches] == ["~w_gold"]
    assert known.hearing.listeners == (CART,)
    assert known.introduced["segment/~w_gold"] == known.version - 1


def test_poison_holds_up_no_neighbour(capsys: pytest.CaptureFixture[str]) -> None:
    """F20: a request that is none, and a watch that can't be read."""
    poison = {"messageId": "poison", "body": json.dumps({"detail": {"listening": [{"journey": 1}]}})}
    assert heed(poison, asked(asks(("~w_bad", {"almost": 1}), ("~w_gold", GOLD)))) == ["poison"]
    known = DefinitionsTable(Table("definitions")).load()
    assert [watch.name for watch in known.watches] == ["~w_gold"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["Unheard"] for line in lines if "_aws" in line] == [[1.0]]


def test_an_event_is_heard_on_the_bus_once(stream: Stream, published: Published) -> None:
    """F1."""
    heed(asked(asks(listeners=[CART])))
    products = [{"product_id": "sku-1"}]
    added = event("Product Added", "1997-01-01", cart_id="c-1", products=products)
    deliver(message("m", change(1, added)))
    deliver(message("m", change(1, added)))
    publish(stream())
    deliver(message("n", change(2, event("Seen", "1997-01-01"))))
    publish(stream())
    (row,) = rows(published, "EventHeard.v1")
    assert (row["listener"], row["message_id"], row["key"]) == ("~e_cart", added.message_id, "c-1")
    assert (row["kept"], row["at"]) == ({"products": products}, to_iso(on("1997-01-01")))
    assert row["standing"]["profile_id"] == "prf_1"


def test_what_a_merge_overtakes_is_heard_all_the_same(stream: Stream, published: Published) -> None:
    """F30: the event is on its way while its profile becomes part of another."""
    heed(asked(asks(listeners=[CART])))
    deliver(message("m", change(1, event("Seen", "1997-01-01"))))
    deliver(merged("n", Merge(loser="prf_1", winner="prf_2", at=on("1997-01-02"))))
    added = event("Product Added", "1997-01-01", cart_id="c-1")
    for _ in range(2):
        assert deliver(message("o", change(2, added))) == []
    publish(stream())
    (row,) = rows(published, "EventHeard.v1")
    assert (row["message_id"], row["standing"]["profile_id"]) == (added.message_id, "prf_1")
    assert row["standing"]["segments"] == []


def test_a_thousand_events_at_once_are_each_heard(stream: Stream, published: Published) -> None:
    """Of one person, in one batch, with more to keep than an item takes."""
    heed(asked(asks(listeners=[CART])))
    events = [event("Product Added", "1997-01-01", cart_id=str(i), products="x" * 1500) for i in range(1000)]
    changes = [change(i // 10 + 1, *events[i : i + 10]) for i in range(0, 1000, 10)]
    assert deliver(message("m", *changes)) == []
    publish(stream())
    heard = rows(published, "EventHeard.v1")
    assert sorted(row["message_id"] for row in heard) == sorted(one.message_id for one in events)


def test_a_watch_is_seen_by_journeys_and_by_nobody_else(stream: Stream, published: Published) -> None:
    heed(asked(asks(("~w_gold", GOLD))))
    deliver(message("m", change(1, event("Seen", "1997-01-01"), plan="free")))
    deliver(message("n", change(2, event("Seen", "1997-01-01"), plan="gold")))
    publish(stream())
    (move,) = rows(published, "SegmentEntered.v1")
    assert (move["segment"], move["standing"]["segments"]) == ("~w_gold", ["~w_gold"])
    assert call("GET", "/segments") == (200, {"segments": []})
    assert call("GET", "/segments/~w_gold/members")[0] == 404
    status, standing = call("GET", "/profiles/prf_1/standing")
    assert (status, standing["segments"], standing["explained"], standing["waiting"]) == (200, {}, {}, [])
    assert boto3.client("dynamodb").scan(TableName="places")["Items"] == []


def test_time_alone_lets_the_sweep_flip_a_watch(
    clock: FixedClock, stream: Stream, published: Published
) -> None:
    heed(asked(asks(("~w_lapsed", {"fact": "last_order_at", "older_than": "P90D"}))))
    deliver(message("m", change(1, order("1997-01-01"))))
    moment(clock, "1997-03-31")
    sweep()
    assert "~w_lapsed" not in json.dumps(published)
    moment(clock, "1997-04-02")
    sweep()
    publish(stream())
    (move,) = rows(published, "SegmentEntered.v1")
    assert (move["segment"], move["at"]) == ("~w_lapsed", to_iso(on("1997-01-01") + timedelta(days=90)))


def test_who_is_there_already_is_told_of_by_standing_and_traits_but_enters_nothing(
    clock: FixedClock, stream: Stream, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, zone = order("1997-01-01", 80), {"timezone": "Asia/Tokyo", "plan": "gold"}
    deliver(message("m", change(1, first, **zone)))
    publish(stream())
    published.clear()
    moment(clock, "1997-01-02")
    big = {"event": "Order Completed", "where": {"prop": "revenue", "gte": 50}}
    known = {"prf_1": History([(1, [first])], zone)}
    monkeypatch.setattr(IngestHistories, "of", lambda self, ids: {p: known[p] for p in ids})
    heed(
        asked(
            asks(("~w_big", big), ("~w_gold", GOLD), carries=["timezone"]).model_copy(
                update={"at": clock.now()}
            )
        )
    )
    moment(clock, "1997-01-02T12:05")
    sweep()
    publish(stream())
    assert rows(published, "SegmentEntered.v1") == []
    (row,) = rows(published, "ScoreChanged.v1")
    assert row["standing"]["segments"] == ["~w_big", "~w_gold"]
    (carried,) = rows(published, "TraitsCarried.v1")
    assert carried == {"profile_id": "prf_1", "version": 2, "traits": {"timezone": "Asia/Tokyo"}}
    sweep()
    assert stream() == []


def test_what_is_asked_for_of_arrivals_is_told_with_every_change_of_definitions(published: Published) -> None:
    from services.scoring.handlers.on_definitions_stream import handler

    def told(kind: str, name: str) -> list[tuple[list[str], int]]:
        image = {"kind": {"S": kind}, "name": {"S": name}}
        record = {"eventID": "1", "dynamodb": {"Keys": image, "NewImage": image}}
        begin, _ = len(published), handler({"Records": [record, record]}, CONTEXT)
        asked = rows(published[begin:], "ArrivalsAskedFor.v1")
        return [(one["names"], one["order"]) for one in asked]

    assert told("head", "head") == [([], 0)]
    assert call("PUT", "/segments/mailed", {"condition": {"event": "Email Delivered"}})[0] == 200
    assert told("head", "head") == [(["Email Delivered"], 1)]
    assert heed(asked(asks(listeners=[Listener(name="~e_sms", event="SMS Delivered")]))) == []
    assert told("hearing", "trial") == [(["Email Delivered", "SMS Delivered"], 2)]
    assert told("backfill", "backfill") == []
