"""The marketers' routes."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from services.journeys.bootstrap import publishing as bootstrap
from services.journeys.bootstrap.walking import walks
from services.journeys.handlers.bodies import document_body
from services.journeys.ports.definitions import Definition
from services.journeys.service.person import described
from services.shared.http import answer, expected_revision, resolver, respond
from services.shared.observability import service_logger

logger = service_logger("journeys")
app = resolver()


@app.put("/journeys/<name>")
def publish(name: str) -> Any:
    """Publish a document (JSON or YAML) as the next version."""
    return _published(bootstrap.publishing().publish(name, document_body(app.current_event)))


@app.post("/journeys/validate")
def validate() -> Any:
    """Everything that is wrong with a document; nothing is published."""
    return answer(200, bootstrap.publishing().validate(document_body(app.current_event)))


@app.put("/journeys/<name>/draft")
def put_draft(name: str) -> Response[Any]:
    """Keep a document that is being written, with what is wrong with it. Its ETag is its revision."""
    event = app.current_event
    draft, shown = bootstrap.drafting().put(name, document_body(event), expected_revision(event))
    return answer(200, shown, {"ETag": f'"{draft.revision}"'})


@app.get("/journeys/<name>/draft")
def get_draft(name: str) -> Response[Any]:
    """A document that is being written."""
    draft, shown = bootstrap.drafting().get(name)
    return answer(200, shown, {"ETag": f'"{draft.revision}"'})


@app.post("/journeys/<name>/publish")
def publish_draft(name: str) -> Response[Any]:
    """Publish the draft as the next version."""
    return _published(bootstrap.drafting().publish(name, expected_revision(app.current_event)))


@app.get("/journeys/<name>/versions/<version>")
def version(name: str, version: str) -> Response[Any]:
    """A version's document, as it was published."""
    return answer(200, bootstrap.publishing().version(name, version))


@app.get("/journeys")
def catalogue() -> Any:
    """The newest version of every journey."""
    return answer(200, {"journeys": bootstrap.publishing().catalogue()})


@app.get("/journeys/<name>")
def show(name: str) -> Any:
    """A journey, its versions and its pictures."""
    return answer(200, bootstrap.publishing().show(name))


@app.get("/profiles/<profile_id>/journeys")
def walks_of_profile(profile_id: str) -> Any:
    """Where a person is, or was, in every journey."""
    return answer(200, {"journeys": [described(walk) for walk in walks().of_profile(profile_id)]})


@app.get("/journeys/library")
def library() -> Any:
    """Ready-made journeys."""
    return answer(200, bootstrap.library().shelf())


@app.get("/journeys/library/<name>")
def from_library(name: str) -> Any:
    """One of them, with its messages, as it would be put under its own name."""
    return answer(200, bootstrap.library().one(name))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Serve one request."""
    return respond(app, logger, event, context)


def _published(definition: Definition) -> Response[Any]:
    return answer(
        200,
        {
            "name": definition.journey,
            "version": definition.version,
            "state_machine_arn": definition.state_machine_arn,
        },
    )
