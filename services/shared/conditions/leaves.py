"""Clauses about what is known of a person now: values, segments, stages, consent, buckets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from services.shared.conditions.instants import LAST, milliseconds_of
from services.shared.conditions.nodes import Leaf, Reference, View
from services.shared.conditions.operators import PLAIN, Operator, is_number
from services.shared.conditions.reading import ZONE_TRAIT, Keys, choice, name, window, zone
from services.shared.conditions.timed import TIMED, Timing, zone_in

SECTIONS: Mapping[str, str] = {"fact": "facts", "trait": "traits", "score": "scores"}
"""Where in a view a kind of value is found."""

CONSENTS = ("granted", "requested", "denied", "revoked", "none")
STAGE_OPERATORS = ("eq", "ne", "in", "not_in", "exists")


def value_leaf(keys: Keys, kind: str) -> Leaf | None:
    """`{"fact" | "trait" | "score": name, operator: literal}`."""
    named = keys.need(kind, name)
    timed = {} if kind == "score" else TIMED
    operator = keys.one_of([*PLAIN, *timed])
    if operator in PLAIN:
        literal = keys.need(operator, not_null(PLAIN[operator]))
        if not keys.done() or named is None:
            return None
        return _plain(keys, kind, named, PLAIN[operator].test(literal))
    timing = keys.need(operator, TIMED[operator].read) if operator else None
    own_zone = keys.may("zone", zone) if operator and TIMED[operator].by_day else None
    if not keys.done() or named is None or timing is None or operator is None:
        return None
    return _timed(keys, (kind, named), timing, own_zone, TIMED[operator].by_day)


def not_null(operator: Operator) -> Callable[[Any], Any]:
    """Its reader, with a better word for null than the general rule."""

    def read(raw: Any) -> Any:
        if raw is None:
            raise ValueError("must not be null; say exists")
        return operator.read(raw)

    return read


def _plain(keys: Keys, kind: str, named: str, holds: Callable[[Any], bool]) -> Leaf:
    section = SECTIONS[kind]

    def seen(view: View, now: int) -> Any:
        return (view.get(section) or {}).get(named)

    def check(view: View, now: int) -> bool:
        return holds((view.get(section) or {}).get(named))

    return Leaf(keys.document, check, seen, references=(Reference(kind, named, f"{keys.path}{kind}"),))


def _timed(keys: Keys, what: tuple[str, str], timing: Timing, own_zone: str | None, by_day: bool) -> Leaf:
    (kind, named), section = what, SECTIONS[what[0]]
    references = [Reference(kind, named, f"{keys.path}{kind}")]
    if own_zone == ZONE_TRAIT:
        references.append(Reference("trait", "timezone", f"{keys.path}zone"))

    def seen(view: View, now: int) -> Any:
        return (view.get(section) or {}).get(named)

    def check(view: View, now: int) -> bool:
        value = (view.get(section) or {}).get(named)
        return value is not None and timing.holds(value, now, zone_in(view, own_zone) if by_day else None)

    def moments(view: View, now: int) -> Any:
        value = (view.get(section) or {}).get(named)
        return () if value is None else timing.moments(value, now, zone_in(view, own_zone) if by_day else None)

    return Leaf(keys.document, check, seen, moments, by_day, tuple(references))


def segment_leaf(keys: Keys) -> Leaf | None:
    """`{"segment": name}`."""
    segment = keys.need("segment", name)
    if not keys.done() or segment is None:
        return None

    def check(view: View, now: int) -> bool:
        return segment in (view.get("segments") or ())

    return Leaf(keys.document, check, check, references=(Reference("segment", segment, f"{keys.path}segment"),))


def stage_leaf(keys: Keys) -> Leaf | None:
    """`{"stage": lifecycle, operator: stage, "product"?: product, "longer_than"?: duration}`."""
    lifecycle, product = keys.need("stage", name), keys.may("product", name) or ""
    longer = keys.may("longer_than", window)
    operator = keys.one_of(STAGE_OPERATORS)
    literal = keys.need(operator, not_null(PLAIN[operator])) if operator else None
    if not keys.done() or lifecycle is None or operator is None:
        return None
    holds = PLAIN[operator].test(literal)

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
    return round(raw * 100)
