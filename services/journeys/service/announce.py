"""The facts that follow from changes of the runtime table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from services.journeys.domain.campaign import is_campaign
from services.journeys.domain.enrolment import Enrolment, of_same_walk, request_id
from services.journeys.domain.moves import Ask, AskMessage, AskTask, AskUpdate, AskWebhook
from services.journeys.domain.nodes import Send
from services.journeys.domain.propositions import Proposition
from services.journeys.ports.definitions import Definitions
from services.journeys.ports.walks import Refusal
from services.shared.aws.bus import pack
from services.shared.contracts import journeys as contract
from services.shared.contracts.base import Fact
from services.shared.contracts.messages import MessageRequest

Step = tuple[Enrolment | None, Enrolment]
"""A walk before (`None`: there was none) and after one write."""

_PREFIXES = {AskMessage: "snd", AskUpdate: "upd", AskTask: "tsk", AskWebhook: "snk"}


@dataclass
class _Told:
    """What is to be told of some writes."""

    entered: list[contract.Enrolment] = field(default_factory=list)
    messages: list[MessageRequest] = field(default_factory=list)
    updates: list[contract.ProfileUpdate] = field(default_factory=list)
    tasks: list[contract.JourneyTask] = field(default_factory=list)
    calls: list[contract.SinkCall] = field(default_factory=list)
    exited: list[contract.Enrolment] = field(default_factory=list)
    called: list[contract.Call] = field(default_factory=list)

    def facts(self) -> list[Fact]:
        """Packed: entries first, then what is asked for, then exits."""
        return [
            *pack(self.entered, lambda rows: contract.JourneyEntered(enrolments=rows)),
            *pack(self.messages, lambda rows: contract.MessageRequested(requests=rows)),
            *pack(self.updates, lambda rows: contract.ProfileUpdateRequested(updates=rows)),
            *pack(self.tasks, lambda rows: contract.JourneyTaskRequested(tasks=rows)),
            *pack(self.calls, lambda rows: contract.SinkCallRequested(calls=rows)),
            *pack(self.exited, lambda rows: contract.JourneyExited(enrolments=rows)),
            *pack(self.called, lambda rows: contract.JourneyCalled(calls=rows)),
        ]


def announce(
    steps: Iterable[Step],
    refusals: Iterable[Refusal],
    definitions: Definitions,
    propositions: Callable[[], Mapping[str, Proposition]] = dict,
) -> list[Fact]:
    """The facts of some writes: of walks, and of people who were not let in. The matrix of `propositions` is asked for
    when a message puts one.

    Raises:
        NotFound: a walk is of a version that was never published.
    """
    told = _Told()
    for old, new in steps:
        before = of_same_walk(old, new)
        if before is None and new.absorbed and not new.active:
            continue  # what a merged profile had walked is told already
        if before is None:
            told.entered.append(_enrolment(new, exiting=False))
        for name in new.requested:
            if before is None or name not in before.requested:
                _tell_request(told, new, name, definitions)
        if not new.active and (before is None or before.active):
            told.exited.append(_enrolment(new, exiting=True))
            told.called += _calls(new)
    if any(message.proposition for message in told.messages):
        matrix = propositions()
        told.messages = [_while_valid(message, matrix) for message in told.messages]
    refused = [_refusal(one) for one in refusals]
    return [*told.facts(), *pack(refused, lambda rows: contract.EntryRefused(refusals=rows))]


def _while_valid(message: MessageRequest, matrix: Mapping[str, Proposition]) -> MessageRequest:
    found = matrix.get(message.proposition or "")
    return message.model_copy(update={"proposition_until": found.valid_until}) if found else message


def _enrolment(walk: Enrolment, *, exiting: bool) -> contract.Enrolment:
    return contract.Enrolment(
        enrolment_id=walk.enrolment_id,
        profile_id=walk.profile_id,
        journey=walk.journey,
        version=walk.version,
        at=(walk.exited_at if exiting else None) or walk.entered_at,
        reason=walk.reason if exiting else "",
        accepted_at=None if exiting else walk.accepted_at,
        variant=walk.variant if exiting else "",
        worth=walk.worth.amount if walk.worth and exiting else 0,
        currency=walk.worth.currency if walk.worth and exiting else "",
    )


def _calls(walk: Enrolment) -> Iterator[contract.Call]:
    if walk.enters:
        yield contract.Call(
            enrolment_id=walk.enrolment_id,
            profile_id=walk.profile_id,
            journey=walk.enters,
            at=walk.exited_at or walk.entered_at,
        )


def _refusal(refusal: Refusal) -> contract.Refusal:
    return contract.Refusal(
        profile_id=refusal.ref.partition("#")[0],
        journey=refusal.journey,
        version=refusal.version,
        reason=refusal.reason,
        at=refusal.at,
    )


def _tell_request(told: _Told, walk: Enrolment, name: str, definitions: Definitions) -> None:
    node_id = name.partition(".")[0]
    ask = walk.ask or _ask_of_old(walk, node_id, definitions)
    request = request_id(walk, name, _PREFIXES[type(ask)])
    where = {
        "profile_id": walk.profile_id,
        "journey": walk.journey,
        "version": walk.version,
        "node": node_id,
        "enrolment_id": walk.enrolment_id,
    }
    at = walk.requested[name]
    if isinstance(ask, AskMessage):
        document = definitions.get(walk.journey, walk.version).document
        told.messages.append(
            MessageRequest(
                send_id=request,
                template=ask.template,
                channels=list(ask.channels),
                requested_at=at,
                params={"walk": dict(walk.kept)} if walk.kept else {},
                expires_at=ask.expires_at,
                proposition=ask.proposition,
                variant=walk.variant,
                campaign=walk.journey if is_campaign(document) else "",
                objective=document.objective,
                angle=document.angle,
                priority=document.priority,
                **where,
            )
        )
    elif isinstance(ask, AskUpdate):
        update = contract.ProfileUpdate(request_id=request, traits=dict(ask.traits), at=at, **where)
        told.updates.append(update)
    elif isinstance(ask, AskTask):
        because = f"journey:{walk.journey}:{node_id}"
        said = {"title": ask.title, "owner": ask.owner, "kind": ask.kind, "reason": because}
        told.tasks.append(contract.JourneyTask(task_id=request, at=at, **said, **where))
    elif isinstance(ask, AskWebhook):
        call = contract.SinkCall(call_id=request, sink=ask.sink, at=at, walk=dict(walk.kept), **where)
        told.calls.append(call)
    else:
        assert_never(ask)


def _ask_of_old(walk: Enrolment, node_id: str, definitions: Definitions) -> Ask:
    """The ask of a request that older code wrote down without saying what it was: always a message."""
    node = definitions.get(walk.journey, walk.version).document.nodes[node_id]
    if not isinstance(node, Send):
        raise TypeError(f"node {node_id!r} of {walk.journey!r} sends nothing")
    return AskMessage(node.template, tuple(node.channels))
