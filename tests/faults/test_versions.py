"""Two versions of the code live side by side while one is deployed: each reads what the other wrote (F43).

`older/` keeps what the version before wrote, and the schemas it held facts to: of facts and messages that are newer,
their first version. What is written there is never changed, only added to or dropped when nobody can have it any more.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from services.ingest.adapters.event_codec import decode_events
from services.ingest.domain.arrival import Origin
from services.ingest.domain.intake import held, pack_http, unpack
from services.ingest.domain.sinks import Delivery
from services.shared.contracts.base import Fact
from services.shared.contracts.catalogue import FACTS
from services.shared.contracts.person import PersonAnswer, PersonQuestion
from services.shared.errors import Invalid

OLDER = Path(__file__).parent / "older"
SAMPLES = Path(__file__).parents[1] / "contracts" / "samples"
NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
QUEUES = sorted((OLDER / "queues").glob("intake-*.json"))

each_fact = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.detail_type)
each_message = pytest.mark.parametrize("path", QUEUES, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def with_more(value: Any) -> Any:
    """As a later version may write it: every object says one thing more."""
    if isinstance(value, list):
        return [with_more(one) for one in value]
    if isinstance(value, dict):
        return {**{name: with_more(one) for name, one in value.items()}, "added_later": {"by": "N"}}
    return value


def misfits(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], place: str = "$") -> list[str]:
    """Where a value is not what a reader that was written for `schema` relies on."""
    if "$ref" in schema:
        return misfits(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
    if "anyOf" in schema:
        found = [misfits(value, one, root, place) for one in schema["anyOf"]]
        return [] if not all(found) else found[0]
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "null": type(None),
    }
    wanted = types.get(schema.get("type", ""), object) if schema.get("type") != "number" else (int, float)
    if not isinstance(value, wanted):
        return [f"{place} is no {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place} is {value!r}, which nobody knew"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [m for n, one in enumerate(value) for m in misfits(one, items, root, f"{place}[{n}]")]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    lacks = [f"{place}.{name} is missing" for name in schema.get("required", []) if name not in value]
    both = sorted(known.keys() & value.keys())
    return lacks + [m for name in both for m in misfits(value[name], known[name], root, f"{place}.{name}")]


def leaves(value: Any, place: str = "$") -> dict[str, Any]:
    """Values by their places."""
    if isinstance(value, dict):
        return {k: v for name, one in value.items() for k, v in leaves(one, f"{place}.{name}").items()}
    if isinstance(value, list):
        return {k: v for n, one in enumerate(value) for k, v in leaves(one, f"{place}[{n}]").items()}
    return {place: value}


def written(fact: Fact) -> Any:
    """As the bus carries it."""
    return json.loads(fact.model_dump_json(exclude_none=True))


@each_fact
def test_what_the_version_before_wrote_is_read(fact: type[Fact]) -> None:
    """F43: nothing of it is lost, and what it does not say has a default."""
    older = read(OLDER / "facts" / f"{fact.detail_type}.json")
    parsed = fact.model_validate(older)
    assert fact.model_validate(parsed.model_dump(mode="json", exclude_unset=True)) == parsed
    said = leaves(parsed.model_dump(mode="json", exclude_unset=True))
    assert {place: value for place, value in leaves(older).items() if said.get(place, ...) != value} == {}


@each_fact
def test_the_version_before_finds_all_it_relies_on(fact: type[Fact]) -> None:
    """F43: each sample of today, as it is published, fits the schema of the version before."""
    schema = read(OLDER / "schemas" / f"{fact.detail_type}.json")
    now = written(fact.model_validate(read(SAMPLES / f"{fact.detail_type}.json")))
    assert misfits(now, schema, schema) == []


def test_a_misfit_would_be_found() -> None:
    """F43: the test above can fail: a field that is gone, renamed, or of another type."""
    schema = read(OLDER / "schemas" / "ProfilesMerged.v1.json")
    sample = read(OLDER / "facts" / "ProfilesMerged.v1.json")
    (row, *_) = sample["merges"]
    for broken in ({**row, "winner": 1}, {k: v for k, v in row.items() if k != "loser"}, None):
        assert misfits({"merges": [broken]}, schema, schema)
    assert misfits({}, schema, schema)


@pytest.mark.parametrize("model", [*FACTS, PersonQuestion, PersonAnswer], ids=lambda model: model.__name__)
def test_no_contract_refuses_what_it_does_not_know(model: type[BaseModel]) -> None:
    """F43: readers ignore fields of a later version, at every depth."""
    assert '"additionalProperties": false' not in json.dumps(model.model_json_schema())


@each_fact
def test_fields_of_a_later_version_are_ignored(fact: type[Fact]) -> None:
    """F43: every known field reads the same beside an unknown one."""
    sample = read(SAMPLES / f"{fact.detail_type}.json")
    (name,) = fact.model_fields
    later = {**sample, name: [{**row, "added_later": {"by": "N"}} for row in sample[name]], "added_later": 1}
    rows = fact.model_validate(later).model_dump()[name]
    if name == "events":  # customer events are the clients' own
        rows = [{k: v for k, v in row.items() if k != "added_later"} for row in rows]
    assert rows == fact.model_validate(sample).model_dump()[name]


@pytest.mark.parametrize(
    ("model", "older"),
    [
        (PersonQuestion, {"ask": "erase", "profile_ids": ["prf_1"], "at": "2026-01-10T12:00:00.000Z"}),
        (PersonAnswer, {"service": "consent", "stores": {"ledger": 2}}),
    ],
)
def test_questions_about_a_person_are_read_by_both(model: type[BaseModel], older: dict[str, Any]) -> None:
    """F43: ingest and the services it asks are deployed one after the other."""
    assert model.model_validate(with_more(older)).model_dump(exclude={"stores"}) == model.model_validate(
        older
    ).model_dump(exclude={"stores"})


@each_message
def test_messages_in_the_intake_queue_are_read_by_both(path: Path) -> None:
    """F43: what waited while a version was deployed; and what a later one adds around the events."""
    older = read(path)
    before = list(unpack(json.dumps(older), NOW))
    assert before
    later = list(unpack(json.dumps({**older, "added_later": {"by": "N"}}), NOW))
    assert [(a.receipt, a.origin, a.message_id) for a in later] == [
        (a.receipt, a.origin, a.message_id) for a in before
    ]
    accepted = [arrival.read() for arrival in before if arrival.refusal is None]
    assert [a.read() for a in later if a.refusal is None] == accepted != []


def test_the_http_door_writes_what_the_version_before_reads() -> None:
    """F43: door, source, time, receipt and events; of an event that is held back the older version makes a refused
    one, by another name."""
    text = json.dumps({"type": "page", "userId": "u-1", "messageId": "m-1"})
    body = pack_http(
        Origin("shop", "http", True, "server", "BE"), "rcp_1", NOW, [text, held(text, Invalid("bad", "no"))]
    )
    (now,) = map(json.loads, body)
    older = read(OLDER / "queues" / "intake-http.json")
    assert {name: type(now[name]) for name in older} == {name: type(value) for name, value in older.items()}
    assert next(iter(now)) == "door"


def test_other_queues_are_read_by_both() -> None:
    """F43: deliveries, and the outbox of a profile."""
    older = read(OLDER / "queues" / "delivery.json")
    delivery = Delivery.from_text(json.dumps(older))
    assert json.loads(delivery.text()).items() >= older.items()
    assert Delivery.from_text(json.dumps({**older, "added_later": 1})) == delivery
    (event,) = decode_events(base64.b64decode(read(OLDER / "queues" / "outbox.json")["events"]))
    assert (event.receipt, event.source, event.public, event.kind) == ("rcp_1#0", "shop", True, "declared")
    assert (event.call.name, event.call.properties, event.call.traits) == (
        "Order Completed",
        {"revenue": 12.5},
        {"plan": "pro"},
    )
