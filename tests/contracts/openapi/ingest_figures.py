"""Reports over the lake: satisfaction, what service is worth, loyal customers against new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.ingest.domain.figures.questions import Loyal, Nps, Service
from tests.contracts.openapi.operations import JSON, Operation, does, or_table
from tests.contracts.openapi.shapes import (
    AMOUNT,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    many,
    obj,
    one_of,
    or_null,
    ref,
)

_ANSWERS = dict.fromkeys(("answers", "promoters", "passives", "detractors"), NUMBER)
_SERVED = dict.fromkeys(("contacts", "self_served", "avoided"), NUMBER)
_SHARE = obj({"hits": NUMBER, **dict.fromkeys(("rate", "low", "high"), AMOUNT)})
_GROUP = {
    "customers": one_of("loyal", "new"),
    **dict.fromkeys(("people", "orders"), NUMBER),
    **dict.fromkeys(("revenue", "basket", "frequency"), AMOUNT),
    **dict.fromkeys(("churned", "referred"), _SHARE),
}
_MAYBE = or_null(AMOUNT)
_QUERY: Mapping[type[Nps | Service | Loyal], Mapping[str, Schema]] = {
    one: {
        name: {"type": "integer"} if name in ("within", "period", "orders") else TEXT
        for name in one.model_fields
        if name != "kind"
    }
    for one in (Nps, Service, Loyal)
}


def _figure(summary: str, question: type[Nps | Service | Loyal], name: str) -> Operation:
    operation = or_table(
        does(
            summary,
            ref(name),
            *("invalid", "bad_format"),
            query={**_QUERY[question], "format": one_of("json", "csv")},
            gives={202: {"Retry-After": "seconds"}},
        )
    )
    return replace(operation, answers={**operation.answers, 202: {JSON: ref("FigureAsked")}})


OPERATIONS: Mapping[str, Operation] = {
    "GET /reports/nps": _figure(
        "The net promoter score by month; 202 while it is counted for the first time: ask again",
        Nps,
        "Satisfaction",
    ),
    "GET /reports/service": _figure(
        "Service contacts by month, and those avoided by people who helped themselves; 202 as above",
        Service,
        "ServiceContacts",
    ),
    "GET /reports/loyal": _figure(
        "Loyal customers against new ones: basket, frequency, churn, referrals; 202 as above",
        Loyal,
        "Loyalty",
    ),
}

_ASKED = {"kind": TEXT, "asked": {"type": "object"}}


def _told(rows: Mapping[str, Schema], totals: Mapping[str, Schema]) -> Schema:
    return obj({**_ASKED, "as_of": INSTANT, "rows": many(obj(rows)), "totals": obj(totals)})


SCHEMAS: Mapping[str, Schema] = {
    "FigureAsked": obj(_ASKED, description="`asked` is the question with all that was left unsaid."),
    "Satisfaction": _told(
        {"month": TEXT, **_ANSWERS, **dict.fromkeys(("nps", "low", "high"), _MAYBE)},
        {**_ANSWERS, "nps": _MAYBE},
    ),
    "ServiceContacts": _told({"month": TEXT, **_SERVED}, {**_SERVED, "avoided_share": _MAYBE}),
    "Loyalty": _told(_GROUP, {"basket_times": _MAYBE, "churn_p": _MAYBE}),
}
