"""What journeys are for, what they start from, and by what figure one sees whether they work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Objective = Literal[
    "lead_generation",
    "welcome",
    "cross_sell",
    "loyalty",
    "retention",
    "win_back",
    "service",
    "self_service",
    "lock_in",
]
"""What a programme is for."""

Angle = Literal["interaction", "lifecycle", "life_phase", "world"]
"""What it starts from: something the person did, their life as a customer, their own life, or the world around
them."""

Kpi = Literal[
    "new_leads",
    "second_order_rate",
    "conversion_rate",
    "repeat_rate",
    "churn_rate",
    "reactivation_rate",
    "satisfaction",
    "contacts_avoided",
    "products_per_customer",
]
"""A figure that a journey is held against."""


@dataclass(frozen=True)
class Meaning:
    """A word of the language for people; `kpi` is the figure that an objective is held against unless a brief names
    another one."""

    title: str
    kpi: Kpi


OBJECTIVES: Mapping[Objective, Meaning] = MappingProxyType(
    {
        "lead_generation": Meaning("Get to know people who may become customers", "new_leads"),
        "welcome": Meaning("Make first-time customers feel at home", "second_order_rate"),
        "cross_sell": Meaning("Offer what fits with what they have", "conversion_rate"),
        "loyalty": Meaning("Keep good customers close", "repeat_rate"),
        "retention": Meaning("Keep those who are about to leave", "churn_rate"),
        "win_back": Meaning("Bring back those who left", "reactivation_rate"),
        "service": Meaning("Help people with what they have", "satisfaction"),
        "self_service": Meaning("Let people help themselves", "contacts_avoided"),
        "lock_in": Meaning("Give reasons to stay", "products_per_customer"),
    }
)

ANGLES: Mapping[Angle, str] = MappingProxyType(
    {
        "interaction": "Something the person did",
        "lifecycle": "Their way as a customer",
        "life_phase": "Their own life",
        "world": "The world around them",
    }
)

KPIS: Mapping[Kpi, str] = MappingProxyType(
    {
        "new_leads": "People with a permission who were not known before",
        "second_order_rate": "Share of first-time customers who order again",
        "conversion_rate": "Share of those who entered that reached the goal",
        "repeat_rate": "Share of customers who order again",
        "churn_rate": "Share of customers who leave (less is better)",
        "reactivation_rate": "Share of those who were gone that order again",
        "satisfaction": "Mean answer to surveys",
        "contacts_avoided": "Service contacts that were not needed",
        "products_per_customer": "Products or contracts that a customer holds",
    }
)

FIRST_RELATION: frozenset[Objective] = frozenset({"retention", "win_back"})
"""Objectives for which a person is first met, and only then sold something: reactivation is progressive."""
