"""What is planned, in the plans table.

CAMPAIGN        <name>          a campaign as it was put, and the version of its journey
WORLD           <id>            a world event
PROPOSITION     <name>          a row of the matrix
PORTFOLIO       PLACES          limits, places and the queue, in one item: its revision lets nobody pass unseen
CALL#<journey>  <request id>    a request to let one person in, for a month
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from services.journeys.adapters import revisions
from services.journeys.domain.campaign import read_campaign
from services.journeys.domain.portfolio import Limits, Portfolio, Queued, Seat
from services.journeys.domain.propositions import Proposition
from services.journeys.ports.planning import Called, Planned, WorldEvent
from services.shared.aws.dynamo import ConditionFailed, Item, Table
from services.shared.clock import from_iso, to_iso

CALLS_KEPT = timedelta(days=30)
_PLACES = {"pk": "PORTFOLIO", "sk": "PLACES"}


class DynamoCampaigns:
    """`ports.planning.Campaigns`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, name: str) -> Planned | None:
        item = self._table.get({"pk": "CAMPAIGN", "sk": name}, consistent=True)
        return _planned(item) if item else None

    def all(self) -> list[Planned]:
        items = self._table.query("pk = :pk", values={":pk": "CAMPAIGN"}, consistent=True)
        return [_planned(item) for item in items]

    def put(self, planned: Planned) -> None:
        self._table.put(
            {
                "pk": "CAMPAIGN",
                "sk": planned.campaign.name,
                "document": json.dumps(planned.raw, ensure_ascii=False),
                "version": planned.version,
                "at": to_iso(planned.at),
            }
        )


def _planned(item: Item) -> Planned:
    raw = json.loads(item["document"])
    return Planned(read_campaign(raw), raw, item["version"], from_iso(item["at"]))


class DynamoWorld:
    """`ports.planning.World`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, id: str) -> WorldEvent | None:
        item = self._table.get({"pk": "WORLD", "sk": id}, consistent=True)
        return _world_event(item) if item else None

    def all(self) -> list[WorldEvent]:
        items = self._table.query("pk = :pk", values={":pk": "WORLD"}, consistent=True)
        return [_world_event(item) for item in items]

    def put(self, event: WorldEvent) -> None:
        said = {"kind": event.kind, "title": event.title, "at": to_iso(event.at), "told": event.told}
        self._table.put({"pk": "WORLD", "sk": event.id, **said})

    def tell(self, event: WorldEvent) -> None:
        try:
            self._table.update(
                {"pk": "WORLD", "sk": event.id},
                "SET told = :yes",
                condition="#at = :at AND kind = :kind",
                names={"#at": "at"},
                values={":yes": True, ":at": to_iso(event.at), ":kind": event.kind},
            )
        except ConditionFailed:
            return  # it was moved or removed meanwhile; what it is now is looked at next time

    def remove(self, id: str) -> None:
        self._table.delete({"pk": "WORLD", "sk": id})


def _world_event(item: Item) -> WorldEvent:
    return WorldEvent(item["sk"], item["kind"], item["title"], from_iso(item["at"]), item["told"])


class DynamoPropositions:
    """`ports.planning.Propositions`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self) -> dict[str, Proposition]:
        items = self._table.query("pk = :pk", values={":pk": "PROPOSITION"}, consistent=True)
        return {item["sk"]: Proposition.model_validate(json.loads(item["document"])) for item in items}

    def put(self, proposition: Proposition) -> None:
        document = json.dumps(proposition.model_dump(mode="json", by_alias=True), ensure_ascii=False)
        self._table.put({"pk": "PROPOSITION", "sk": proposition.name, "document": document})


class DynamoPortfolios:
    """`ports.planning.Portfolios`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self) -> Portfolio:
        item = self._table.get(_PLACES, consistent=True)
        return _portfolio(item) if item else Portfolio()

    def change(self, how: Callable[[Portfolio], Portfolio]) -> Portfolio:
        return revisions.change(
            self._table,
            "the portfolio",
            self.get,
            lambda portfolio: {**_PLACES, **_places(portfolio)},
            how,
        )


def _portfolio(item: Item) -> Portfolio:
    return Portfolio(
        limits=Limits.model_validate(item["limits"]),
        seats={
            name: Seat(name, seat["class"], from_iso(seat["since"])) for name, seat in item["seats"].items()
        },
        queue=tuple(Queued(**{**one, "at": from_iso(one["at"])}) for one in json.loads(item["queue"])),
        revision=item["revision"],
    )


def _places(portfolio: Portfolio) -> dict[str, Any]:
    queue = [{**asdict(one), "at": to_iso(one.at)} for one in portfolio.queue]
    return {
        "limits": portfolio.limits.model_dump(),
        "seats": {
            name: {"class": seat.class_, "since": to_iso(seat.since)}
            for name, seat in portfolio.seats.items()
        },
        "queue": json.dumps(queue, ensure_ascii=False),
        "revision": portfolio.revision,
    }


class DynamoCalls:
    """`ports.planning.Calls`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, journey: str, call: Called) -> Called:
        item = _call_item(journey, call)
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed as refused:
            found = refused.item or item
            answer = json.loads(found["answer"])
            at = from_iso(found["at"])
            return Called(call.request_id, found["digest"], found["profile_id"], at, answer)
        return call

    def close(self, journey: str, call: Called) -> None:
        self._table.put(_call_item(journey, call))


def _call_item(journey: str, call: Called) -> Item:
    return {
        "pk": f"CALL#{journey}",
        "sk": call.request_id,
        "digest": call.digest,
        "profile_id": call.profile_id,
        "at": to_iso(call.at),
        "answer": json.dumps(call.answer),
        "expires_at": int((call.at + CALLS_KEPT).timestamp()),
    }
