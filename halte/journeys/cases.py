"""Tests of journeys as they are written in YAML (or JSON).

    journeys: [abandoned_cart]          # names in the library, files beside this one, or documents
    messages:                           # what each template is, where a journey does not say it itself
      hello: {class: commercial, purpose: newsletter}
    define:                             # what journeys refer to, by kind, as the API takes it
      segments: {vip: {condition: {fact: orders, gte: 10}}}
    pressure:                           # contact pressure, as PUT /pressure takes it; without, nothing stops anybody
      caps: [{count: 1, within: P1D}]
    tests:
      - name: an order during the wait means no mail
        people:
          ann: {traits: {email: ann@example.com}, consents: {newsletter: {email: granted}}}
        steps:
          - given: [{who: ann, event: Product Added, properties: {cart_id: c1}}]
            advance: PT30M
          - given: [{who: ann, event: Order Completed, properties: {cart_id: c1}}]
            advance: P7D
            expect: {messages: [], exits: [goal]}

Of a step, what is given comes first, then time passes, then is looked at what came since the last look: of each kind
that is named, exactly that, in its order. An expectation has the fields that matter (or is the one that says the most:
a message's template, an exit's reason); `at` is compared as far as it is written, in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from services.delivery.domain.pressure.policy import PressurePolicy
from services.journeys.domain.parts import Duration, Name, Text
from services.simulations.domain.happened import HEADLINE, Kind
from services.simulations.domain.source import Wording

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""When a test begins that does not say: a Monday morning."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _instant(text: object) -> datetime:
    if isinstance(text, datetime):
        return text
    at = datetime.fromisoformat(str(text))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Instant = Annotated[datetime, PlainValidator(_instant)]
"""A date and time; without an offset in UTC."""

_ChannelName = Annotated[str, Field(pattern=r"^(email|sms)$")]
_State = Annotated[str, Field(pattern=r"^(granted|revoked|denied)$")]
Permissions = dict[Name, dict[_ChannelName, _State]]
"""By purpose and channel."""


class Person(_Part):
    """Somebody as they are when the test begins."""

    traits: dict[Text, Any] = {}
    consents: Permissions = {}


_DEEDS = ("event", "traits", "consents", "call", "pause", "resume", "world")
_OF_PEOPLE = ("event", "traits", "consents", "call")


class Given(_Part):
    """One thing that is given: an event (told when it is due; one with an earlier `at` is told late), traits or
    permissions that change, a journey that is called for somebody, paused or resumed, something in the `world`."""

    who: Text | None = None
    at: Instant | None = None
    event: Text | None = None
    type: Literal["track", "page", "screen"] = "track"
    properties: dict[str, Any] = {}
    traits: dict[Text, Any] | None = None
    consents: Permissions | None = None
    call: Name | None = None
    pause: Name | None = None
    policy: Literal["hold", "drop"] = "hold"
    resume: Name | None = None
    world: Name | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        said = [name for name in _DEEDS if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"must have exactly one of {', '.join(_DEEDS)}")
        if (self.who is None) is (said[0] in _OF_PEOPLE):
            raise ValueError("who belongs to what people do, and to nothing else")
        return self


class Expect(_Part):
    """What came since the last look, by kind; kinds that are not named may be anything."""

    entered: list[Any] | None = None
    refused: list[Any] | None = None
    messages: list[Any] | None = None
    held: list[Any] | None = None
    skipped: list[Any] | None = None
    updates: list[Any] | None = None
    tasks: list[Any] | None = None
    webhooks: list[Any] | None = None
    exits: list[Any] | None = None

    def by_kind(self) -> dict[Kind, list[dict[str, Any]]]:
        """The expectations that there are, as fields."""
        return {
            kind: [one if isinstance(one, dict) else {HEADLINE[kind]: one} for one in said]
            for kind in HEADLINE
            if (said := getattr(self, kind)) is not None
        }


class Step(_Part):
    """What is given, how long time then passes (`advance`, or `until` a moment), and what is expected by then."""

    given: list[Given] = []
    advance: Duration | None = None
    until: Instant | None = None
    expect: Expect | None = None

    @model_validator(mode="after")
    def _ends_once(self) -> Self:
        if self.advance is not None and self.until is not None:
            raise ValueError("must not have both advance and until")
        return self


class Case(_Part):
    """One test; `proves` names capabilities of the product that it shows."""

    name: Text
    proves: list[Text] = []
    start: Instant = START
    people: dict[Text, Person] = {}
    steps: Annotated[list[Step], Field(min_length=1)]


class CaseFile(_Part):
    """A file of tests about the same journeys. Without any, it is about the one beside it: `x.test.yaml` is about
    `x.yaml`."""

    journey: str | dict[str, Any] | None = None
    journeys: list[str | dict[str, Any]] = []
    messages: dict[Name, Wording] = {}
    define: dict[str, dict[str, dict[str, Any]]] = {}
    pressure: PressurePolicy | None = None
    tests: Annotated[list[Case], Field(min_length=1)]
