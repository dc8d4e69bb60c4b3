"""What a template wants to know of what its receivers do."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)]


class Track(BaseModel):
    """`clicks` (unsaid: in e-mails that need permission) leads links through us; `opens` shows a picture to whoever
    gave their permission themselves. `hosts` are places links may lead to besides those that the template names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clicks: bool | None = None
    opens: bool = False
    hosts: list[Host] = Field(default=[], max_length=20)
