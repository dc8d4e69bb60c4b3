"""The registry of attributes, as marketers keep it and as the doors remember it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.ingest.domain.attributes import (
    BUILT_IN,
    MAX_ATTRIBUTES,
    AttributeDocument,
    AttributeRules,
    Policy,
    check_name,
)
from services.ingest.doors.known import KNOWN_SECONDS
from services.ingest.ports import Attributes, StaleAttributes
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound


class _PolicyDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    policy: Policy


class KnownAttributes:
    """The registry, remembered for `KNOWN_SECONDS`."""

    def __init__(self, attributes: Attributes, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._attributes = attributes
        self._elapsed = elapsed
        self._kept: tuple[float, AttributeRules] | None = None

    def __call__(self) -> AttributeRules:
        if self._kept is None or self._elapsed() - self._kept[0] >= KNOWN_SECONDS:
            self._kept = (self._elapsed(), self._attributes.load())
        return self._kept[1]


class AttributeRegistry:
    """The use case behind `/attributes`."""

    def __init__(self, attributes: Attributes, clock: Clock) -> None:
        self._attributes = attributes
        self._clock = clock

    def show(self) -> dict[str, Any]:
        """The policy, every registered attribute, and what was withheld lately: by name, in how many events (about:
        one that is delivered twice may count twice)."""
        rules = self._attributes.load()
        known = rules.known()
        return {
            "policy": rules.policy,
            "attributes": [_shown(name, document) for name, document in known.items()],
            "withheld": [
                {"name": one.name, "events": one.events, "last_at": to_iso(one.last_at)}
                for one in self._attributes.withheld()
                if one.name not in known
            ],
        }

    def set_policy(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say what becomes of traits that nobody registered; the doors follow within a minute.

        Raises:
            pydantic.ValidationError: there is no such policy.
            Conflict: somebody else changes the registry.
        """
        policy = _PolicyDocument.model_validate(body).policy
        rules = self._attributes.load()
        if rules.policy != policy:
            self._save(replace(rules, policy=policy, version=rules.version + 1))
        return {"policy": policy}

    def put(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Register an attribute, or register it anew.

        Raises:
            Invalid: the name is malformed, or there are too many.
            pydantic.ValidationError: the document is malformed.
            Conflict: somebody else changes the registry.
        """
        check_name(name)
        document = AttributeDocument.model_validate(body)
        rules = self._attributes.load()
        if rules.registered.get(name) != document:
            registered = {**rules.registered, name: document}
            if len(registered) > MAX_ATTRIBUTES:
                raise Invalid("too_many_attributes", f"there may be {MAX_ATTRIBUTES} attributes")
            self._save(replace(rules, registered=registered, version=rules.version + 1))
        return _shown(name, document)

    def remove(self, name: str) -> None:
        """Take an attribute out of the registry. What profiles hold of it stays; of a built-in one the own
        declaration goes.

        Raises:
            NotFound: it is not registered.
            Conflict: somebody else changes the registry.
        """
        rules = self._attributes.load()
        if name not in rules.registered:
            raise NotFound("unknown_attribute", "there is no registered attribute of this name")
        registered = {known: one for known, one in rules.registered.items() if known != name}
        self._save(replace(rules, registered=registered, version=rules.version + 1))

    def _save(self, rules: AttributeRules) -> None:
        try:
            self._attributes.save(rules, self._clock.now())
        except StaleAttributes as error:
            raise Conflict("attributes_changed", "the registry was changed meanwhile: try again") from error


def _shown(name: str, document: AttributeDocument) -> dict[str, Any]:
    built_in = {"built_in": True} if name in BUILT_IN else {}
    return {"name": name, **document.model_dump(mode="json"), **built_in}
