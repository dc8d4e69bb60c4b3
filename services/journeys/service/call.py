"""Letting one person in, by a request of a client."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from services.journeys.domain.enrolment import Entrant, turned_away
from services.journeys.domain.entries import Called as CalledWay
from services.journeys.domain.keeping import kept_with
from services.journeys.domain.parts import Part
from services.journeys.ports.definitions import Definition
from services.journeys.ports.planning import Audiences, Called, Calls, Directory, Halts
from services.journeys.service.enter import Entering
from services.journeys.service.stores import Stores
from services.journeys.service.versions import versions_of
from services.shared.clock import to_iso
from services.shared.errors import Conflict, Invalid, NotFound

REQUEST = "request_id"
"""The walk's own fact that names the request by which it began."""


class CallRequest(Part):
    """Somebody, by `profile_id` or any `identifier`, about the matter `key`; `request_id` is the client's own, and the
    same for every repetition. The walk keeps what is in `kept`, and `request_id`."""

    request_id: str
    profile_id: str | None = None
    identifier: str | None = None
    key: str = ""
    kept: dict[str, str | int | float | bool] = {}


class Calling:
    """Lets people in who are called."""

    def __init__(
        self,
        stores: Stores,
        entering: Entering,
        audiences: Audiences,
        directory: Directory,
        calls: Calls,
        halts: Halts,
    ) -> None:
        self._stores = stores
        self._entering = entering
        self._audiences = audiences
        self._directory = directory
        self._calls = calls
        self._halts = halts

    def call(self, journey: str, request: CallRequest) -> dict[str, Any]:
        """`{"entered", "reason", "profile_id", "version", "at"}`; the same request again is answered the same.

        Raises:
            NotFound: `unknown_journey`, or `unknown_profile`.
            Invalid: `not_called`: the journey lets nobody in who is called; or `bad_request`.
            Conflict: `request_differs`: the request id was used for something else.
        """
        _check(request)
        definition = versions_of(self._stores.definitions, journey)[-1]
        if not any(isinstance(way, CalledWay) for way in definition.document.entry.on):
            raise Invalid("not_called", f"entry.on of {journey!r} has no called")
        digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        profile_id = self._profile_of(request)
        fresh = Called(request.request_id, digest, profile_id, self._stores.clock.now())
        call = self._calls.open(journey, fresh)
        if call.digest != digest:
            raise Conflict("request_differs", "request_id: was used for another request")
        if call.answer is not None:
            return dict(call.answer)
        answer = self._enter(definition, request, call)
        self._calls.close(journey, replace(call, answer=answer))
        return answer

    def _profile_of(self, request: CallRequest) -> str:
        profile_id = self._directory.profile_of(request.profile_id or request.identifier or "")
        if not profile_id:
            raise NotFound("unknown_profile", "nobody is known by this identifier")
        return profile_id

    def _enter(self, definition: Definition, request: CallRequest, call: Called) -> dict[str, Any]:
        standings = self._audiences.people([call.profile_id])
        newest = self._stores.standings.keep(standings)
        if call.profile_id not in newest:
            raise NotFound("unknown_profile", "scoring does not know this profile yet: try again")
        entrant = Entrant(
            profile_id=call.profile_id,
            at=call.at,
            standing=newest[call.profile_id],
            key=request.key,
            kept=kept_with({REQUEST: request.request_id}, request.kept),
            newest=newest[call.profile_id],
            occasion=True,
        )
        reason = self._reason_against(definition, entrant)
        return {
            "entered": not reason,
            "reason": reason,
            "profile_id": call.profile_id,
            "version": definition.version,
            "at": to_iso(call.at),
        }

    def _reason_against(self, definition: Definition, entrant: Entrant) -> str:
        """Why they did not come in; empty: they did."""
        now = self._stores.clock.now()
        if self._halts.of(definition.journey, definition.document.objective, now) == "stopped":
            return "stopped"
        last = self._stores.walks.find([entrant.ref], definition.journey).get(entrant.ref)
        reason = turned_away(definition.document, entrant, last, now)
        self._entering.enter(definition, [entrant])
        walk = self._stores.walks.find([entrant.ref], definition.journey).get(entrant.ref)
        if walk and walk.reason_at == entrant.at and walk.kept.get(REQUEST) == entrant.kept[REQUEST]:
            return ""
        return reason if reason not in ("", "repeated") else "active"


def _check(request: CallRequest) -> None:
    if not 1 <= len(request.request_id) <= 200:
        raise Invalid("bad_request", "request_id: must have 1 to 200 characters")
    if (request.profile_id is None) is (request.identifier is None):
        raise Invalid("bad_request", "profile_id or identifier: one of them")
    if len(request.key) > 200:
        raise Invalid("bad_request", "key: must have at most 200 characters")
