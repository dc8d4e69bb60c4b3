"""What an event says about who is who."""

from __future__ import annotations

from collections.abc import Iterator

from services.ingest.domain.graph import Edge
from services.ingest.domain.history import EPOCH, Signed
from services.ingest.domain.identifiers import ANONYMOUS_ID, USER_ID, Identifier
from services.ingest.domain.policy import PUBLIC, TRUSTED, believed


def edges_of(one: Signed) -> Iterator[Edge]:
    """Its strongest identifier with each of the others; of an alias also with the previous id, which may be a user's
    or a visitor's: whichever events name."""
    call = one.call
    if not call.identifiers:
        return
    at = round((believed(call.at, one.received_at, public=one.public) - EPOCH).total_seconds() * 1000)
    trust = PUBLIC if one.public else TRUSTED
    strong, *others = call.identifiers
    for weak in dict.fromkeys(others):
        yield Edge(strong, weak, at, trust, "seen", call.message_id)
    if call.previous_id:
        as_user, as_visitor = previous(one)
        if as_user != strong:
            yield Edge(strong, as_user, at, trust, "alias", call.message_id)
            yield Edge(strong, as_visitor, at, trust, "seen", call.message_id)


def previous(one: Signed) -> tuple[Identifier, ...]:
    """Both readings of an alias's previous id."""
    name = one.call.previous_id
    return (Identifier(USER_ID, name), Identifier(ANONYMOUS_ID, name)) if name else ()
