"""What scoring has defined, with all that journeys ask it for: it must be there before anybody walks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.journeys.domain.document import Document
from services.journeys.domain.listening import needs_of
from services.journeys.domain.referring import judged_by
from services.scoring.domain.definitions import KINDS, Definition, Definitions
from services.scoring.domain.definitions.hearing import Hearing
from services.shared.contracts.journeys import Listening
from services.shared.errors import Invalid

_BY_KEY = {kind.listed: kind for kind in KINDS.values()}
_WORDS = {
    "segment": "segment",
    "score": "score-model",
    "stage": "stage",
    "fit": "fit-model",
    "cell": "strategy",
}
"""What conditions call a kind that journeys look at themselves."""


def read_definitions(said: Mapping[str, Mapping[str, Any]]) -> list[Definition]:
    """Definitions by kind (`segments`, `score_models`, `stages`, ...) and name, each as its route takes it.

    Raises:
        Invalid: there is no such kind, or one of them breaks its rules.
        pydantic.ValidationError: a field of one breaks its rule.
    """
    found = []
    for key, by_name in said.items():
        if key not in _BY_KEY:
            raise Invalid("unknown_kind", f"define.{key}: is none of {', '.join(sorted(_BY_KEY))}")
        for name, document in by_name.items():
            try:
                found.append(_BY_KEY[key].parse(name, document))
            except Invalid as error:
                raise Invalid(error.code, f"define.{key}.{name}: {error.message}") from error
    return found


def defined(documents: Sequence[Document], definitions: Iterable[Definition], now: datetime) -> Definitions:
    """All definitions, with the conditions that journeys watch and the events they listen to since `now`.

    Raises:
        Invalid: definitions do not fit together, or a journey names what is not defined.
    """
    hearing = Hearing()
    for document in documents:
        watches, listeners, traits = needs_of([document])
        asked = Listening(
            journey=document.name, revision=1, at=now, watches=watches, listeners=listeners, carries=traits
        )
        hearing = hearing.with_(asked)
    found = Definitions.of(1, definitions, None, hearing)
    for document in documents:
        _check(document, found, hearing)
    return found


def _check(document: Document, found: Definitions, hearing: Hearing) -> None:
    missing = sorted({f"{kind} {name!r}" for kind, name in _named(document) if not found.get(kind, name)})
    if not missing and (unheard := found.unheard(document.name)):
        asked = hearing.of(document.name)
        missing = [str(one.when) for one in (asked.watches if asked else ()) if one.name in unheard]
    if missing:
        raise Invalid(
            "unknown_reference",
            f"{document.name} asks for what is not there: {', '.join(missing)}. Say under define what it is, such as "
            "define: {segments: {vip: {condition: {fact: orders, gte: 10}}}}",
        )


def _named(document: Document) -> Iterator[tuple[str, str]]:
    """What a journey looks at itself: kind and name."""
    yield from ((_WORDS[kind], name) for kind, name in judged_by(document) if kind in _WORDS)
