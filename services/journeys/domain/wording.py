"""Conditions in a few words, for pictures and lists that people read; docs/conditions.md says what they mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.journeys.domain.parts import WALK

LONGEST = 80
"""Characters; the rest is left out."""

_SIGNS = {"eq": "=", "ne": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "in": "in", "not_in": "not in"}
_SIGNS |= {"older_than": "longer ago than", "within": "less long ago than", "within_next": "in the next"}
_GROUPS = {"all": " and ", "any": " or ", "none": " nor "}
_MEASURES = ("count", "sum", "average", "distinct", "first", "last")
_BESIDE = ("fact", "trait", "score", "stage", "fit", "cell", "zone", "for", "product")


def in_words(when: Mapping[str, Any]) -> str:
    """What a condition says; a long one is cut off."""
    text = _words(when)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _words(when: Mapping[str, Any]) -> str:
    group = next((one for one in _GROUPS if one in when), None)
    if group is None:
        return _leaf(when)
    children = when[group]
    text = _GROUPS[group].join(f"({_words(one)})" if _is_group(one) else _words(one) for one in children)
    if group != "none":
        return text
    return f"neither {text}" if len(children) > 1 else f"not {text}"


def _is_group(when: Mapping[str, Any]) -> bool:
    return any(group in when and len(when[group]) > 1 for group in _GROUPS)


def _leaf(when: Mapping[str, Any]) -> str:
    if "event" in when:
        return _event(when)
    if "sequence" in when:
        return "did " + ", then ".join(
            f"{'not ' if step.get('absent') else ''}{step['event']}" for step in when["sequence"]
        )
    if "relation" in when:
        return " ".join(["has", str(when["relation"]), *_measured(when)])
    if "segment" in when:
        return f"in {when['segment']}"
    if "consent" in when:
        return f"{when['consent']} by {when.get('channel')} {when.get('eq')}"
    if "bucket" in when:
        return f"{when.get('from')} to {when.get('to')} % of {when['bucket']}"
    return " ".join([_subject(when), *_compared(when)])


def _subject(when: Mapping[str, Any]) -> str:
    head = next(key for key in _BESIDE if key in when)
    name = str(when[head]).removeprefix(WALK)
    return f"{name} of {when['product']}" if "product" in when else name


def _event(when: Mapping[str, Any]) -> str:
    """`did Order Completed (count ≥ 2) in P30D`; `did not …` where none is counted."""
    if when.get("count") == {"eq": 0}:
        parts = [f"did not {when['event']}"]
    else:
        parts = [f"did {when['event']}", *_measured(when)]
    if "within" in when:
        parts.append(f"in {when['within']}")
    if "since" in when:
        parts.append(f"since {when['since'].get('event')}")
    return " ".join(parts)


def _measured(when: Mapping[str, Any]) -> Iterator[str]:
    for measure in _MEASURES:
        if measure in when:
            of = when[measure].get("of")
            name = f"{measure} of {of}" if of else measure
            yield f"({' '.join([name, *_compared(when[measure])])})"


def _compared(test: Mapping[str, Any]) -> Iterator[str]:
    for operator, value in test.items():
        if operator in _BESIDE or operator == "of":
            continue
        if operator == "exists":
            yield "is known" if value else "is not known"
        elif isinstance(value, list):
            yield f"{_SIGNS.get(operator, operator)} {', '.join(map(str, value))}"
        else:
            yield f"{_SIGNS.get(operator, operator.replace('_', ' '))} {value}"
