"""Places: a point is {"lat", "lon"} or "lat,lon" in degrees; near is a circle on a sphere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

EARTH_KM = 6_371.0088
"""Mean radius of the Earth (IUGG)."""

MAX_KM = 20_020.0
"""Half around: everything is nearer."""

NEAR_SCHEMA: Mapping[str, Any] = MappingProxyType(
    {
        "type": "object",
        "required": ["lat", "lon", "km"],
        "additionalProperties": False,
        "properties": {
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
            "lon": {"type": "number", "minimum": -180, "maximum": 180},
            "km": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_KM},
        },
    }
)


@dataclass(frozen=True)
class Point:
    """Degrees north and east."""

    lat: float
    lon: float

    def km_to(self, lat: float, lon: float) -> float:
        """Great-circle distance by the haversine formula."""
        south, north = math.radians(self.lat), math.radians(lat)
        up, along = north - south, math.radians(lon - self.lon)
        half = math.sin(up / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(along / 2) ** 2
        return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))

    def within(self, circle: tuple[float, float, float]) -> bool:
        """In the circle (latitude, longitude, kilometres), its edge included."""
        lat, lon, km = circle
        return self.km_to(lat, lon) <= km


def point_of(value: Any) -> Point | None:
    """The point that a value stands for, or `None`."""
    if isinstance(value, Mapping):
        pair = [value.get("lat"), value.get("lon")]
    elif isinstance(value, str) and len(value) <= 60:
        pair = list(value.split(","))
    else:
        return None
    if len(pair) != 2 or any(isinstance(part, bool) for part in pair):
        return None
    try:
        lat, lon = (float(part) for part in pair)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return Point(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def read_circle(raw: Any) -> tuple[float, float, float]:
    """The literal of `near`: latitude, longitude, kilometres.

    Raises:
        ValueError: it is no such circle.
    """
    rule = f'must be {{"lat": -90..90, "lon": -180..180, "km": above 0, up to {MAX_KM:.0f}}}'
    if not isinstance(raw, Mapping) or set(raw) != {"lat", "lon", "km"}:
        raise ValueError(rule)
    if any(isinstance(part, bool) or not isinstance(part, int | float) for part in raw.values()):
        raise ValueError(rule)
    if not (abs(raw["lat"]) <= 90 and abs(raw["lon"]) <= 180 and 0 < raw["km"] <= MAX_KM):
        raise ValueError(rule)
    return float(raw["lat"]), float(raw["lon"]), float(raw["km"])
