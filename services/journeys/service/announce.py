"""What the runtime table's changes mean to the rest of the world."""

from __future__ import annotations

from collections.abc import Iterable

from services.journeys.domain.enrolment import Enrolment, send_id
from services.journeys.domain.nodes import Send
from services.journeys.ports import Definitions
from services.shared.aws.bus import pack
from services.shared.contracts import journeys as contract
from services.shared.contracts.base import Fact
from services.shared.contracts.messages import MessageRequest

Step = tuple[Enrolment | None, Enrolment]
"""A walk before (`None`: there was none) and after one write."""


def announce(steps: Iterable[Step], definitions: Definitions) -> list[Fact]:
    """The facts of some writes, packed: entries first, then requests, then exits.

    Raises:
        NotFound: a walk is of a version that was never published.
    """
    entered: list[contract.Enrolment] = []
    requests: list[MessageRequest] = []
    exited: list[contract.Enrolment] = []
    for old, new in steps:
        before = old if old and old.enrolment_id == new.enrolment_id else None
        if before is None and new.absorbed and not new.active:
            continue  # what a merged profile had walked is told already
        if before is None:
            entered.append(_enrolment(new, exiting=False))
        asked = before.requested if before else {}
        requests += [_request(new, node, definitions) for node in new.requested if node not in asked]
        if not new.active and (before is None or before.active):
            exited.append(_enrolment(new, exiting=True))
    return [
        *pack(entered, lambda rows: contract.JourneyEntered(enrolments=rows)),
        *pack(requests, lambda rows: contract.MessageRequested(requests=rows)),
        *pack(exited, lambda rows: contract.JourneyExited(enrolments=rows)),
    ]


def _enrolment(walk: Enrolment, *, exiting: bool) -> contract.Enrolment:
    return contract.Enrolment(
        enrolment_id=walk.enrolment_id,
        profile_id=walk.profile_id,
        journey=walk.journey,
        version=walk.version,
        at=(walk.exited_at if exiting else None) or walk.entered_at,
        reason=walk.reason if exiting else "",
        accepted_at=None if exiting else walk.accepted_at,
    )


def _request(walk: Enrolment, node_id: str, definitions: Definitions) -> MessageRequest:
    node = definitions.get(walk.journey, walk.version).document.nodes[node_id]
    if not isinstance(node, Send):
        raise TypeError(f"node {node_id!r} of {walk.journey!r} sends nothing")
    return MessageRequest(
        send_id=send_id(walk, node_id),
        template=node.template,
        channels=list(node.channels),
        requested_at=walk.requested[node_id],
        profile_id=walk.profile_id,
        journey=walk.journey,
        version=walk.version,
        node=node_id,
        enrolment_id=walk.enrolment_id,
    )
