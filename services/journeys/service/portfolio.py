"""The portfolio: what is live, what waits, what they do to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any, Literal

from services.journeys.domain.campaign import journey_of, read_campaign
from services.journeys.domain.contacts import Contacts, contacts, segments_of
from services.journeys.domain.portfolio import (
    Limits,
    Portfolio,
    Queued,
    next_up,
    queued,
    unqueued,
    vacated,
)
from services.journeys.domain.validation import read_document
from services.journeys.ports.definitions import Definition, Definitions
from services.journeys.ports.planning import Audiences, Campaigns, Halts, Portfolios, Runs
from services.journeys.service.campaigns import Campaigning
from services.journeys.service.publish import Publishing
from services.shared.clock import Clock, to_iso
from services.shared.contracts.audience import PARTS
from services.shared.contracts.scoring import Standing
from services.shared.errors import Conflict, HalteError, NotFound


class PortfolioDesk:
    """Shows the portfolio, keeps its settings and its queue, and fills places that have become free."""

    def __init__(
        self,
        definitions: Definitions,
        portfolios: Portfolios,
        campaigns: Campaigns,
        runs: Runs,
        audiences: Audiences,
        halts: Halts,
        publishing: Publishing,
        campaigning: Campaigning,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._portfolios = portfolios
        self._campaigns = campaigns
        self._runs = runs
        self._audiences = audiences
        self._halts = halts
        self._publishing = publishing
        self._campaigning = campaigning
        self._clock = clock

    def show(self) -> dict[str, Any]:
        """Places by class, the queue, whether there are too few, and advice where there are many."""
        portfolio = self._portfolios.get()
        live = {name: d for name, d in self._newest().items() if name in portfolio.seats}
        answer: dict[str, Any] = {
            "settings": portfolio.limits.model_dump(),
            "current_missing": portfolio.missing,
            "queue": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "class": one.class_,
                    "at": to_iso(one.at),
                    "problem": one.problem,
                }
                for one in portfolio.queue
            ],
        }
        for class_ in ("base", "current"):
            answer[class_] = [
                {"name": seat.name, "since": to_iso(seat.since), "title": _title(live.get(seat.name))}
                for seat in sorted(portfolio.seats.values(), key=lambda seat: (seat.since, seat.name))
                if seat.class_ == class_
            ]
        if len(portfolio.seats) > portfolio.limits.advise_above:
            answer["advice"] = self._advice(live)
        return answer

    def settle(self) -> Portfolio:
        """Free the places of what is over, and publish what waited for them; again is the same. What then can't be
        published stays in the queue with its problem, and holds up nobody."""
        now = self._clock.now()
        newest = self._newest()
        over = {name for name in self._portfolios.get().seats if self._is_over(name, newest.get(name))}
        portfolio = self._portfolios.change(lambda one: vacated(one, newest, over, now))
        for waiting in next_up(portfolio):
            try:
                self._publish(waiting)
            except HalteError as error:
                broken = replace(waiting, problem=error.message)
                portfolio = self._portfolios.change(lambda one, broken=broken: queued(one, broken))  # type: ignore[misc]
            else:
                portfolio = self._portfolios.get()
        return portfolio

    def change(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Set the limits; whoever is over a new one stays, and nobody comes."""
        limits = Limits.model_validate(dict(raw))
        return self._portfolios.change(lambda one: replace(one, limits=limits)).limits.model_dump()

    def enqueue(self, kind: Literal["journey", "campaign"], raw: Mapping[str, Any]) -> dict[str, Any]:
        """Publish a document if there is a place, else let it wait for one: `{"name", "status"}`, `live` or `queued`.

        Raises:
            InvalidJourney: it breaks a rule.
        """
        document = read_document(journey_of(raw, read_campaign(raw)) if kind == "campaign" else raw)
        waiting = Queued(document.name, kind, document.portfolio, raw, self._clock.now())
        try:
            self._publish(waiting)
        except Conflict as refused:
            if refused.code != "portfolio_full":
                raise
            self._portfolios.change(lambda one: queued(one, waiting))
            return {"name": document.name, "status": "queued"}
        return {"name": document.name, "status": "live"}

    def leave_queue(self, name: str) -> None:
        """Let it wait no more.

        Raises:
            NotFound: it does not.
        """
        if all(one.name != name for one in self._portfolios.get().queue):
            raise NotFound("not_queued", f"{name!r} waits for no place")
        self._portfolios.change(lambda one: unqueued(one, name))

    def _publish(self, waiting: Queued) -> None:
        if waiting.kind == "campaign":
            self._campaigning.put(waiting.name, waiting.raw)
        else:
            self._publishing.publish(waiting.name, waiting.raw)

    def _newest(self) -> dict[str, Definition]:
        return {d.journey: d for d in sorted(self._definitions.all(), key=lambda d: d.version)}

    def _is_over(self, name: str, definition: Definition | None) -> bool:
        """Is it stopped, or a campaign after its last moment, with everybody in?"""
        if definition is None:
            return False
        now = self._clock.now()
        if self._halts.of(name, definition.document.objective, now) == "stopped":
            return True
        planned = self._campaigns.get(name)
        if planned is None or planned.campaign.schedule.following(self._runs.seen_until(name) or planned.at):
            return False
        return all(run.journey != name for run in self._runs.live())

    def _advice(self, live: Mapping[str, Definition]) -> dict[str, Any]:
        """What meets the same people, and how often, by a sample of each segment: one of its parts, or the first people
        of it (`about`, the number of all, is nothing then)."""
        segments = {name: self._segments(definition) for name, definition in live.items()}
        people: dict[str, Standing] = {}
        whole = True
        for segment in sorted(set().union(*segments.values())):
            found = self._audiences.members(segment, 0, "")
            whole = whole and not found.after
            people |= {one.standing.profile_id: one.standing for one in found.people}
        within = {
            name: {profile_id for profile_id, one in people.items() if theirs & set(one.segments)}
            for name, theirs in segments.items()
        }
        overlap = [
            {"a": a, "b": b, "sampled": both, "about": both * PARTS if whole else None}
            for a, b in combinations(sorted(live), 2)
            if (both := len(within[a] & within[b]))
        ]
        per_walk = {name: contacts(definition.document) for name, definition in live.items()}
        return {
            "sampled_people": len(people),
            "overlap": overlap,
            "contacts_per_person": _expected(people, within, per_walk),
        }

    def _segments(self, definition: Definition) -> frozenset[str]:
        planned = self._campaigns.get(definition.journey)
        return frozenset({planned.campaign.segment}) if planned else segments_of(definition.document)


def _expected(
    people: Mapping[str, Standing], within: Mapping[str, set[str]], per_walk: Mapping[str, Contacts]
) -> dict[str, float]:
    mean = [sum(per_walk[name].mean for name in within if one in within[name]) for one in people]
    most = [sum(per_walk[name].most for name in within if one in within[name]) for one in people]
    return {"mean": round(sum(mean) / len(mean), 2) if mean else 0.0, "most": max(most, default=0)}


def _title(definition: Definition | None) -> str:
    return definition.document.title if definition else ""
