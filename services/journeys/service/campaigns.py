"""Marketers' campaigns: putting them, and seeing how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.journeys.domain.campaign import Campaign, journey_of, read_campaign
from services.journeys.domain.rules.problems import InvalidJourney, Problem
from services.journeys.domain.runs import Run
from services.journeys.domain.validation import judge
from services.journeys.ports.definitions import Definitions
from services.journeys.ports.planning import Audiences, Campaigns, Planned, Runs
from services.journeys.service.gate import Gate
from services.journeys.service.publish import Publishing
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, NotFound

RUNS_SHOWN = 20


class Campaigning:
    """Use cases of campaigns. They are paused, resumed and stopped as the journeys that they are."""

    def __init__(
        self,
        definitions: Definitions,
        campaigns: Campaigns,
        runs: Runs,
        audiences: Audiences,
        publishing: Publishing,
        gate: Gate,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._campaigns = campaigns
        self._runs = runs
        self._audiences = audiences
        self._publishing = publishing
        self._gate = gate
        self._clock = clock

    def put(self, name: str, raw: Mapping[str, Any]) -> Planned:
        """Publish a campaign's journey and schedule it; the same again changes nothing. Runs that have begun go on as
        they began.

        Raises:
            InvalidJourney: it breaks a rule, or is of another campaign.
            Conflict: `name_taken` by a journey, `portfolio_full`, or others publish it at the same time.
        """
        if raw.get("name") != name:
            raise InvalidJourney([Problem("name", f"must be {name!r}, as in the path")])
        standing = self._campaigns.get(name)
        if standing is not None and standing.raw == raw:
            self._publishing.publish(name, journey_of(raw, standing.campaign))
            return standing
        if standing is None and self._definitions.versions(name) and not self._is_ours(raw):
            raise Conflict("name_taken", f"{name!r} is a journey that is no campaign")
        campaign = read_campaign(raw)
        if problems := self._problems(campaign, raw):
            raise InvalidJourney(problems)
        definition = self._publishing.publish(name, journey_of(raw, campaign))
        planned = Planned(campaign, raw, definition.version, self._clock.now())
        self._campaigns.put(planned)
        return planned

    def validate(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """All that is wrong with a campaign, and the journey that it is, with its picture."""
        try:
            campaign = read_campaign(raw)
        except InvalidJourney as error:
            return {"valid": False, "problems": [vars(problem) for problem in error.problems]}
        document = journey_of(raw, campaign)
        verdict = self._publishing.validate(document)
        own = [vars(problem) for problem in self._problems(campaign, raw)]
        problems = [*own, *(problem for problem in verdict["problems"] if problem not in own)]
        return {**verdict, "valid": not problems, "problems": problems, "journey": document}

    def show(self, name: str) -> dict[str, Any]:
        """A campaign, its next moment, and its newest runs with how far they are.

        Raises:
            NotFound: there is none of that name.
        """
        planned = self._campaigns.get(name)
        if planned is None:
            raise NotFound("unknown_campaign", f"there is no campaign {name!r}")
        runs = [self._progress(run) for run in self._runs.of(name, RUNS_SHOWN)]
        return {**self._headline(planned), "document": planned.raw, "runs": runs}

    def catalogue(self) -> list[dict[str, Any]]:
        """All campaigns, by name."""
        return [self._headline(planned) for planned in self._campaigns.all()]

    def _headline(self, planned: Planned) -> dict[str, Any]:
        campaign = planned.campaign
        following = campaign.schedule.following(self._clock.now())
        return {
            "name": campaign.name,
            "title": campaign.title,
            "version": planned.version,
            "segment": campaign.segment,
            "portfolio": campaign.portfolio,
            "scheduled_at": to_iso(planned.at),
            "next": to_iso(following.at) if following else None,
        }

    def _progress(self, run: Run) -> dict[str, Any]:
        portions = self._runs.taken(run)
        now = [one for one in self._runs.portions(run) if not one.finished] if run.at_work else []
        return {
            "run_id": run.run_id,
            "at": to_iso(run.at),
            "version": run.version,
            "state": run.state,
            "until": to_iso(run.until) if run.until else None,
            "people": sum(one.taken for one in portions),
            "entered": sum(one.entered for one in portions),
            "parts_left": len(now),
            "ended_at": to_iso(run.ended_at) if run.ended_at else None,
        }

    def _is_ours(self, raw: Mapping[str, Any]) -> bool:
        """Was the journey published by a campaign whose worker died before it was scheduled?"""
        name = str(raw["name"])
        newest = self._definitions.versions(name)[-1]
        return "message" in newest.raw.get("nodes", {}) and newest.raw.get("entry", {}).get("on") == [
            {"called": True}
        ]

    def _problems(self, campaign: Campaign, raw: Mapping[str, Any]) -> list[Problem]:
        problems = []
        if campaign.schedule.following(self._clock.now()) is None:
            problems.append(Problem("schedule", "has no moment that is still to come"))
        if not self._audiences.members(campaign.segment, 0, "").known:
            problems.append(Problem("segment", f"there is no segment {campaign.segment!r}"))
        if campaign.product is not None and campaign.proposition is None:
            problems.append(Problem("product", "is what a proposition is made for, and there is none"))
        document = judge(journey_of(raw, campaign)).document
        return [*problems, *(self._gate.problems(document, campaign.product) if document else [])]
