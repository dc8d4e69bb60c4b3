"""Journeys simulated before anybody walks them."""

from __future__ import annotations

from collections.abc import Mapping

from services.journeys.domain.simulating import Request
from tests.contracts.openapi.operations import MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    AMOUNT,
    ANYTHING,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    both,
    by_name,
    many,
    model,
    obj,
    one_of,
    or_null,
    ref,
)

_GIVES = {202: {"Retry-After": "seconds", "Location": "where to ask"}}
_ENDED, _BEGUN = ref("SimulationEnded"), {202: ref("SimulationBegun")}

OPERATIONS: Mapping[str, Operation] = {
    "POST /journeys/{name}/simulations": does(
        "Have a version or the draft simulated: 202 while it is worked out, 200 with what the very same question "
        "brought within a week. What failed is worked out anew",
        _ENDED,
        *("unknown_journey", "unknown_version", "unknown_draft", "invalid_journey", "too_much", *MODEL),
        takes=ref("Simulate"),
        also=_BEGUN,
        gives=_GIVES,
    ),
    "GET /journeys/{name}/simulations/{simulation_id}": does(
        "What became of a simulation: 202 as long as it is under way",
        _ENDED,
        "unknown_simulation",
        also=_BEGUN,
        gives=_GIVES,
    ),
}

_ABOUT: Mapping[str, Schema] = {
    "id": TEXT,
    "journey": TEXT,
    "version": {"anyOf": [NUMBER, {"const": "draft"}]},
    "asked_at": INSTANT,
    "asked": ANYTHING,
}


def _counted(names: int) -> Schema:
    """What was counted, by so many names: `[name, …, times]`."""
    return many({"type": "array", "prefixItems": [*[TEXT] * names, NUMBER], "minItems": names + 1})


_REPORT = obj(
    {
        **dict.fromkeys(("people", "events", "entered", "people_who_entered", "under_way"), NUMBER),
        **dict.fromkeys(("refused", "exits", "responses"), by_name(NUMBER)),
        **dict.fromkeys(("sent", "skipped", "sent_by_day", "standing_by_day", "asked_for"), _counted(2)),
        "pressure": obj(
            {
                "waited": _counted(3),
                "dropped": _counted(3),
                "by_day": _counted(2),
                "still_waiting": NUMBER,
            }
        ),
        "nodes_passed": NUMBER,
        "cost_usd": or_null(obj({"walking": AMOUNT, "mails": AMOUNT, "unpriced_messages": NUMBER})),
        "mermaid": TEXT,
        "dot": TEXT,
        "expected": many(obj({"name": TEXT, **dict.fromkeys(("mean", "low", "high"), AMOUNT)})),
    },
    description="As `halte journey simulate --json` has it. `sent` is by template and channel, `skipped` by template "
    "and reason, `pressure` by reason, rule and channel; `expected` is empty of one run, else nine of ten lie between.",
)
_DONE = both(
    obj({**_ABOUT, "state": {"const": "done"}, "ended_at": INSTANT}), obj({"report": ref("SimulationReport")})
)
_FAILED = obj({**_ABOUT, "state": {"const": "failed"}, "ended_at": INSTANT, "code": TEXT, "message": TEXT})

SCHEMAS: Mapping[str, Schema] = {
    **model("Simulate", Request),
    "SimulationReport": _REPORT,
    "SimulationBegun": obj({**_ABOUT, "state": one_of("waiting", "running")}),
    "SimulationEnded": {"oneOf": [_DONE, _FAILED]},
}
