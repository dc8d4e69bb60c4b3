"""Journeys: their documents and versions, how they are run, and who is where in them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contracts.openapi import (
    journeys_documents,
    journeys_planning,
    journeys_running,
    journeys_simulations,
)
from tests.contracts.openapi.operations import Operation
from tests.contracts.openapi.shapes import Schema

_PARTS = (journeys_documents, journeys_running, journeys_simulations, journeys_planning)

OPERATIONS: Mapping[str, Operation] = {key: one for part in _PARTS for key, one in part.OPERATIONS.items()}

SCHEMAS: Mapping[str, Schema] = {name: one for part in _PARTS for name, one in part.SCHEMAS.items()}
