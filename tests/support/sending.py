"""Delivery's real use case around one object that stands for all tables and the provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from services.delivery.domain.channel_terms import ChannelTerms
from services.delivery.domain.choice import Standing
from services.delivery.domain.message import Message
from services.delivery.domain.prices import Prices
from services.delivery.use_cases.compose import Compose
from services.delivery.use_cases.links import NO_LINKS, Made
from services.delivery.use_cases.prepare import Prepare
from services.delivery.use_cases.pressure import Pressure
from services.delivery.use_cases.send_messages import SendMessages
from services.delivery.use_cases.tracking import Tracking
from services.shared.clock import Clock
from services.shared.permission import Permission


class Plain:
    """What such objects answer where their models have nothing to say; everybody with an address permits."""

    def of_profile(self, profile_id: str, limit: int) -> list[Message]:
        return []

    def terms(self) -> ChannelTerms:
        return ChannelTerms()

    def prices(self) -> Prices:
        return Prices([])

    def standings(self, addresses: Mapping[str, tuple[str, str]], purpose: str) -> dict[str, Standing]:
        permission = Permission("granted", "cns_1") if purpose else None
        return {name: Standing(at, key, "", permission) for name, (at, key) in addresses.items()}

    def of(self, message: Message, channel: str, keys: Mapping[str, str], now: datetime) -> Made:
        return NO_LINKS


def sending(
    world: Any, *, pressure: Pressure, clock: Clock, channels: Sequence[str] = ("email",)
) -> SendMessages:
    """The use case over `world`, which is the sender of every channel too."""
    numbers = count()
    return SendMessages(
        messages=world,
        gates=world,
        templates=world,
        senders=dict.fromkeys(channels, world),
        prepare=Prepare(
            gates=world,
            links=world,
            tracking=Tracking("https://api.example.com", lambda: "secret"),
            compose=Compose(world, world),
            channels=world,
            address_secret=lambda: "secret",
            pressure=pressure,
        ),
        pressure=pressure,
        address_secret=lambda: "secret",
        clock=clock,
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
    )
