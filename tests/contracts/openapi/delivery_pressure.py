"""Delivery: contact pressure."""

from __future__ import annotations

from collections.abc import Mapping

from services.delivery.domain.pressure.policy import PressurePolicy
from tests.contracts.openapi.operations import MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    by_name,
    many,
    model,
    obj,
    ref,
)

OPERATIONS: Mapping[str, Operation] = {
    "GET /pressure": does("How often, when and how fast people are written to", ref("PressureShown")),
    "PUT /pressure": does(
        "Replace the pressure policy; the same one again stays one version",
        ref("PressureShown"),
        *("unknown_country", "no_holidays", "never_open", "policy_changed", *MODEL),
        takes=ref("PressurePolicy"),
    ),
    "GET /pressure/pauses": does(
        "Journeys, channels and providers that are stopped, and why",
        obj({"pauses": many(ref("SendingPause"))}),
    ),
    "POST /pressure/pauses/{name}/resume": does(
        "Let one go on: brake:<journey>:<channel>, guard:<channel> or circuit:<channel>",
        obj({"name": TEXT, "resumed": FLAG}),
        "not_stopped",
        "pause_changed",
    ),
    "POST /pressure/restored": does(
        "Tables came back from a backup: nothing that was asked for before now leaves any more",
        obj({"restored_at": INSTANT}),
    ),
}

SCHEMAS: Mapping[str, Schema] = {
    **model("PressurePolicy", PressurePolicy),
    "PressureShown": obj(
        {
            "version": NUMBER,
            "policy": ref("PressurePolicy"),
            "zones": by_name(many(TEXT)),
            "holidays": by_name(many(TEXT)),
        },
        description="`version` is 0 while nobody gave a policy; `zones` and `holidays` are those it goes by.",
    ),
    "SendingPause": obj({"name": TEXT, "reason": TEXT, "since": INSTANT}),
}
