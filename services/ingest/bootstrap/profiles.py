"""Joins what keeps profiles, and who is who, with AWS."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache

from services.ingest.adapters.dynamo_attributes import DynamoAttributes
from services.ingest.adapters.dynamo_erasures import DynamoTombstones
from services.ingest.adapters.dynamo_identities import DynamoIdentities
from services.ingest.adapters.dynamo_imports import DynamoImports, TakenBack
from services.ingest.adapters.dynamo_profiles import DynamoProfiles
from services.ingest.adapters.dynamo_sinks import DynamoSinks
from services.ingest.adapters.dynamo_sources import DynamoSources
from services.ingest.adapters.dynamo_timeline import DynamoTimeline
from services.ingest.adapters.s3_lake import S3Lake
from services.ingest.adapters.sqs_intake import SqsIntake
from services.ingest.doors.attributes import KnownAttributes
from services.ingest.doors.known import KnownRules
from services.ingest.people.find import PROFILE_PREFIX
from services.ingest.people.gate import Gate
from services.ingest.profiles.consume import Consumer
from services.ingest.profiles.keeper import Keeper
from services.ingest.profiles.recognise import Recogniser
from services.ingest.profiles.review import IdentityReview
from services.ingest.profiles.rulings import RulingsKept
from services.ingest.profiles.tell import Teller
from services.ingest.settings import (
    IdentitiesSettings,
    OnEventsSettings,
    OnProfilesStreamSettings,
    ProfileSettings,
)
from services.ingest.sinks.forward import KnownAsked
from services.shared.aws.bus import Bus
from services.shared.aws.dynamo import Table
from services.shared.clock import Clock
from services.shared.ids import new_id


@cache
def profiles() -> DynamoProfiles:
    """The profiles."""
    settings = ProfileSettings.from_env()
    return DynamoProfiles(Table(settings.profiles_table), Table(settings.profile_parts_table))


@cache
def timeline() -> DynamoTimeline:
    """Their histories."""
    return DynamoTimeline(Table(ProfileSettings.from_env().profile_parts_table))


@cache
def identities() -> DynamoIdentities:
    """The identity graph."""
    return DynamoIdentities(Table(IdentitiesSettings.from_env().identities_table), profiles())


@cache
def keeper() -> Keeper:
    """What keeps graph and profiles in step."""
    return Keeper(
        identities=identities(),
        profiles=profiles(),
        timeline=timeline(),
        clock=ProfileSettings.from_env().clock(),
        new_profile_id=_new_profile_id,
        new_tale=lambda: secrets.token_hex(4),
    )


@cache
def consumer() -> Consumer:
    """For `on_events`."""
    settings = OnEventsSettings.from_env()
    clock = settings.clock()
    recogniser = Recogniser(
        identities=identities(),
        keeper=keeper(),
        now=_milliseconds(clock),
        new_profile_id=_new_profile_id,
        new_graph_id=_new_graph_id,
        gate=Gate(DynamoTombstones(Table(settings.erasures_table), settings.address_secret_arn)),
    )
    attributes = DynamoAttributes(Table(settings.attributes_table))
    return Consumer(
        recogniser=recogniser,
        profiles=profiles(),
        timeline=timeline(),
        lake=S3Lake(settings.lake_bucket),
        rules_of=KnownRules(DynamoSources(Table(settings.sources_table))),
        taken_back=TakenBack(DynamoImports(Table(settings.imports_table))),
        attributes=KnownAttributes(attributes),
        withheld=attributes.count,
        asked=KnownAsked(DynamoSinks(Table(settings.sinks_table))),
        clock=clock,
    )


@cache
def intake() -> SqsIntake:
    """The queue that `on_events` works off."""
    return SqsIntake(OnEventsSettings.from_env().queue_url)


@cache
def identity_review() -> IdentityReview:
    """For `identities`."""
    return IdentityReview(
        identities=identities(),
        profiles=profiles(),
        keeper=keeper(),
        now=_milliseconds(IdentitiesSettings.from_env().clock()),
        new_graph_id=_new_graph_id,
    )


@cache
def teller() -> Teller:
    """For `on_profiles_stream`."""
    bus = Bus(OnProfilesStreamSettings.from_env().bus_name)
    return Teller(profiles=profiles(), timeline=timeline(), publisher=bus)


@cache
def rulings_kept() -> RulingsKept:
    """For `on_profiles_stream`."""
    settings = OnProfilesStreamSettings.from_env()
    return RulingsKept(
        tombstones=DynamoTombstones(Table(settings.erasures_table), settings.address_secret_arn),
        lake=S3Lake(settings.lake_bucket),
        clock=settings.clock(),
    )


def _milliseconds(clock: Clock) -> Callable[[], int]:
    return lambda: round(clock.now().timestamp() * 1000)


def _new_profile_id() -> str:
    return new_id(PROFILE_PREFIX.rstrip("_"))


def _new_graph_id() -> str:
    return new_id("grp")
