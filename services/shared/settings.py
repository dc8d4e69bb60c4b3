"""Settings come from the environment, once, through a frozen model; nothing else reads `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

from services.shared.clock import Clock, load_clock


class Settings(BaseModel):
    """Base of every handler's settings: field `table_name` is read from `TABLE_NAME`.

    `infra` passes exactly these variables to the function (a test holds the two equal).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    clock_factory: str = ""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read every field from the environment.

        Raises:
            pydantic.ValidationError: a variable is missing or malformed; the cold start fails loudly.
        """
        source = os.environ if env is None else env
        return cls(**{name: source[name.upper()] for name in cls.model_fields if name.upper() in source})

    def clock(self) -> Clock:
        """The clock of this stage."""
        return load_clock(self.clock_factory)
