"""The use cases around firms: hear of them, keep them, and tell their people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from services.ingest.domain.firms import MOST_BYTES, Firm, Telling, news
from services.ingest.domain.structure import check_structure
from services.shared.aws.bus import pack
from services.shared.clock import Clock, to_iso
from services.shared.contracts.base import Fact
from services.shared.contracts.ingest import FirmChanged
from services.shared.errors import Conflict, Invalid, NotFound
from services.shared.records import MAX_ID

ATTEMPTS = 10
PAGE = 500
"""Members told at a time: more need not be in memory."""


class FirmStore(Protocol):
    """Firms and their members."""

    def get(self, firm_id: str) -> Firm | None:
        """A firm as it stands now."""
        ...

    def replace(self, firm: Firm) -> bool:
        """Write a firm over the revision before; `False`: somebody else was first."""
        ...

    def join(self, firm_id: str, profile_id: str) -> None:
        """Make somebody a member; again is the same."""
        ...

    def members(self, firm_id: str) -> Iterator[str]:
        """The profiles that are members now."""
        ...

    def count(self, firm_id: str) -> int:
        """How many there are; may be a moment behind."""
        ...


class Firms:
    """Keeps what is known of firms."""

    def __init__(self, store: FirmStore, clock: Clock, new_id: Callable[[str], str]) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    def hear(self, told: Iterable[Telling]) -> int:
        """Take in what members say of their firms; how many messages said anything. May be repeated."""
        heard = 0
        for one in told:
            # First, so that whoever changes the firm after that finds the member.
            self._store.join(one.firm_id, one.profile_id)
            self._tell(one)
            heard += 1
        return heard

    def put(self, firm_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Say `{"attributes": {...}}` of a firm now; others that it has stay.

        Raises:
            Invalid: `bad_firm`, or the attributes break a rule of events.
            Conflict: others changed the firm at the same time, again and again.
        """
        attributes = body.get("attributes")
        if not 0 < len(firm_id) <= MAX_ID:
            raise Invalid("bad_firm", f"firm_id: 1 to {MAX_ID} characters")
        if not isinstance(attributes, dict) or not attributes or body.keys() != {"attributes"}:
            raise Invalid(
                "bad_firm", "attributes: must be an object with at least one attribute, and all there is"
            )
        if None in attributes.values() or "groupId" in attributes:
            raise Invalid("bad_firm", "attributes: none may be null or called groupId")
        check_structure(attributes)
        if len(json.dumps(attributes)) > MOST_BYTES:
            raise Invalid("bad_firm", f"attributes: more than {MOST_BYTES} bytes")
        self._tell(Telling(firm_id, "", attributes, self._clock.now(), self._new_id("api")))
        return self.get(firm_id)

    def get(self, firm_id: str) -> dict[str, Any]:
        """`{"firm_id", "version", "told_at", "attributes", "members"}`, the last a number.

        Raises:
            NotFound: nobody ever spoke of it.
        """
        firm = self._store.get(firm_id)
        if firm is None or firm.told_at is None:
            raise NotFound("not_found", f"nothing is known of a firm {firm_id!r}")
        return {
            "firm_id": firm.firm_id,
            "version": firm.version,
            "told_at": to_iso(firm.told_at),
            "attributes": firm.attributes,
            "members": self._store.count(firm_id),
        }

    def _tell(self, one: Telling) -> None:
        for _ in range(ATTEMPTS):
            before = self._store.get(one.firm_id) or Firm(one.firm_id)
            after = before.told(one)
            if after is before or self._store.replace(after):
                return
        raise Conflict("conflict", "the firm is being changed by others; try again")


class Spreading:
    """Tells members what is known of their firms, by the front door: as group calls of their own. Everything in it may
    be repeated."""

    def __init__(self, store: FirmStore, publish: Callable[[list[Fact]], None]) -> None:
        self._store = store
        self._publish = publish

    def changed(self, firm_id: str) -> int:
        """Tell all members; how many."""
        members, told = self._store.members(firm_id), 0
        while page := list(islice(members, PAGE)):
            told += self._inform(firm_id, page)
        return told

    def joined(self, firm_id: str, profile_id: str) -> int:
        """Tell a new one."""
        return self._inform(firm_id, [profile_id])

    def _inform(self, firm_id: str, members: Iterable[str]) -> int:
        firm = self._store.get(firm_id)
        calls = [call for one in members if firm and (call := news(firm, one))]
        self._publish(pack(calls, lambda rows: FirmChanged(events=rows)))
        return len(calls)
