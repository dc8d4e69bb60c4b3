"""Joins the use cases of firms with AWS."""

from __future__ import annotations

from functools import cache

from services.ingest.adapters.dynamo_firms import DynamoFirms
from services.ingest.firms import Firms, Spreading
from services.ingest.settings import FirmsSettings, OnFirmsStreamSettings
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.ids import new_id


@cache
def firms() -> Firms:
    """For `firms` and `on_profiles_stream`."""
    settings = FirmsSettings.from_env()
    return Firms(DynamoFirms(Table(settings.firms_table)), settings.clock(), new_id)


@cache
def spreading() -> Spreading:
    """For `on_firms_stream`."""
    settings = OnFirmsStreamSettings.from_env()
    return Spreading(DynamoFirms(Table(settings.firms_table)), Bus(settings.bus_name).publish)
