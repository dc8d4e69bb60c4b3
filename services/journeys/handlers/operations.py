"""The marketers' routes for journeys that run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from services.journeys.bootstrap import operating as bootstrap
from services.journeys.service.operate import MigrationWish
from services.shared.contracts.base import Model
from services.shared.http import answer, json_body, resolver, respond, whole_number
from services.shared.observability import service_logger

MARGIN_MS = 8_000
"""Time kept back for the cohorts in hand."""

logger = service_logger("journeys")
app = resolver()


class Pause(Model):
    """How to pause: `hold`, everybody stands still; `drop`, people go on and are not met."""

    policy: Literal["hold", "drop"] = "hold"


class PauseProgramme(Pause):
    """What to pause: all journeys of an objective, or all (none)."""

    objective: str = ""


class ResumeProgramme(Model):
    """What to resume, as it was paused."""

    objective: str = ""


class Stop(Model):
    """`end`: everybody leaves now; `drain`: they go on to the end."""

    how: Literal["end", "drain"] = "end"


class Migrate(Model):
    """From which version to which, and by node where people go on who stand there (`drop`: they leave); `dry_run` only
    says what would happen."""

    old: Annotated[int, Field(alias="from")]
    new: Annotated[int, Field(alias="to")]
    nodes: dict[str, str] = {}
    dry_run: bool = False


class Winner(Model):
    """The arm that newcomers take from now on."""

    arm: str


@app.post("/journeys/<name>/splits/<node>/winner")
def declare_winner(name: str, node: str) -> Response[Any]:
    arm = Winner.model_validate(json_body(app.current_event)).arm
    return answer(200, bootstrap.contesting().declare(name, node, arm))


@app.post("/journeys/<name>/pause")
def pause(name: str) -> Response[Any]:
    return answer(200, bootstrap.operating().pause(name, Pause.model_validate(_body()).policy))


@app.post("/journeys/<name>/resume")
def resume(name: str) -> Response[Any]:
    return answer(200, bootstrap.operating().resume(name))


@app.post("/journeys/<name>/stop")
def stop(name: str) -> Response[Any]:
    drain = Stop.model_validate(_body()).how == "drain"
    return answer(200, bootstrap.operating().stop(name, drain=drain))


@app.post("/portfolio/pause")
def pause_programme() -> Response[Any]:
    wish = PauseProgramme.model_validate(_body())
    return answer(200, bootstrap.operating().pause_programme(wish.objective, wish.policy))


@app.post("/portfolio/resume")
def resume_programme() -> Response[Any]:
    wish = ResumeProgramme.model_validate(_body())
    return answer(200, bootstrap.operating().resume_programme(wish.objective))


@app.get("/portfolio/pauses")
def programme() -> Response[Any]:
    return answer(200, bootstrap.operating().programme())


@app.get("/journeys/<name>/diff")
def diff(name: str) -> Response[Any]:
    old, new = whole_number(app.current_event, "from", 0), whole_number(app.current_event, "to", 0)
    return answer(200, bootstrap.operating().diff(name, old, new))


@app.post("/journeys/<name>/migrate")
def migrate(name: str) -> Response[Any]:
    asked = Migrate.model_validate(_body())
    wish = MigrationWish(asked.old, asked.new, asked.nodes)
    done = bootstrap.operating().migrate(name, wish, _has_time, dry_run=asked.dry_run)
    return answer(200 if asked.dry_run else 202, done)


@app.get("/journeys/<name>/status")
def status(name: str) -> Response[Any]:
    version = whole_number(app.current_event, "version", 0) or None
    return answer(200, bootstrap.observing().status(name, version, _text("cursor"), _has_time))


@app.get("/journeys/report")
def report() -> Response[Any]:
    return answer(200, bootstrap.reporting().report(_text("by")))


@app.get("/journeys/<name>/experiments")
def experiments(name: str) -> Response[Any]:
    return answer(200, bootstrap.experimenting().of(name))


@app.get("/journeys/<name>/participants")
def participants(name: str) -> Response[Any]:
    found = bootstrap.observing().participants(name, _text("node"), _text("cursor"), _has_time)
    return answer(200, found)


@app.get("/profiles/<profile_id>/journeys/<name>/trace")
def trace(profile_id: str, name: str) -> Response[Any]:
    return answer(200, bootstrap.observing().trace(profile_id, name))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)


def _body() -> dict[str, Any]:
    """A request without a body asks for what is usual."""
    return json_body(app.current_event) if app.current_event.raw_event.get("body") else {}


def _has_time() -> bool:
    return bool(app.lambda_context.get_remaining_time_in_millis() > MARGIN_MS)


def _text(name: str) -> str:
    return app.current_event.get_query_string_value(name, "") or ""
