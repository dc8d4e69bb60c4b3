"""Simulations of journeys that are kept here: asked for once, worked out elsewhere, looked at until they are done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.journeys.domain.library import templates_of
from services.journeys.domain.referring import named_by
from services.journeys.domain.simulating import AGAIN_AFTER, DRAFT, Asked, Question, Request, Told, bounded
from services.journeys.domain.validation import read_document
from services.journeys.ports.definitions import Definitions, Drafts
from services.journeys.ports.simulating import Given, Simulations, Simulators
from services.journeys.service.versions import versions_of
from services.shared.clock import Clock, to_iso
from services.shared.contracts.given import WordingsAnswer
from services.shared.errors import NotFound

_ID = re.compile(r"[0-9a-f]{32}")


class Simulating:
    """Answers are JSON-ready. `clock` is the machine's own: it is workers that are waited for, not people."""

    def __init__(
        self,
        definitions: Definitions,
        drafts: Drafts,
        simulations: Simulations,
        simulators: Simulators,
        given: Given,
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._drafts = drafts
        self._simulations = simulations
        self._simulators = simulators
        self._given = given
        self._clock = clock

    def ask(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Have a question worked out, unless it is being, or was within a week; what `show` says of it.

        Raises:
            pydantic.ValidationError: a field breaks its rule.
            Invalid: `too_much`.
            NotFound: there is no such journey, version or draft.
            InvalidJourney: the draft breaks a rule, so nobody could walk it.
        """
        asked = self._filled(self._asked(name, bounded(Request.model_validate(dict(body)))))
        now, kept = self._clock.now(), self._simulations.get(asked.id)
        told = kept.by(now) if kept else None
        if kept is None or (told is not None and told.state == "failed"):
            kept = Question(asked, now, state=kept.state if kept else "")
            self._simulations.ask(kept)
            self._simulators.send(asked.id)
        elif told is None and now - kept.asked_at > AGAIN_AFTER:
            self._simulators.send(asked.id)
        return self._shown(asked.id, kept)

    def show(self, name: str, id: str) -> dict[str, Any]:
        """What became of one: `{id, journey, version, state, asked_at, asked}`, and `report` or `code` and `message`.
        `state` is waiting, running, done or failed.

        Raises:
            NotFound: `unknown_simulation`; nobody asked, or it is over a week old.
        """
        kept = self._simulations.get(id) if _ID.fullmatch(id) else None
        if kept is None or kept.asked.journey != name:
            raise NotFound("unknown_simulation", f"no simulation {id!r} of journey {name!r} is kept")
        return self._shown(id, kept)

    def _asked(self, name: str, request: Request) -> Asked:
        if request.version == DRAFT:
            draft = self._drafts.get(name)
            if draft is None:
                raise NotFound("unknown_draft", f"there is no draft of journey {name!r}")
            return Asked(name, DRAFT, {"name": name, **draft.document}, request)
        versions = versions_of(self._definitions, name)
        wanted = request.version or versions[-1].version
        for one in versions:
            if one.version == wanted:
                return Asked(name, one.version, one.raw, request)
        raise NotFound("unknown_version", f"version: journey {name!r} has no version {wanted}")

    def _filled(self, asked: Asked) -> Asked:
        """With what the stage has by now of all that the request leaves open."""
        document, request, more = read_document(asked.document), asked.request, dict[str, Any]()
        if request.define is None:
            more["define"] = self._given.definitions(named_by(document)).define
        if request.messages is None or request.pressure is None:
            given = self._given.wordings(sorted(templates_of(document)))
            more |= {"messages": _worded(given), "pressure": given.pressure}
        left_open = {name: one for name, one in more.items() if getattr(request, name) is None}
        return replace(asked, request=request.model_copy(update=left_open))

    def _shown(self, id: str, kept: Question) -> dict[str, Any]:
        told = kept.by(self._clock.now())
        left_out = {"define", "messages", "pressure", "version"}
        shown = {
            "id": id,
            "journey": kept.asked.journey,
            "version": kept.asked.version,
            "state": told.state if told else "waiting",
            "asked_at": to_iso(kept.asked_at),
            "asked": kept.asked.request.model_dump(mode="json", exclude=left_out, exclude_none=True),
        }
        if told is None or told.state == "running":
            return shown
        return {**shown, "ended_at": to_iso(told.at), **_said(told)}


def _worded(given: WordingsAnswer) -> dict[str, Any]:
    return {
        name: {"class": one.message_class, **({"purpose": one.purpose} if one.purpose else {})}
        for name, one in given.messages.items()
    }


def _said(told: Told) -> Mapping[str, Any]:
    return {"report": told.said} if told.state == "done" else told.said
