"""What scoring says of one person, and forgets when asked to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, assert_never

from services.scoring.domain.definitions import Definitions, FitModel, Strategy
from services.scoring.domain.seeing import explained_scores, shown_segments
from services.scoring.domain.standing import ProfileStanding
from services.scoring.loyalty.person import LoyaltyPerson
from services.scoring.ports import DefinitionReader, Standings, UnreadableStanding
from services.scoring.service.rewriting import Outcome
from services.shared.clock import from_iso, to_iso
from services.shared.contracts.person import PersonAnswer, PersonQuestion

Erase = Callable[[Sequence[str], datetime], Outcome]


class Person:
    """Answers `PersonQuestion` about the standings of a profile's ids, and their loyalty points."""

    def __init__(
        self, standings: Standings, definitions: DefinitionReader, erase: Erase, points: LoyaltyPerson
    ) -> None:
        self._standings = standings
        self._definitions = definitions
        self._erase = erase
        self._points = points

    def answer(self, question: PersonQuestion) -> PersonAnswer:
        """`describe`: stores `facts`, `scores`, `consents` (as far as definitions ask), `segments`, `stages`,
        `fits` (grades by fit model), `cells` (by strategy), `loyalty` (balance and tier, of who has an account).
        `export`: these, `standings` and `points`, all that is kept. `erase`: `standings` and `points` forgotten; each
        leaves its id behind for 90 days, so that a late fact finds it erased.

        Raises:
            UnreadableStanding: what is stored is none; a bug, not the caller's.
            Exception: of an erasure, the first thing that went wrong; what is erased stays erased.
        """
        if question.ask == "erase":
            return PersonAnswer(service="scoring", stores=self._forgotten(question))
        living = self._living(question.profile_ids)
        stores = self._described(living, question.at)
        if points := self._points.described(question.profile_ids):
            stores["loyalty"] = points
        if question.ask == "describe":
            return PersonAnswer(service="scoring", stores=stores)
        if question.ask == "export":
            stores["points"] = self._points.exported(question.profile_ids, question.at)
            stores["standings"] = [_exported(standing) for standing in living]
            return PersonAnswer(service="scoring", stores=stores)
        assert_never(question.ask)

    def _living(self, profile_ids: Sequence[str]) -> list[ProfileStanding]:
        """The standings there are, the one last judged first: of a merged person, usually just one."""
        found = []
        for standing in self._standings.load(dict.fromkeys(profile_ids)).values():
            if isinstance(standing, UnreadableStanding):
                raise standing
            if not standing.gone:
                found.append(standing)
        return sorted(found, key=lambda s: (s.at, s.profile_id), reverse=True)

    def _described(self, living: Sequence[ProfileStanding], at: datetime) -> dict[str, Any]:
        if not living:
            return {}
        standing, definitions = living[0], self._definitions.load()
        return {
            "facts": {**standing.facts, **_ages(standing, at)},
            "scores": _scores(standing, definitions, at),
            "consents": {purpose: dict(held) for purpose, held in sorted(standing.consents.items())},
            "segments": shown_segments(standing),
            "stages": {
                name: {product: place.value for product, place in sorted(held.items())}
                for name, held in sorted(standing.stages.items())
            },
            "fits": standing.values(FitModel.kind),
            "cells": standing.values(Strategy.kind),
        }

    def _forgotten(self, question: PersonQuestion) -> dict[str, int]:
        points = self._points.erase(question.profile_ids, question.at)
        return {"standings": self._forget(question), "points": points}

    def _forget(self, question: PersonQuestion) -> int:
        # An erasure of nothing leaves a tombstone too: facts may still be on their way.
        known = self._standings.load(dict.fromkeys(question.profile_ids)).values()
        kept = sum(isinstance(one, UnreadableStanding) or not _is_erased(one) for one in known)
        outcome = self._erase(question.profile_ids, question.at)
        for error in outcome.failed.values():
            raise error
        return kept


def _is_erased(standing: ProfileStanding) -> bool:
    return bool(standing.gone and standing.gone.erased)


def _ages(standing: ProfileStanding, at: datetime) -> dict[str, int]:
    """Recency and tenure in whole days at `at`: computed when they are looked at, because they change by themselves."""
    facts = standing.facts
    dates = {"recency_days": "last_order_at", "tenure_days": "first_order_at", "known_days": "first_seen_at"}
    return {age: max(0, (at - from_iso(facts[fact])).days) for age, fact in dates.items() if fact in facts}


def _scores(standing: ProfileStanding, definitions: Definitions, at: datetime) -> dict[str, Any]:
    """Each model's points at `at`, and the rules that gave them."""
    found = {}
    for name, score in explained_scores(standing, definitions, max(at, standing.at)).items():
        rules = [row for row in score.get("rules", ()) if row["count"]]
        found[name] = {"score": score["score"], "rules": rules}
    return found


def _exported(standing: ProfileStanding) -> dict[str, Any]:
    tally = standing.tally
    return {
        "profile_id": standing.profile_id,
        "at": to_iso(standing.at),
        "facts": standing.facts,
        "counts": dict(tally.counts),
        "orders": [asdict(order) for order in tally.book.orders.values()],
        "scores": dict(standing.scores),
        "segments": {name: to_iso(since) for name, since in standing.segments.items()},
        "places": [[*seat, place.value, to_iso(place.since)] for seat, place in standing.places.items()],
        "traits": dict(standing.traits),
        "stages": {
            name: {product: asdict(place) for product, place in held.items()}
            for name, held in standing.stages.items()
        },
        "tracks": dict(standing.memory.tracks),
        "records": {kind: [asdict(one) for one in said] for kind, said in standing.memory.records.items()},
    }
