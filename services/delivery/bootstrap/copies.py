"""What copies contacts and permissions, and learns what people like."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_catalogue import DynamoCatalogue
from services.delivery.adapters.dynamo_gates import DynamoGates
from services.delivery.adapters.dynamo_ledgers import DynamoLedgers
from services.delivery.adapters.dynamo_tastes import DynamoTastes
from services.delivery.bootstrap import parts
from services.delivery.settings import OnConsentSettings, OnProfilesChangedSettings
from services.delivery.use_cases.copy_facts import CopyContacts, CopyPermissions
from services.delivery.use_cases.learn_tastes import LearnTastes
from services.shared.aws.dynamo import Table
from services.shared.aws.secrets import secret_text


@cache
def copying_permissions() -> CopyPermissions:
    """What `on_consent` runs."""
    settings = OnConsentSettings.from_env()
    return CopyPermissions(
        gates=DynamoGates(Table(settings.gates_table)),
        messages=parts.messages(settings.messages_table, settings.gates_table),
    )


@cache
def copying_contacts() -> CopyContacts:
    """What `on_profiles_changed` runs."""
    settings = OnProfilesChangedSettings.from_env()
    return CopyContacts(
        gates=DynamoGates(Table(settings.gates_table)),
        ledgers=DynamoLedgers(Table(settings.gates_table)),
        address_secret=lambda: secret_text(settings.address_secret_arn),
    )


@cache
def learning() -> LearnTastes:
    """What `on_profiles_changed` runs, too."""
    settings = OnProfilesChangedSettings.from_env()
    return LearnTastes(
        tastes=DynamoTastes(Table(settings.gates_table)),
        catalogue=DynamoCatalogue(Table(settings.products_table)),
    )
