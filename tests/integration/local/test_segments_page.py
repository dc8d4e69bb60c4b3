"""What the page says of places, from what scoring says of real definitions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from local import segments_page
from local.segments_page import Group
from services.scoring.domain.definitions import KINDS, Definitions, kind_of
from services.scoring.domain.judging import take_in
from services.scoring.domain.seeing import explained
from services.shared.clock import to_iso
from tests.support.accessible import faults
from tests.unit.scoring.builders import change, on, order

NOW = on("1997-01-03")
DOCUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("segment", "buyers"): {"condition": {"fact": "orders", "gte": 1}},
    ("segment", "vip"): {"static": True},
    ("score-model", "hot"): {"rules": [{"event": "Order Completed", "points": 10}]},
    ("fit-model", "rich"): {
        "rules": [{"when": {"all": [{"trait": "income", "gte": 50_000}]}, "grade": "A"}],
        "default": "B",
    },
    ("strategy", "sales"): {
        "score": "hot",
        "fit": "rich",
        "bands": [{"name": "cold"}, {"name": "hot", "from": 5}],
        "cells": [
            {"bands": ["cold", "hot"], "grades": ["B"], "strategy": "nurture", "owner": "<marketing>"},
            {
                **{"bands": ["cold", "hot"], "grades": ["A"], "strategy": "call", "owner": "sales"},
                "task": {"title": "Call today"},
            },
        ],
    },
    ("stage", "life"): {
        "stages": ["prospect", "customer"],
        "transitions": [{"from": ["prospect"], "to": "customer", "when": {"fact": "orders", "gte": 3}}],
    },
}


def standing_of(**traits: Any) -> dict[str, Any]:
    """The part of the answer of `GET /profiles/{id}/standing` that the page reads."""
    definitions = Definitions.of(
        1, [kind_of(kind).parse(name, one) for (kind, name), one in DOCUMENTS.items()]
    )
    standing = take_in("prf_1", None, [change(1, order("1997-01-02"), **traits)], definitions, NOW)
    assert standing
    return {
        "segments": {name: to_iso(since) for name, since in standing.segments.items()},
        "explained": explained(standing, definitions, NOW + timedelta(hours=1)),
    }


def test_every_kind_that_places_people_says_why() -> None:
    html = segments_page.reasons(standing_of(income=60_000))
    assert "Segment buyers: in since 1997-01-02" in html
    assert "Segment vip: not in" in html
    assert "Fit rich: grade A" in html
    assert "A: all of" in html
    assert "&quot;income&quot;" in html
    assert "Strategy sales: hot:A, since 1997-01-02" in html
    assert "Call today" in html
    assert "Lifecycle life: prospect" in html
    poor = segments_page.reasons(standing_of())
    assert "Fit rich: grade B" in poor
    assert "&lt;marketing&gt;" in poor


def test_who_has_no_cell_yet_is_shown_without() -> None:
    standing = standing_of()
    standing["explained"]["strategy/sales"] = {}
    assert "Strategy sales: in no cell yet" in segments_page.reasons(standing)


def test_every_place_of_every_kind_has_its_row() -> None:
    assert set(segments_page.KINDS) == {kind.path for kind in KINDS.values() if kind.places}
    counts = {"in": 1, "entered": 2, "left": 1}
    known = [
        Group("segments", "buyers", {}, [{"product": "", "value": "in", **counts}]),
        Group("fit-models", "rich", {}, [{"product": "", "value": "A", **counts}]),
        Group("strategies", "sales", {}, [{"product": "", "value": "hot:A", **counts}]),
        Group("stages", "life", {}, [{"product": "pan", "value": "customer", **counts}]),
    ]
    html = segments_page.groups(known, {})
    for row in ("buyers", "rich: A", "sales: hot:A", "life (pan): customer"):
        assert f'<th scope="row">{row}</th><td class="n">1</td><td class="n">2</td>' in html


def test_how_far_definitions_have_come_is_shown() -> None:
    done = {"definitions": 3, "at": "1997-01-03T12:00:00.000Z", "looked_at": 12, "failed": 1}
    on_its_way = {
        **{"definitions": 4, "starts_at": "1997-01-04T12:01:00.000Z"},
        **{"looked_at": 5, "of": 1300, "waiting": 2, "failed": 0},
    }
    html = segments_page.groups([], {"definitions": 4, "under_way": on_its_way, "done": done})
    assert "version 4</caption>" in html
    under_way = '<th scope="row">under way</th><td class="n">4</td><td>1997-01-04T12:01:00.000Z</td>'
    figures = '<td class="n">5</td><td class="n">1,300</td><td class="n">2</td><td class="n">0</td>'
    assert under_way + figures in html
    assert '<th scope="row">done</th><td class="n">3</td><td>1997-01-03T12:00:00.000Z</td>' in html
    assert faults(html) == []
    new = segments_page.groups([], {"definitions": 0, "under_way": None, "done": None})
    assert new.count("<tr>") == 2, "two heads"
