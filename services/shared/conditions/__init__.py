"""The condition language: one JSON tree, validated once, read in three ways.

    all / any / none        {"all": [c, ...]}
    fact, trait, score      {"fact": "orders", "gte": 2}         eq ne gt gte lt lte in exists
    age of an instant       {"fact": "last_order_at", "older_than": "P90D"}   or {"within": "P30D"}
    membership              {"segment": "first_order"}

A view is what is known of one person: `{"facts": {}, "traits": {}, "scores": {}, "segments": []}`, each key
optional. What is missing (or null) makes every comparison false, `ne` and both ages too; only `exists` sees
it.
"""

from services.shared.conditions.durations import parse_duration
from services.shared.conditions.nodes import Condition, Reference, View
from services.shared.conditions.parsing import parse
from services.shared.conditions.readings import Explanation, evaluate, explain, next_flip

__all__ = [
    "Condition",
    "Explanation",
    "Reference",
    "View",
    "evaluate",
    "explain",
    "next_flip",
    "parse",
    "parse_duration",
]
