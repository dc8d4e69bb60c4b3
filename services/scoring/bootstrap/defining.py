"""Joins what tells of definitions with AWS."""

from __future__ import annotations

from functools import cache

from services.scoring.adapters.definitions_table import DefinitionsTable
from services.scoring.settings import DefinitionsSettings
from services.shared.aws.dynamo import Table


@cache
def definitions() -> DefinitionsTable:
    """What `definitions` needs."""
    return DefinitionsTable(Table(DefinitionsSettings.from_env().definitions_table))
