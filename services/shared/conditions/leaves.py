"""Clauses about what is known of a person now: values, scores, grades, segments, stages, consent, buckets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from services.shared.conditions.curves import Curve, Flips, flips_of, number_at
from services.shared.conditions.holding import read_holding
from services.shared.conditions.instants import LAST, milliseconds_of
from services.shared.conditions.nodes import Leaf, Reference, View
from services.shared.conditions.operators import PLAIN, is_number
from services.shared.conditions.reading import Keys, choice, name, window
from services.shared.conditions.timed import TIMED

SECTIONS: Mapping[str, str] = {"fact": "facts", "trait": "traits"}
"""Where in a view a kind of value is found."""

CONSENTS = ("granted", "denied", "revoked", "none")
STAGE_OPERATORS = ("eq", "ne", "in", "not_in", "exists")


def value_leaf(keys: Keys, kind: str) -> Leaf | None:
    """`{"fact" | "trait": name, operator: literal, "zone"?: time zone}`."""
    named = keys.need(kind, name)
    holding = read_holding(keys, PLAIN, TIMED)
    if not keys.done() or named is None or holding is None:
        return None
    section, holds, judge = SECTIONS[kind], holding.predicate, holding.holds

    def seen(view: View, now: int) -> Any:
        return (view.get(section) or {}).get(named)

    def check(view: View, now: int) -> bool:
        return holds((view.get(section) or {}).get(named))

    def check_now(view: View, now: int) -> bool:
        return judge((view.get(section) or {}).get(named), view, now)

    def moments(view: View, now: int) -> Iterable[int]:
        return holding.moments(seen(view, now), view, now)

    references = [Reference(kind, named, f"{keys.path}{kind}")]
    if holding.own_zone:
        references.append(Reference("trait", "timezone", f"{keys.path}zone"))
    if holding.timing is None:
        return Leaf(keys.document, check, seen, references=tuple(references))
    return Leaf(keys.document, check_now, seen, moments, holding.by_day, tuple(references))


def score_leaf(keys: Keys) -> Leaf | None:
    """`{"score": name, operator: literal, "for"?: value}`; with `for`, the score of one value (a product, a group) of
    the property by which the model keeps points apart."""
    named, value = keys.need("score", name), keys.may("for", name)
    holding = read_holding(keys, PLAIN, {})
    if not keys.done() or named is None or holding is None:
        return None
    holds = holding.predicate

    def score(view: View) -> Any:
        found = (view.get("scores") or {}).get(named)
        if value is None:
            return found
        return found.part(value) if isinstance(found, Curve) else None

    def seen(view: View, now: int) -> Any:
        return number_at(score(view), now)

    def check(view: View, now: int) -> bool:
        return holds(number_at(score(view), now))

    def flips(view: View, now: int) -> Flips:
        found = score(view)
        return flips_of(found, holding.literal, now) if isinstance(found, Curve) else Flips(())

    references = [Reference("score", named, f"{keys.path}score")]
    if value is not None:
        references.append(Reference("part", f"{named}/{value}", f"{keys.path}for"))
    return Leaf(
        keys.document,
        check,
        seen,
        lambda view, now: flips(view, now).moments,
        references=tuple(references),
        known_until=lambda view, now: flips(view, now).known_until,
    )


def fit_leaf(keys: Keys) -> Leaf | None:
    """`{"fit": model, operator: grade}`."""
    return _named_leaf(keys, "fit", "fits")


def cell_leaf(keys: Keys) -> Leaf | None:
    """`{"cell": strategy, operator: cell}`, of a contact strategy; a cell is `band:grade`."""
    return _named_leaf(keys, "cell", "cells")


def _named_leaf(keys: Keys, kind: str, section: str) -> Leaf | None:
    named = keys.need(kind, name)
    holding = read_holding(keys, {operator: PLAIN[operator] for operator in STAGE_OPERATORS}, {})
    if not keys.done() or named is None or holding is None:
        return None
    holds = holding.predicate

    def seen(view: View, now: int) -> Any:
        return (view.get(section) or {}).get(named)

    def check(view: View, now: int) -> bool:
        return holds(seen(view, now))

    return Leaf(keys.document, check, seen, references=(Reference(kind, named, f"{keys.path}{kind}"),))


def segment_leaf(keys: Keys) -> Leaf | None:
    """`{"segment": name}`."""
    segment = keys.need("segment", name)
    if not keys.done() or segment is None:
        return None

    def check(view: View, now: int) -> bool:
        return segment in (view.get("segments") or ())

    return Leaf(
        keys.document, check, check, references=(Reference("segment", segment, f"{keys.path}segment"),)
    )


def stage_leaf(keys: Keys) -> Leaf | None:
    """`{"stage": lifecycle, operator: stage, "product"?: product, "longer_than"?: duration}`."""
    lifecycle, product = keys.need("stage", name), keys.may("product", name) or ""
    longer = keys.may("longer_than", window)
    holding = read_holding(keys, {operator: PLAIN[operator] for operator in STAGE_OPERATORS}, {})
    if not keys.done() or lifecycle is None or holding is None:
        return None
    holds = holding.predicate

    def standing(view: View) -> Mapping[str, Any]:
        return ((view.get("stages") or {}).get(lifecycle) or {}).get(product) or {}

    def seen(view: View, now: int) -> Any:
        return dict(standing(view)) or None

    def ripe(view: View) -> int:
        since = milliseconds_of(standing(view).get("since"))
        return LAST + 1 if since is None or longer is None else since + longer

    def check(view: View, now: int) -> bool:
        return holds(standing(view).get("stage")) and (longer is None or ripe(view) <= now)

    def moments(view: View, now: int) -> Any:
        return (at,) if now < (at := ripe(view)) <= LAST else ()

    reference = Reference("stage", lifecycle, f"{keys.path}stage")
    return Leaf(keys.document, check, seen, None if longer is None else moments, references=(reference,))


def consent_leaf(keys: Keys) -> Leaf | None:
    """`{"consent": purpose, "channel": channel, "eq": "granted" | ...}`."""
    purpose, channel = keys.need("consent", name), keys.need("channel", name)
    wanted = keys.need("eq", choice(*CONSENTS))
    if not keys.done() or purpose is None or channel is None:
        return None

    def seen(view: View, now: int) -> Any:
        return ((view.get("consents") or {}).get(purpose) or {}).get(channel) or "none"

    def check(view: View, now: int) -> bool:
        return bool(seen(view, now) == wanted)

    reference = Reference("consent", f"{purpose}/{channel}", f"{keys.path}consent")
    return Leaf(keys.document, check, seen, references=(reference,))


def bucket_leaf(keys: Keys) -> Leaf | None:
    """`{"bucket": seed, "from": percent, "to": percent}`: a sticky random share of all profiles."""
    seed = keys.need("bucket", name)
    low, high = keys.need("from", _hundredths), keys.need("to", _hundredths)
    if low is not None and high is not None and low >= high:
        keys.problems.add(f"{keys.path}to", "must be above from")
    if not keys.done() or seed is None or low is None or high is None:
        return None

    def seen(view: View, now: int) -> Any:
        profile_id = view.get("profile_id")
        return None if profile_id is None else bucket_of(seed, profile_id) / 100

    def check(view: View, now: int) -> bool:
        profile_id = view.get("profile_id")
        return profile_id is not None and low <= bucket_of(seed, profile_id) < high

    return Leaf(keys.document, check, seen, references=(Reference("bucket", seed, f"{keys.path}bucket"),))


def bucket_of(seed: str, profile_id: str) -> int:
    """Where a profile falls, in hundredths of a percent (0 to 9,999); the same for ever, and apart for each seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}{profile_id}".encode()).digest()[:8], "big") % 10_000


def _hundredths(raw: Any) -> int:
    rule = "must be a percentage from 0 to 100 with at most two decimals"
    if not is_number(raw) or not 0 <= raw <= 100 or abs(raw * 100 - round(raw * 100)) > 1e-9:
        raise ValueError(rule)
    hundredths: int = round(raw * 100)
    return hundredths
