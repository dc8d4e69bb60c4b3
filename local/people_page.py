"""The pages about people: who was found to be one person, and where each thing we know of them comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from local.markup import Cell, page, table
from local.segments_page import reasons

SHOWN = 6
"""People who get a page."""


@dataclass(frozen=True)
class Shown:
    """What the marketers' API says of a person: the view, its identity, the newest events of the timeline, and the
    standing with its reasons."""

    view: Mapping[str, Any]
    identity: Mapping[str, Any]
    timeline: Mapping[str, Any]
    standing: Mapping[str, Any]

    @property
    def profile_id(self) -> str:
        """Whom it is about."""
        return str(self.view["profile_id"])


def people(known: Sequence[Shown], merged: int) -> str:
    """The list."""
    rows: list[list[Cell]] = [
        [
            _named(one),
            ", ".join(f"{i['kind']} {i['value']}" for i in one.view["identifiers"]),
            len(one.view["merged_ids"]),
            f"{one.view['completeness']:.0%}",
            f"{one.view['reliability']:.0%}",
        ]
        for one in known
    ]
    links = "".join(
        f'<li><a href="/people/{escape(one.profile_id)}">{escape(_named(one))}</a></li>' for one in known
    )
    return page(
        "People",
        f"<p>{merged} profiles of visitors were found to be customers when they logged in. Some of those people:</p>"
        + table(
            "People", ("name", "known by", "profiles merged into it", "completeness", "reliability"), rows
        )
        + f"<p>More about each:</p><ul>{links}</ul>",
    )


def person(one: Shown, walked: str = "") -> str:
    """One person: what is known, since when, from where; what joined the profiles; which segments and stages the
    person is in, and why; `walked`, the part about journeys; what happened."""
    return page(
        _named(one),
        table(
            "Known by",
            ("kind", "value", "first seen", "source"),
            [[i["kind"], i["value"], i["first_seen"] or "", i["source"]] for i in one.view["identifiers"]],
        )
        + table(
            "What we know, and how",
            ("attribute", "value", "kind", "source", "since", "reliability"),
            [
                [name, str(a["value"]), a["kind"], a["source"], a["at"], f"{a['reliability']:.0%}"]
                for name, a in one.view["domains"]["marketing"].items()
            ],
        )
        + table(
            "What was seen together",
            ("identifiers", "at", "believed", "verdict"),
            [[" and ".join(e["between"]), e["at"], e["by"], e["verdict"]] for e in one.identity["edges"]],
        )
        + table(
            "Decisions",
            ("at", "what", "profiles", "because of"),
            [
                [
                    d["at"],
                    d["what"],
                    ", ".join([d["profile_id"], *d["others"]]),
                    d["reason"] or d["message_id"],
                ]
                for d in one.identity["decisions"]
            ],
        )
        + reasons(one.standing)
        + walked
        + table(
            "Newest interactions",
            ("at", "what", "direction", "channel", "initiator", "source"),
            [
                [e["at"], e["name"], e["direction"], e["channel"], e["initiator"], e["source"]]
                for e in one.timeline["events"]
            ],
        ),
    )


def _named(one: Shown) -> str:
    return str(one.view["traits"].get("firstName") or one.profile_id)
