"""What tells receivers of the account's own."""

from __future__ import annotations

from services.delivery.adapters.dynamo_channels import DynamoChannels
from services.delivery.adapters.signed_webhook import SignedWebhook
from services.delivery.settings import OnPassUpdatesSettings, OnRequestsSettings
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text
from services.shared.net.guarded_https import GuardedHttps


def places(listed: str) -> frozenset[str]:
    """Hosts inside the account that may be told, from a list with commas."""
    return frozenset(place.strip() for place in listed.split(",") if place.strip())


def receiver(settings: OnRequestsSettings | OnPassUpdatesSettings) -> SignedWebhook:
    """What tells a receiver, signed."""
    return SignedWebhook(
        GuardedHttps(allowed=places(settings.channel_places)),
        DynamoChannels(Table(settings.templates_table)),
        lambda: secret_text(settings.channel_secret_arn),
        settings.clock(),
    )
