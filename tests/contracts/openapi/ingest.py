"""Ingest: what comes in by which door, and who it makes of that."""

from __future__ import annotations

from collections.abc import Mapping

from tests.contracts.openapi import (
    ingest_doors,
    ingest_figures,
    ingest_firms,
    ingest_people,
    ingest_registries,
)
from tests.contracts.openapi.operations import Operation
from tests.contracts.openapi.shapes import Schema

OPERATIONS: Mapping[str, Operation] = {
    **ingest_doors.OPERATIONS,
    **ingest_registries.OPERATIONS,
    **ingest_people.OPERATIONS,
    **ingest_firms.OPERATIONS,
    **ingest_figures.OPERATIONS,
}
SCHEMAS: Mapping[str, Schema] = {
    **ingest_doors.SCHEMAS,
    **ingest_registries.SCHEMAS,
    **ingest_people.SCHEMAS,
    **ingest_firms.SCHEMAS,
    **ingest_figures.SCHEMAS,
}
