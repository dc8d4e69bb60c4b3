"""A marketer's side of identity: why these identifiers are one person, joining two profiles, parting one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.ingest.domain.graph import Cut, Edge
from services.ingest.domain.identifiers import Identifier
from services.ingest.domain.known import Known
from services.ingest.domain.policy import MANUAL, MAX_COMPONENT, PUBLIC, TRUSTED, strength
from services.ingest.domain.profile import Profile
from services.ingest.domain.regroup import Component, News
from services.ingest.ports import Behind, Identities, Profiles, TooMany
from services.ingest.profiles.keeper import Keeper, Rearrangement
from services.shared.clock import to_iso
from services.shared.errors import Conflict, Invalid, NotFound

ATTEMPTS = 5

_BELIEVED = {MANUAL: "marketer", TRUSTED: "company", PUBLIC: "public"}


class MergeRequest(BaseModel):
    """Body of `POST /profiles/{id}/merges`."""

    model_config = ConfigDict(extra="forbid")

    with_: str = Field(alias="with", min_length=1)
    dry_run: bool = False
    reason: str = Field(default="", max_length=500)


class SplitRequest(BaseModel):
    """Body of `POST /profiles/{id}/splits`; identifiers as `kind:value`."""

    model_config = ConfigDict(extra="forbid")

    identifiers: list[str] = Field(min_length=1, max_length=MAX_COMPONENT)
    dry_run: bool = False
    reason: str = Field(default="", max_length=500)


@dataclass(frozen=True)
class Case:
    """What a decision is about: the components concerned and what their lone identifiers know."""

    components: Sequence[Component]
    known: Mapping[Identifier, Known]
    news: News
    cuts: Sequence[Cut]


class IdentityReview:
    """The use case behind the identity routes."""

    def __init__(
        self,
        *,
        identities: Identities,
        profiles: Profiles,
        keeper: Keeper,
        now: Callable[[], int],
        new_graph_id: Callable[[], str],
    ) -> None:
        self._identities = identities
        self._profiles = profiles
        self._keeper = keeper
        self._now = now
        self._new_graph_id = new_graph_id

    def merge(self, profile_id: str, request: MergeRequest) -> dict[str, Any]:
        """Make one person of two profiles, or say what it would make of them.

        Raises:
            NotFound: `unknown_profile`.
            Conflict: `same_profile`, `identifier_limit`, or `try_again`.
        """
        return self._decide(
            lambda: self._merging(self._person(profile_id), self._person(request.with_)), request
        )

    def split(self, profile_id: str, request: SplitRequest) -> dict[str, Any]:
        """Make a person of their own of some identifiers of a profile.

        Raises:
            NotFound: `unknown_profile`.
            Invalid: `not_its_identifier`.
            Conflict: `nothing_left` when it has no others; `try_again`.
        """
        return self._decide(lambda: self._parting(self._person(profile_id), request.identifiers), request)

    def explain(self, profile_id: str) -> dict[str, Any]:
        """What joined the identifiers of a profile and what did not, and every decision about it.

        Raises:
            NotFound: `unknown_profile`.
        """
        profile = self._person(profile_id)
        component, _ = self._component(profile)
        group = {i for i, owner in component.owners.items() if owner == profile.profile_id}
        ids = set(profile.profile_ids())
        return {
            "profile_id": profile.profile_id,
            "identifiers": [_shown(i) for i in sorted(group, key=strength)],
            "redirects": sorted(ids - {profile.profile_id}),
            "edges": [
                {
                    "between": [f"{i.kind}:{i.value}" for i in (edge.strong, edge.weak)],
                    "at": _time(edge.at),
                    "by": _BELIEVED[edge.trust],
                    "kind": edge.kind,
                    "message_id": edge.message_id,
                    "verdict": component.partition.verdicts.get(edge.pair, "unnamed"),
                }
                for edge in sorted(component.edges.values(), key=lambda e: e.order)
                if {edge.strong, edge.weak} & group
            ],
            "decisions": [
                {
                    "at": _time(d.at),
                    "what": d.what,
                    "profile_id": d.profile,
                    "others": list(d.others),
                    "message_id": d.message_id,
                    "reason": d.reason,
                }
                for d in self._identities.decisions(component)
                if ids & {d.profile, *d.others}
            ],
        }

    def _decide(self, case: Callable[[], Case], request: MergeRequest | SplitRequest) -> dict[str, Any]:
        for _ in range(ATTEMPTS):
            about = case()
            try:
                planned = self._keeper.plan(
                    about.components, about.news, cuts=about.cuts, reason=request.reason
                )
                if request.dry_run or self._keeper.commit(planned, about.known):
                    return _preview(planned, dry_run=request.dry_run)
            except Behind as behind:
                raise Conflict("try_again", "the history of a profile is still being written") from behind
            except TooMany as error:
                raise Conflict("identifier_limit", "it is too much for one decision") from error
        raise Conflict("try_again", "other events kept changing these profiles")

    def _merging(self, one: Profile, other: Profile) -> Case:
        if one.profile_id == other.profile_id:
            raise Conflict("same_profile", "they are one profile already")
        first, known = self._component(one)
        second, known_too = self._component(other)
        if len(first.nodes.keys() | second.nodes.keys()) > MAX_COMPONENT:
            raise Conflict("identifier_limit", f"they would be linked with over {MAX_COMPONENT} identifiers")
        groups = [_group(first, one), _group(second, other)]
        ends = sorted((min(group, key=strength) for group in groups), key=strength)
        edge = Edge(ends[0], ends[1], self._now(), MANUAL, "manual")
        components = [first] if first.graph_id == second.graph_id else [first, second]
        cuts = [cut for c in components for cut in c.cuts if not cut.forbids(groups[0], groups[1])]
        return Case(components, {**known, **known_too}, News((edge,)), cuts)

    def _parting(self, profile: Profile, names: Sequence[str]) -> Case:
        component, known = self._component(profile)
        group = _group(component, profile)
        by_name = {f"{i.kind}:{i.value}": i for i in group}
        if strange := [name for name in names if name not in by_name]:
            raise Invalid("not_its_identifier", f"the profile has no identifier {strange[0]!r}")
        side = frozenset(by_name[name] for name in names)
        if side == group:
            raise Conflict("nothing_left", "these are all identifiers of the profile")
        first, *others = sorted(side, key=strength)
        together = tuple(Edge(first, one, self._now(), MANUAL, "manual") for one in others)
        return Case([component], known, News(together), [*component.cuts, Cut(side, group - side)])

    def _person(self, profile_id: str) -> Profile:
        profile = self._profiles.follow([profile_id]).get(profile_id)
        if profile is None:
            raise NotFound("unknown_profile", "there is no profile of this id")
        return profile

    def _component(self, profile: Profile) -> tuple[Component, dict[Identifier, Known]]:
        known = self._identities.known(profile.identifiers)
        mine = {i: k for i, k in known.items() if k.owner == profile.profile_id}
        if not mine:
            raise Conflict("try_again", "the profile's identifiers are changing hands")
        identifier, first = min(mine.items(), key=lambda item: strength(item[0]))
        if not first.graph_id:
            return Component(self._new_graph_id(), nodes={identifier: first.node}), {identifier: first}
        found = self._identities.components([first.graph_id])
        if first.graph_id not in found:
            raise Conflict("try_again", "the profile's identifiers are changing hands")
        return found[first.graph_id], mine


def _group(component: Component, profile: Profile) -> frozenset[Identifier]:
    return frozenset(i for i, owner in component.owners.items() if owner == profile.profile_id)


def _preview(planned: Rearrangement, *, dry_run: bool) -> dict[str, Any]:
    after = [write.profile for write in planned.writes]
    return {
        "dry_run": dry_run,
        "profiles": [
            {
                "profile_id": profile.profile_id,
                "identifiers": [_shown(i) for i in sorted(profile.identifiers, key=strength)],
                "traits": {
                    name: {"value": t.value, "at": _time(t.at), "source": t.source, "kind": t.kind}
                    for name, t in sorted(profile.known_traits().items())
                    if t.value is not None
                },
                "counts": dict(profile.counts),
            }
            for profile in after
            if not profile.merged_into
        ],
        "redirects": {profile.profile_id: profile.merged_into for profile in after if profile.merged_into},
    }


def _shown(identifier: Identifier) -> dict[str, str]:
    return {"kind": identifier.kind, "value": identifier.value}


def _time(ms: int) -> str:
    return to_iso(datetime.fromtimestamp(ms / 1000, UTC))
