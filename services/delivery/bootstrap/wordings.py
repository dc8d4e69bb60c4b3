"""What tells of templates and of the pressure policy."""

from __future__ import annotations

from functools import cache

from services.delivery.adapters.dynamo_pressure import DynamoPolicies
from services.delivery.adapters.dynamo_templates import DynamoTemplates
from services.delivery.domain.pressure.policy import default_policy
from services.delivery.settings import WordingsSettings
from services.delivery.use_cases.tell_wordings import TellWordings
from services.shared.aws.dynamo import Table


@cache
def wordings() -> TellWordings:
    """What `wordings` runs."""
    settings = WordingsSettings.from_env()
    return TellWordings(
        DynamoTemplates(Table(settings.templates_table)),
        DynamoPolicies(Table(settings.pressure_table)),
        default_policy(settings.daily_cap, brakes=settings.brakes),
    )
