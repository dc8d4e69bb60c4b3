"""Random definitions, people and streams of events, from small pools so that what is asked and what is there meet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from services.shared.clock import to_iso
from services.shared.contracts.ingest import CustomerEvent
from tests.unit.conditions.oracle import Told

BASE = datetime(2024, 2, 20, 12, tzinfo=UTC)
NAMES = st.sampled_from(["A", "A", "B"])
GRID = 6
"""Hours: nearly all happens on a grid, and lasts so long, so that windows begin and end where events are."""
HOURS = st.integers(-8, 8).map(lambda n: n * GRID)
INSTANTS = st.builds(
    lambda hours, late: BASE + timedelta(hours=hours, milliseconds=late == 0), HOURS, st.integers(0, 8)
)
DURATIONS = st.sampled_from(["PT6H", "PT12H", "PT18H", "P1D", "P2D"])
SCALARS: st.SearchStrategy[Any] = st.sampled_from([0, 1, 2, 3, 0.5, 19.95, True, "x", "xy", "1"])
NUMBERS: st.SearchStrategy[Any] = st.sampled_from([0, 1, 2, 3, 0.5, 19.95])
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "a": SCALARS,
        "n": st.one_of(NUMBERS, SCALARS),
        "cart": st.sampled_from(["k1", "k1", "k2", 1, True]),
        "when": INSTANTS.map(to_iso),
        "direction": st.sampled_from(["inbound", "outbound"]),
        "lines": st.lists(st.fixed_dictionaries({"a": SCALARS}), max_size=2),
    },
)
EVENTS = st.builds(Told, NAMES, INSTANTS, PROPERTIES)


def told(event: Told, number: int) -> CustomerEvent:
    """The event as ingest tells it."""
    return CustomerEvent.model_validate(
        {
            "message_id": f"m{number}",
            "type": event.type,
            "name": event.name,
            "at": event.at,
            "properties": event.properties,
        }
    )


def _tests(literals: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    ordered = st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"])
    return st.one_of(
        st.builds(lambda o, v: {o: v}, ordered, literals),
        st.builds(lambda a, b: {"between": sorted([a, b])}, literals, literals),
        st.builds(
            lambda o, vs: {o: vs},
            st.sampled_from(["in", "not_in"]),
            st.lists(literals, min_size=1, max_size=3),
        ),
    )


COUNTS = _tests(st.integers(0, 3))
AMOUNTS = _tests(NUMBERS)
AGES = st.builds(lambda o, d: {o: d}, st.sampled_from(["older_than", "within", "within_next"]), DURATIONS)
VALUES = st.one_of(
    st.builds(lambda o, v: {o: v}, st.sampled_from(["eq", "ne"]), SCALARS),
    AMOUNTS,
    st.builds(
        lambda o, v: {o: v},
        st.sampled_from(["contains", "starts_with", "ends_with"]),
        st.sampled_from(["x", "y"]),
    ),
    st.builds(lambda v: {"exists": v}, st.booleans()),
    st.builds(lambda at: {"gte": to_iso(at)}, INSTANTS),
)


def _filters(head: str, tests: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    tested = st.builds(
        lambda key, test: {head: key, **test}, st.sampled_from(["a", "n", "when", ["deep", "a"]]), tests
    )
    return st.recursive(
        tested,
        lambda inner: st.one_of(
            st.builds(
                lambda o, ws: {o: ws},
                st.sampled_from(["all", "any", "none"]),
                st.lists(inner, min_size=1, max_size=2),
            ),
            st.builds(lambda w: {"line": "lines", "where": w}, inner),
        ),
        max_leaves=3,
    )


WHERES = _filters("prop", VALUES)
ROWS = _filters("field", st.one_of(VALUES, AGES))


@st.composite
def _watched(draw: st.DrawFn) -> dict[str, Any]:
    watched: dict[str, Any] = {"event": draw(st.sampled_from(["A", "A", "B", "*"]))}
    if draw(st.integers(0, 5)) == 0:
        watched["where"] = draw(WHERES)
    if draw(st.integers(0, 9)) == 0:
        watched["direction"] = draw(st.sampled_from(["inbound", "outbound"]))
    return watched


@st.composite
def _measures(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(["", "count", "sum", "average", "distinct", "first", "last"]))
    if name in ("", "count"):
        return {} if name == "" else {"count": draw(COUNTS)}
    if name in ("sum", "average"):
        return {name: {"of": "n", **draw(AMOUNTS)}}
    if name == "distinct":
        return {name: {"of": draw(st.sampled_from(["a", "n"])), **draw(COUNTS)}}
    if draw(st.booleans()):
        return {name: {"of": "@at", **draw(AGES)}}
    of = draw(st.sampled_from(["a", "n", "when"]))
    return {name: {"of": of, **draw(st.one_of(VALUES, AGES) if of == "when" else VALUES)}}


@st.composite
def _event_clauses(draw: st.DrawFn) -> dict[str, Any]:
    clause = {**draw(_watched()), **draw(_measures())}
    keyed = draw(st.integers(0, 3)) == 0
    if keyed:
        clause["per"] = "cart"
    if keyed or draw(st.booleans()):
        clause["within"] = draw(DURATIONS)
    if draw(st.integers(0, 3)) == 0:
        clause["since"] = draw(_watched())
    if draw(st.integers(0, 5)) == 0:
        start = draw(INSTANTS)
        clause["from"], clause["until"] = (
            to_iso(start),
            to_iso(start + timedelta(hours=GRID * draw(st.integers(1, 8)))),
        )
    return clause


@st.composite
def _sequences(draw: st.DrawFn) -> dict[str, Any]:
    keyed, absent = draw(st.integers(0, 3)) == 0, draw(st.booleans())
    steps = draw(st.lists(_watched(), min_size=2, max_size=3))
    for step in steps[1:]:
        if keyed or draw(st.booleans()):
            step["within"] = draw(DURATIONS)
    if absent:
        steps[-1].update({"within": draw(DURATIONS), "absent": True})
    clause: dict[str, Any] = {"sequence": steps}
    if keyed or draw(st.booleans()):
        clause["within"] = draw(DURATIONS)
    return {**clause, "per": "cart"} if keyed else clause


@st.composite
def _relations(draw: st.DrawFn) -> dict[str, Any]:
    clause: dict[str, Any] = {"relation": draw(st.sampled_from(["product", "order"]))}
    if draw(st.booleans()):
        clause["where"] = draw(ROWS)
    measure = draw(st.sampled_from(["", "count", "sum"]))
    if measure == "count":
        clause["count"] = draw(COUNTS)
    elif measure:
        clause["sum"] = {"of": "n", **draw(AMOUNTS)}
    return clause


@st.composite
def _standings(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["fact", "trait", "score", "segment", "stage", "consent", "bucket"]))
    if kind == "segment":
        return {"segment": draw(NAMES)}
    if kind == "stage":
        clause = {"stage": "life", "eq": draw(NAMES)}
        return clause if draw(st.booleans()) else {**clause, "longer_than": draw(DURATIONS)}
    if kind == "consent":
        return {
            "consent": "news",
            "channel": "email",
            "eq": draw(st.sampled_from(["granted", "revoked", "none"])),
        }
    if kind == "bucket":
        low = draw(st.integers(0, 99))
        return {"bucket": "seed", "from": low, "to": draw(st.integers(low + 1, 100))}
    if kind == "score":
        return {"score": "s", **draw(AMOUNTS)}
    key = draw(st.sampled_from(["a", "n", "when"]))
    return {kind: key, **draw(st.one_of(VALUES, AGES) if key == "when" else VALUES)}


EVENT_CLAUSES = st.one_of(_event_clauses(), _event_clauses(), _sequences())
LEAVES = st.one_of(EVENT_CLAUSES, EVENT_CLAUSES, _relations(), _standings())
DEFINITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda o, children: {o: children},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"id": st.just("r")},
        optional={
            "a": SCALARS,
            "n": NUMBERS,
            "when": INSTANTS.map(to_iso),
            "lines": st.lists(
                st.fixed_dictionaries({"a": SCALARS}, optional={"when": INSTANTS.map(to_iso)}), max_size=2
            ),
            "deep": st.fixed_dictionaries({"a": SCALARS}),
        },
    ),
    max_size=3,
)
KNOWN = st.dictionaries(st.sampled_from(["a", "n"]), SCALARS)
PEOPLE: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "profile_id": st.sampled_from(["p1", "p2", "p3"]),
        "facts": st.builds(lambda known, at: {**known, "when": to_iso(at)}, KNOWN, INSTANTS),
        "traits": KNOWN,
        "scores": st.dictionaries(st.just("s"), NUMBERS),
        "segments": st.lists(NAMES, max_size=2),
        "relations": st.dictionaries(st.sampled_from(["product", "order"]), RECORDS),
        "consents": st.dictionaries(
            st.just("news"), st.dictionaries(st.just("email"), st.sampled_from(["granted", "revoked"]))
        ),
        "stages": st.dictionaries(
            st.just("life"),
            st.builds(lambda stage, at: {"": {"stage": stage, "since": to_iso(at)}}, NAMES, INSTANTS),
        ),
    }
)


def durations_in(document: Any) -> set[str]:
    """Every duration that a definition names."""
    if isinstance(document, Mapping):
        return set().union(*(durations_in(value) for value in document.values()))
    if isinstance(document, list):
        return set().union(*(durations_in(value) for value in document))
    return (
        {document} if isinstance(document, str) and document[:1] == "P" and document[-1:] in "DH" else set()
    )


def instants_in(value: Any) -> set[datetime]:
    """Every instant that a person's data names."""
    if isinstance(value, Told):
        return {value.at} | instants_in(value.properties)
    if isinstance(value, Mapping):
        return set().union(*(instants_in(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(instants_in(one) for one in value))
    return {datetime.fromisoformat(value)} if isinstance(value, str) and value.startswith("202") else set()
