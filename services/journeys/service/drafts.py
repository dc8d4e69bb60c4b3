"""Documents that are being written: kept as they are, with what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.journeys.ports.definitions import Definition, Draft, Drafts
from services.journeys.service.publish import Publishing
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound, Stale


class Drafting:
    """Use cases of drafts."""

    def __init__(self, drafts: Drafts, publishing: Publishing, clock: Clock) -> None:
        self._drafts = drafts
        self._publishing = publishing
        self._clock = clock

    def put(
        self, name: str, document: Mapping[str, Any], expected: int | None
    ) -> tuple[Draft, dict[str, Any]]:
        """Keep a document, right or wrong, as what `get` says. `expected` is the revision that the caller saw last (0:
        none; `None`: whatever stands is replaced).

        Raises:
            Invalid: `wrong_name`; it is of another journey.
            Stale: another revision stands.
            Conflict: others change it at the same time.
        """
        if document.get("name", name) != name:
            raise Invalid("wrong_name", f"name: must be {name!r}, as in the path")
        last = self._drafts.get(name)
        number = last.revision if last else 0
        if expected is not None and expected != number:
            raise Stale(
                "stale", f"If-Match: revision {number} stands" if number else "If-Match: there is none yet"
            )
        draft = Draft(document, number + 1, self._clock.now())
        if not self._drafts.put(name, draft):
            raise Conflict("changed_meanwhile", "the draft is being changed by others: try again")
        return draft, self._shown(name, draft)

    def get(self, name: str) -> tuple[Draft, dict[str, Any]]:
        """A draft, and everything that is wrong with it.

        Raises:
            NotFound: there is none.
        """
        draft = self._drafts.get(name)
        if draft is None:
            raise NotFound("unknown_draft", f"there is no draft of journey {name!r}")
        return draft, self._shown(name, draft)

    def publish(self, name: str, expected: int | None) -> Definition:
        """Publish a draft as the journey's next version.

        Raises:
            NotFound: there is none.
            Stale: another revision stands than the caller saw.
            InvalidJourney: it breaks a rule.
        """
        draft, _ = self.get(name)
        if expected is not None and expected != draft.revision:
            raise Stale("stale", f"If-Match: revision {draft.revision} stands")
        return self._publishing.publish(name, {"name": name, **draft.document})

    def _shown(self, name: str, draft: Draft) -> dict[str, Any]:
        judged = self._publishing.validate({"name": name, **draft.document})
        return {
            "name": name,
            "revision": draft.revision,
            "at": to_iso(draft.at),
            "document": draft.document,
            **judged,
        }
