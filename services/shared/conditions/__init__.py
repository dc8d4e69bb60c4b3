"""The condition language: one JSON tree, validated and compiled once, read in three ways. See docs/conditions.md.

A view is what is known of one person, every key optional: `facts`, `traits`, `scores` (numbers, or
a `Curve` where time changes them), `fits` and `cells` ({definition: grade or cell}), `segments` (names), `stages`
({lifecycle: {product or "": {"stage", "since"}}}), `consents` ({purpose: {channel: state}}), `relations` ({type:
[record]}), `tracks` (what `fold` keeps of events), `profile_id`, and `zone`, the time zone of days when the clause
names none. What is missing (or null) makes every comparison false, `ne` and ages too; only `exists` sees it.

Events are not in a view. `condition.tracks()` says what must be kept of them: `tracks_of` brings those of all
conditions together, `fold` takes an event in, `prune` forgets what can no longer matter.
"""

from services.shared.conditions.curves import Curve, number_at
from services.shared.conditions.durations import parse_duration
from services.shared.conditions.nodes import Condition, Reference, View
from services.shared.conditions.parsing import parse
from services.shared.conditions.reading import InvalidCondition
from services.shared.conditions.readings import Explanation, evaluate, explain, next_flip
from services.shared.conditions.tracks import States, TrackSpec, fold, prune, tracks_of

__all__ = [
    "Condition",
    "Curve",
    "Explanation",
    "InvalidCondition",
    "Reference",
    "States",
    "TrackSpec",
    "View",
    "evaluate",
    "explain",
    "fold",
    "next_flip",
    "number_at",
    "parse",
    "parse_duration",
    "prune",
    "tracks_of",
]
