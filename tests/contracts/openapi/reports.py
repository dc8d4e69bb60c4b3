"""Delivery's reports: what came of messages, what they cost and brought, and the funnel by stage."""

from __future__ import annotations

from collections.abc import Mapping

from services.delivery.domain.reports.tables import KINDS, MEASURES, RATES
from services.delivery.use_cases.report import FILTERS
from tests.contracts.openapi.operations import Operation, does, or_table
from tests.contracts.openapi.shapes import (
    AMOUNT,
    DAY,
    FLAG,
    NUMBER,
    TEXT,
    Schema,
    both,
    by_name,
    many,
    obj,
    one_of,
    or_null,
    ref,
)

_SPAN = {"from": DAY, "to": DAY}
_ONLY = dict.fromkeys(FILTERS, TEXT)
_BAD = ("bad_from", "bad_to", "bad_range")
_KIND = one_of(*KINDS)

OPERATIONS: Mapping[str, Operation] = {
    "GET /reports/summary": does("How many messages had which fate", ref("Summary")),
    "GET /reports/{kind}": or_table(
        does(
            "What came of messages, a line for each channel, journey, node, variant …, with rates, cost and revenue",
            ref("Report"),
            *(*_BAD, "bad_limit", "bad_cursor", "bad_format", "not_found"),
            query={**_SPAN, **_ONLY, "limit": NUMBER, "cursor": TEXT, "format": one_of("json", "csv")},
        )
    ),
    "GET /reports/channels/{channel}": does(
        "A channel's own report: by day, template and mailbox provider",
        ref("ChannelReport"),
        *(*_BAD, "not_found"),
        query={**_SPAN, **_ONLY},
    ),
    "GET /reports/funnel/{lifecycle}": does(
        "Who came to each stage of a lifecycle, who went on where, and after how many days",
        ref("Funnel"),
        *(*_BAD, "not_found"),
        query=_SPAN,
    ),
}

_INTERVAL = dict.fromkeys(("rate", "low", "high"), AMOUNT)
_LINE = obj(
    {
        **dict.fromkeys(MEASURES, NUMBER),
        "skipped_by_reason": by_name(NUMBER),
        "cost": AMOUNT,
        "unpriced": many(TEXT),
        "revenue": by_name(AMOUNT),
        "profit": AMOUNT,
        "rates": obj({name: or_null(obj({"of": NUMBER, **_INTERVAL})) for name in RATES}),
    },
    description="Counts of messages; what machines opened and clicked is in no rate. `low` and `high`: 95 %.",
)
_NAMED = both(obj(dict.fromkeys(sorted({one for names in KINDS.values() for one in names}), TEXT)), _LINE)
_LINES = many(ref("ReportLine"))
_HEAD = {**_SPAN, "currency": TEXT}
_WAY = obj({"to": TEXT, "people": NUMBER, **_INTERVAL, "days": or_null(AMOUNT)})
_STAGE = obj({"stage": TEXT, **dict.fromkeys(("came", "left", "there"), NUMBER), "ways": many(_WAY)})

SCHEMAS: Mapping[str, Schema] = {
    "ReportLine": {**_NAMED, "required": _LINE["required"]},
    "Report": obj(
        {
            "kind": _KIND,
            **_HEAD,
            "rows": _LINES,
            "totals": ref("ReportLine"),
            "next": or_null(TEXT),
            "suggested": by_name(many(obj({"channel": TEXT, "profit_per_message": AMOUNT, "enough": FLAG}))),
        },
        "suggested",
    ),
    "ChannelReport": obj(
        {
            "channel": TEXT,
            **_HEAD,
            "totals": ref("ReportLine"),
            **dict.fromkeys(("days", "templates", "mailboxes"), _LINES),
        }
    ),
    "Funnel": obj({"lifecycle": TEXT, "from": or_null(DAY), "to": or_null(DAY), "stages": many(_STAGE)}),
}
