"""Delivery's channels: terms, tasks, print orders, wallet passes, and what websites show."""

from __future__ import annotations

from collections.abc import Mapping

from services.delivery.domain.channel_terms import ChannelTerms
from services.delivery.domain.inbound import Slot
from services.delivery.domain.letters import Statuses
from services.delivery.domain.prices import PriceList
from services.delivery.use_cases.desk import Closing
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
    one_of,
    or_null,
    ref,
)

_CLOSE = {"takes": ref("Closing")}

OPERATIONS: Mapping[str, Operation] = {
    "GET /channels": does("Where home is, and who is told in signed requests", ref("ChannelsShown")),
    "PUT /channels": does("Replace them", ref("ChannelsShown"), "unsafe_url", *MODEL, takes=ref("Channels")),
    "GET /channels/prices": does(
        "What a message costs, by channel and from which day on",
        obj({"currency": TEXT, "lists": many(ref("PriceList"))}),
    ),
    "PUT /channels/prices": does(
        "Set prices from a day on",
        ref("PriceList"),
        *("other_currency", "too_many_lists", "prices_changed", *MODEL),
        takes=ref("PriceList"),
    ),
    "POST /channels/{channel}/secret/rotate": does(
        "The next secret of a receiver (`webhook`, `wallet`), shown only here; the one before signs for a day more",
        obj({"channel": TEXT, "secret": TEXT, "previous_valid_until": INSTANT}),
        *("not_found", "secret_changed"),
    ),
    "GET /tasks": does(
        "Calls and other tasks that nobody closed, oldest first",
        obj({"tasks": many(ref("Task")), "next": or_null(TEXT)}),
        "bad_cursor",
        query={"cursor": TEXT},
    ),
    "GET /tasks/{task_id}": does("A task", ref("Task"), "not_found"),
    "POST /tasks/{task_id}/done": does(
        "A task was done", ref("Task"), "not_found", "task_closed", *MODEL, **_CLOSE
    ),
    "POST /tasks/{task_id}/failed": does(
        "A task came to nothing; `wrong_number` ends calls to it",
        ref("Task"),
        *("not_found", "task_closed", *MODEL),
        **_CLOSE,
    ),
    "GET /print-orders": does("The days that have an order of letters", obj({"orders": many(TEXT)})),
    "GET /print-orders/{day}": does(
        "Where the printer fetches an order, for an hour", obj({"day": TEXT, "url": TEXT}), "not_found"
    ),
    "POST /print-orders/{day}/status": does(
        "What became of letters of an order; how many of each status",
        by_name(NUMBER),
        *("not_found", *MODEL),
        takes=ref("PrintStatuses"),
    ),
    "POST /wallet-passes": does(
        "Ask the issuer for a wallet pass",
        obj({"profile_id": TEXT, "requested": FLAG}),
        *("not_found", *MODEL),
        takes=obj({"profile_id": TEXT}),
        status=202,
    ),
    "PUT /inbound/{slot}": does(
        "Say what a place on a page may show",
        obj({"slot": TEXT, "templates": many(TEXT)}),
        *("unknown_template", *MODEL),
        takes=ref("Slot"),
    ),
    "GET /inbound/{slot}": does(
        "What it shows to a profile: the dearest that nothing speaks against",
        obj({"slot": TEXT, "decision": or_null(TEXT), "shown": or_null(ref("Shown"))}),
        *("not_found", "invalid"),
        query={"profile": TEXT},
        needed=("profile",),
    ),
}

_TERMS = model("Channels", ChannelTerms)
_TASK = {
    **dict.fromkeys(("task_id", "profile_id", "title"), TEXT),
    "kind": one_of("call", "print", "sales", "task"),
    "at": INSTANT,
    "status": one_of("open", "done", "failed"),
}
_OPTIONAL = {
    **dict.fromkeys(("owner", "reason", "phone", "script", "send_id", "journey", "outcome", "note"), TEXT),
    "closed_at": INSTANT,
}

SCHEMAS: Mapping[str, Schema] = {
    **_TERMS,
    "ChannelsShown": obj(dict.fromkeys(("home_country", "webhook", "wallet"), TEXT)),
    **model("PriceList", PriceList),
    **model("Closing", Closing),
    **model("PrintStatuses", Statuses),
    **model("Slot", Slot),
    "Task": obj({**_TASK, **_OPTIONAL}, *_OPTIONAL),
    "Shown": obj({**dict.fromkeys(("template", "title", "text", "url"), TEXT), "version": NUMBER}),
}
