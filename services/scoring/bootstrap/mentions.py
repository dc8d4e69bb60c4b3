"""Joins the use cases of mentions with AWS."""

from __future__ import annotations

from functools import cache

from services.scoring.adapters.definitions_table import DefinitionsTable
from services.scoring.adapters.feed_xml import FeedXml
from services.scoring.adapters.mentions_table import MentionsTable
from services.scoring.adapters.places_table import PlacesTable
from services.scoring.adapters.vader import Vader
from services.scoring.mentions.hearing import Feeds, Hearing
from services.scoring.mentions.sentiment import Sentiment
from services.scoring.service.definition_desk import CachedDefinitions
from services.scoring.settings import FeedsSettings, MentionsSettings
from services.shared.aws.dynamo import Table
from services.shared.net.guarded_https import GuardedHttps


@cache
def hearing() -> Hearing:
    """For mentions that are sent."""
    return _hearing(MentionsSettings.from_env())


@cache
def sentiment() -> Sentiment:
    """For the marketers' routes."""
    settings = MentionsSettings.from_env()
    return Sentiment(
        DefinitionsTable(Table(settings.definitions_table)),
        MentionsTable(Table(settings.mentions_table)),
        PlacesTable(Table(settings.places_table)),
        settings.clock(),
    )


@cache
def feeds() -> Feeds:
    """For the scheduled run."""
    settings = FeedsSettings.from_env()
    return Feeds(
        DefinitionsTable(Table(settings.definitions_table)),
        _hearing(settings),
        MentionsTable(Table(settings.mentions_table)),
        GuardedHttps(),
        FeedXml(),
        settings.clock(),
    )


def _hearing(settings: FeedsSettings) -> Hearing:
    return Hearing(
        CachedDefinitions(DefinitionsTable(Table(settings.definitions_table))),
        MentionsTable(Table(settings.mentions_table)),
        Vader(),
        settings.clock(),
    )
