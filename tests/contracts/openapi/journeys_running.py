"""Journeys that run: pauses, stops, migrations, and where everybody is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from services.journeys.domain.objectives import Kpi
from services.journeys.domain.operating import Policy, Status
from services.journeys.domain.traces import What
from services.journeys.handlers import operations as handlers
from services.journeys.service.report import By
from tests.contracts.openapi.operations import MODEL, Operation, does
from tests.contracts.openapi.shapes import (
    AMOUNT,
    ANYTHING,
    FLAG,
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

CHANGED = "changed_meanwhile"
RUNNING = ref("Running")
_BY = one_of(*get_args(By))

OPERATIONS: Mapping[str, Operation] = {
    "POST /journeys/{name}/pause": does(
        "Let everybody stand still (`hold`), or go on without being met (`drop`)",
        RUNNING,
        *("unknown_journey", "stopped", CHANGED, *MODEL),
        takes=ref("Pause"),
        required=False,
    ),
    "POST /journeys/{name}/resume": does(
        "End a pause or a stop: who stood still goes on as if no time had passed",
        RUNNING,
        *("unknown_journey", CHANGED),
    ),
    "POST /journeys/{name}/stop": does(
        "Nobody enters any more, and everybody leaves (`end`) or goes on to the end (`drain`)",
        RUNNING,
        *("unknown_journey", CHANGED, *MODEL),
        takes=ref("Stop"),
        required=False,
    ),
    "POST /journeys/{name}/splits/{node}/winner": does(
        "Let newcomers to a split of the newest version take one of its arms",
        obj({"name": TEXT, "version": NUMBER, "node": TEXT, "arm": TEXT, "at": INSTANT}),
        *("unknown_journey", "unknown_split", "unknown_arm", *MODEL),
        takes=ref("Winner"),
    ),
    "GET /journeys/{name}/diff": does(
        "What one version has that another has not",
        ref("Diff"),
        *("unknown_journey", "bad_from", "bad_to"),
        query={"from": NUMBER, "to": NUMBER},
        needed=("from", "to"),
    ),
    "POST /journeys/{name}/migrate": does(
        "Bring a version's people to another one, or say what that would do (`dry_run`)",
        ref("Migration"),
        *("unknown_journey", "same_version", "unknown_node", "unmapped", "stopped", "migrates_back", CHANGED),
        *MODEL,
        takes=ref("Migrate"),
        also={202: ref("Migration")},
    ),
    "GET /journeys/{name}/status": does(
        "How a journey is run, how many people are at each node of each version, and which cohorts are stuck",
        ref("Status"),
        *("unknown_journey", "bad_version", "bad_cursor"),
        query={"version": NUMBER, "cursor": TEXT},
    ),
    "GET /journeys/report": does(
        "What came of all journeys, by angle, objective or journey: who entered, reached the goal, left and why",
        obj({"by": _BY, "rows": many(ref("ReportRow"))}),
        "bad_by",
        query={"by": _BY},
        needed=("by",),
    ),
    "GET /journeys/{name}/experiments": does(
        "What the splits of a journey tell: each arm's lift over the control group, and whether it may be chance",
        ref("Experiments"),
        "unknown_journey",
    ),
    "GET /journeys/{name}/participants": does(
        "The people who are in a journey, or at one of its nodes",
        obj({"participants": many(ref("Participant")), "cursor": or_null(TEXT)}),
        *("unknown_journey", "bad_cursor"),
        query={"node": TEXT, "cursor": TEXT},
    ),
    "GET /profiles/{profile_id}/journeys": does(
        "Where a person is, or was, in every journey", obj({"journeys": many(ref("Walk"))})
    ),
    "GET /profiles/{profile_id}/journeys/{name}/trace": does(
        "A person's way through a journey, step by step", ref("Trace"), "unknown_walk"
    ),
    "POST /portfolio/pause": does(
        "Pause all journeys, or those of an objective",
        RUNNING,
        *("unknown_objective", CHANGED, *MODEL),
        takes=ref("PauseProgramme"),
        required=False,
    ),
    "POST /portfolio/resume": does(
        "End such a pause; what is paused for another reason stays so",
        RUNNING,
        *("unknown_objective", CHANGED, *MODEL),
        takes=ref("ResumeProgramme"),
        required=False,
    ),
    "GET /portfolio/pauses": does(
        "The pauses of everything, and of each objective that has had one",
        obj({"all": RUNNING, "objectives": by_name(RUNNING)}),
    ),
}

_STATUS = one_of(*get_args(Status))
_DIFF = obj(
    {"from": NUMBER, "to": NUMBER, **dict.fromkeys(("added", "removed", "changed", "fields"), many(TEXT))}
)
_AT = by_name(INSTANT)
_FIGURES: Mapping[str, Schema] = {
    "entered": NUMBER,
    "active": NUMBER,
    "reached": NUMBER,
    "reached_rate": or_null(AMOUNT),
    "left": by_name(NUMBER),
    "worth": by_name(AMOUNT),
    "asked": NUMBER,
}
_LIFT = obj(
    {
        **dict.fromkeys(("gap", "low", "high"), AMOUNT),
        "relative": or_null(AMOUNT),
        "p": AMOUNT,
        "significant": FLAG,
    },
    description="`gap`: the arm's rate less the control's, `low` and `high` at 95 %; `p`: Fisher's, for so many arms.",
)
_ARM = obj(
    {
        "name": TEXT,
        "percent": AMOUNT,
        "holdout": FLAG,
        "came": NUMBER,
        "reached": NUMBER,
        "rate": or_null(AMOUNT),
        "low": AMOUNT,
        "high": AMOUNT,
        "worth": by_name(AMOUNT),
        "lift": or_null(_LIFT),
    }
)
_MEANING = "`reached`: the goal, in time; `worth`: what that brought; `left` by reason; `asked`: messages."

SCHEMAS: Mapping[str, Schema] = {
    **model("Pause", handlers.Pause),
    **model("PauseProgramme", handlers.PauseProgramme),
    **model("ResumeProgramme", handlers.ResumeProgramme),
    **model("Stop", handlers.Stop),
    **model("Winner", handlers.Winner),
    **model("Migrate", handlers.Migrate),
    "Running": obj(
        {
            "status": _STATUS,
            "paused": FLAG,
            "pauses": many(
                obj({"from": INSTANT, "to": or_null(INSTANT), "policy": one_of(*get_args(Policy))})
            ),
            "retired": many(NUMBER),
            "migrations": by_name(NUMBER),
        },
        description="`retired`: versions that nobody walks; `migrations`: where people go, by the version they leave.",
    ),
    "Experiments": obj(
        {
            "name": TEXT,
            "version": NUMBER,
            "noted": by_name(TEXT),
            "splits": many(obj({"node": TEXT, "control": many(TEXT), "arms": many(_ARM)})),
        }
    ),
    "Diff": _DIFF,
    "Migration": both(
        _DIFF,
        obj(
            {
                "nodes": many(
                    obj(
                        {
                            "node": TEXT,
                            "people": NUMBER,
                            "to": or_null(TEXT),
                            "leave": FLAG,
                            "mapped": FLAG,
                        }
                    )
                ),
                "unmapped": many(TEXT),
                "complete": FLAG,
                "ordered": FLAG,
            }
        ),
    ),
    "Status": obj(
        {
            "name": TEXT,
            "status": _STATUS,
            "held": FLAG,
            "so_far": obj(_FIGURES, description=_MEANING),
            "migrations": by_name(NUMBER),
            "versions": many(
                obj(
                    {
                        "version": NUMBER,
                        "published_at": INSTANT,
                        "retired": FLAG,
                        "cohorts": by_name(NUMBER),
                        "people": NUMBER,
                        "nodes": by_name(NUMBER),
                        "stuck": many(obj({"cohort": TEXT, "node": TEXT, "due": INSTANT})),
                        "complete": FLAG,
                        "cursor": or_null(TEXT),
                    },
                    description="`cohorts` by state, people by node; what is not `complete` goes on at `cursor`.",
                )
            ),
        }
    ),
    "ReportRow": obj(
        {
            "name": TEXT,
            "title": TEXT,
            "kpi": one_of(*get_args(Kpi)),
            "kpi_title": TEXT,
            "journeys": many(TEXT),
            **_FIGURES,
        },
        "kpi",
        "kpi_title",
        description=_MEANING,
    ),
    "Participant": obj(
        {
            "profile_id": TEXT,
            "key": TEXT,
            "version": NUMBER,
            "node": TEXT,
            "cohort": TEXT,
            "since": INSTANT,
            "due": INSTANT,
            "entered_at": INSTANT,
        }
    ),
    "Walk": obj(
        {
            "journey": TEXT,
            "version": NUMBER,
            "enrolment_id": TEXT,
            "number": NUMBER,
            "status": one_of("active", "exited"),
            "node": TEXT,
            "cohort": TEXT,
            "entered_at": INSTANT,
            "exited_at": or_null(INSTANT),
            "reason": TEXT,
            "requested": _AT,
            "inherited": _AT,
            "moved_to": TEXT,
            "key": TEXT,
            "kept": ANYTHING,
            "heard": _AT,
            "memory": obj({"arms": by_name(TEXT), "jumps": by_name(NUMBER), "had": by_name(many(TEXT))}),
        }
    ),
    "Trace": obj(
        {
            "profile_id": TEXT,
            "journey": TEXT,
            "steps": many(
                obj(
                    {
                        "at": INSTANT,
                        "profile": TEXT,
                        "key": TEXT,
                        "node": TEXT,
                        "what": one_of(*get_args(What)),
                        "detail": TEXT,
                    }
                )
            ),
            "text": TEXT,
        },
        description="`text` is the same for people, a line a step.",
    ),
}
