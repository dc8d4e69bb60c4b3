"""Purposes: defining them, and reading them back."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from services.consent.domain.purposes import Name, Purpose, amend
from services.consent.ports import PurposeStore
from services.shared.errors import Conflict

_NAME: TypeAdapter[str] = TypeAdapter(Name)


class Registry:
    """The marketers' side of purposes."""

    def __init__(self, purposes: PurposeStore) -> None:
        self._purposes = purposes

    def define(self, name: str, wanted: Purpose) -> dict[str, Any]:
        """Create or change a purpose; a text that was published never changes, it can only be retired.

        Raises:
            Conflict: `text_immutable`, or `changed_meanwhile` when somebody else changed the purpose.
            Invalid: `texts_too_large`.
            pydantic.ValidationError: the name breaks its rule.
        """
        _NAME.validate_python(name)
        stored, revision = self._purposes.get(name)
        amended = amend(stored, wanted)
        if amended != stored and not self._purposes.put(name, amended, revision):
            raise Conflict("changed_meanwhile", f"purpose {name} was changed meanwhile; read it again")
        return _document(name, amended)

    def all(self) -> list[dict[str, Any]]:
        """Every purpose, by name."""
        return [_document(name, purpose) for name, purpose in sorted(self._purposes.all().items())]


def _document(name: str, purpose: Purpose) -> dict[str, Any]:
    document = purpose.model_dump()
    document["texts"] = [{**text.model_dump(), "hash": text.hash} for text in purpose.texts]
    return {"name": name, **document}
