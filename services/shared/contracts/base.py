"""What every contract is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer

from services.shared.clock import to_iso


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("has no time zone")
    return at.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_utc), PlainSerializer(to_iso, when_used="json")]
"""A moment: aware, in UTC, written as ISO 8601 with milliseconds."""


class Model(BaseModel):
    """A frozen value that tolerates fields of later versions."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Fact(Model):
    """Something that happened, as one detail-type on the bus. The name ends in its major version.

    `personal` facts carry addresses or traits and are kept out of the bus's archive, which nobody can erase from.
    """

    source: ClassVar[str]
    detail_type: ClassVar[str]
    personal: ClassVar[bool] = False
