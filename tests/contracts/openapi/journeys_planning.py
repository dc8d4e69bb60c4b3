"""What meets many at once: campaigns, the portfolio, propositions, world events; and calling one."""

from __future__ import annotations

from collections.abc import Mapping

from services.journeys.domain.campaign import Campaign
from services.journeys.domain.portfolio import Limits
from services.journeys.domain.propositions import Proposition
from services.journeys.service.call import CallRequest
from tests.contracts.openapi.journeys_documents import ANY, DOCUMENT, PUBLISHING
from tests.contracts.openapi.operations import BODY, MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    AMOUNT,
    ANYTHING,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    Schema,
    both,
    many,
    model,
    obj,
    one_of,
    or_null,
    ref,
)

_CLASS = one_of("base", "current")

OPERATIONS: Mapping[str, Operation] = {
    "GET /campaigns": does("All campaigns", obj({"campaigns": many(ref("CampaignListed"))})),
    "GET /campaigns/{name}": does(
        "A campaign, its next moment, and its newest runs with how far they are",
        ref("CampaignShown"),
        "unknown_campaign",
    ),
    "PUT /campaigns/{name}": does(
        "Publish and schedule a campaign; the same again changes nothing",
        obj({"name": TEXT, "version": NUMBER, "scheduled_at": INSTANT}),
        *("name_taken", "portfolio_full", *PUBLISHING, *DOCUMENT),
        takes=ref("Campaign"),
        yaml=True,
    ),
    "POST /campaigns/validate": does(
        "Everything that is wrong with a campaign, and the journey that it is; nothing is published",
        ref("CampaignVerdict"),
        *DOCUMENT,
        takes=ANY,
        yaml=True,
    ),
    "GET /portfolio": does(
        "What is live, what waits for a place, and advice where much is", ref("Portfolio")
    ),
    "PUT /portfolio/settings": does(
        "Set the limits; whoever is over a new one stays", ref("Limits"), *MODEL, takes=ref("Limits")
    ),
    "POST /portfolio/queue": does(
        "Publish a journey or a campaign as soon as there is a place",
        obj({"name": TEXT, "status": one_of("live", "queued")}),
        *("bad_request", "name_taken", *PUBLISHING, *BODY),
        takes={"oneOf": [obj({"journey": ANY}), obj({"campaign": ref("Campaign")})]},
    ),
    "DELETE /portfolio/queue/{name}": does(
        "Let it wait no more", obj({"name": TEXT, "status": one_of("gone")}), "not_queued"
    ),
    "GET /propositions": does(
        "The matrix of propositions and products", obj({"propositions": many(ref("PropositionShown"))})
    ),
    "PUT /propositions/{name}": does(
        "Put a row of the matrix",
        ref("PropositionShown"),
        *("invalid_proposition", *BODY),
        takes=ref("Proposition"),
    ),
    "GET /world-events": does("The calendar of world events", obj({"world_events": many(ref("WorldEvent"))})),
    "GET /world-events/{id}": does("One entry of the calendar", ref("WorldEvent"), "not_found"),
    "PUT /world-events/{id}": does(
        "Put something into the calendar; moved to another time, it is told again then",
        ref("WorldEvent"),
        *("invalid_world_event", *BODY),
        takes=obj({"kind": TEXT, "title": TEXT, "at": INSTANT}),
    ),
    "DELETE /world-events/{id}": does(
        "Take something out of the calendar; what it has begun goes on",
        obj({"id": TEXT, "status": one_of("gone")}),
    ),
    "POST /journeys/{name}/enter": does(
        "Let one person in; the same request again is answered the same",
        obj({"entered": FLAG, "reason": TEXT, "profile_id": TEXT, "version": NUMBER, "at": INSTANT}),
        *("unknown_journey", "unknown_profile", "not_called", "bad_request", "request_differs", *MODEL),
        takes=ref("CallRequest"),
    ),
}

_LISTED = obj(
    {
        **dict.fromkeys(("name", "title", "segment"), TEXT),
        "version": NUMBER,
        "portfolio": _CLASS,
        "scheduled_at": INSTANT,
        "next": or_null(INSTANT),
    }
)
_RUN = obj(
    {
        "run_id": TEXT,
        "at": INSTANT,
        "version": NUMBER,
        "state": TEXT,
        "until": or_null(INSTANT),
        **dict.fromkeys(("people", "entered", "parts_left"), NUMBER),
        "ended_at": or_null(INSTANT),
    }
)
_SEATS = many(obj({"name": TEXT, "since": INSTANT, "title": TEXT}))
_OVERLAP = obj({"a": TEXT, "b": TEXT, "sampled": NUMBER, "about": or_null(NUMBER)})

SCHEMAS: Mapping[str, Schema] = {
    **model("Campaign", Campaign, **{"when": "condition", "where": "where"}),
    **model("Limits", Limits),
    **model("Proposition", Proposition, in_path=("name",)),
    **model("CallRequest", CallRequest),
    "CampaignListed": _LISTED,
    "CampaignShown": both(_LISTED, obj({"document": ref("Campaign"), "runs": many(_RUN)})),
    "CampaignVerdict": obj(
        {
            "valid": FLAG,
            "problems": many(ref("Problem")),
            "warnings": many(ref("Problem")),
            "diagram": ref("Diagram"),
            "journey": ANYTHING,
        },
        *("warnings", "diagram", "journey"),
        description="`journey`: the journey that the campaign is, as soon as it can be read.",
    ),
    "Portfolio": obj(
        {
            "settings": ref("Limits"),
            "current_missing": NUMBER,
            "queue": many(
                obj(
                    {
                        "name": TEXT,
                        "kind": one_of("journey", "campaign"),
                        "class": _CLASS,
                        "at": INSTANT,
                        "problem": TEXT,
                    }
                )
            ),
            "base": _SEATS,
            "current": _SEATS,
            "advice": obj(
                {
                    "sampled_people": NUMBER,
                    "overlap": many(_OVERLAP),
                    "contacts_per_person": obj({"mean": AMOUNT, "most": AMOUNT}),
                }
            ),
        },
        "advice",
    ),
    "PropositionShown": obj(
        {
            **dict.fromkeys(("name", "title", "class"), TEXT),
            "products": many(TEXT, minItems=1),
            "valid_from": INSTANT,
            "valid_until": or_null(INSTANT),
            "valid": FLAG,
        }
    ),
    "WorldEvent": obj(
        {**dict.fromkeys(("id", "kind", "title"), TEXT), "at": INSTANT, "told": FLAG},
    ),
}
