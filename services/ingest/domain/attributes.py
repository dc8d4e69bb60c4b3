"""The registry of attributes: what may be known of a person and why, and what becomes of everything else.

Three policies say what happens to a trait that nobody registered, or that is not as it was registered: `open` takes it
(the registry only documents), `quarantine` takes the event without it, `reject` refuses the event. What was withheld
is named in the lake's line of the event; registering the attribute lets in what comes afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field

from services.ingest.domain.history import TraitKind
from services.ingest.domain.sources import JsonType, is_a
from services.ingest.domain.touches import NAMES
from services.shared.errors import Invalid

Policy = Literal["open", "quarantine", "reject"]
Fault = Literal["attribute_unknown", "attribute_type", "attribute_kind"]

MAX_ATTRIBUTES = 500
MAX_NAME = 100

WITHHELD = "attributes_withheld:"
"""Begins the note of an event that some traits were withheld from; their names follow, quoted, with `|` between."""

_Text = Annotated[str, Field(min_length=1, max_length=500)]


class AttributeDocument(BaseModel):
    """What a marketer registers: why it is needed (`purpose`), whether it says something of a person, its JSON `type`
    (absent: any) and the `kinds` in which it may come (empty: all)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: _Text
    personal: bool = True
    type: JsonType | None = None
    kinds: list[TraitKind] = []


BUILT_IN: Mapping[str, AttributeDocument] = {
    "email": AttributeDocument(purpose="Tells who somebody is, and is where mail goes."),
    "phone": AttributeDocument(purpose="Tells who somebody is, and is where text messages go."),
    "hygiene": AttributeDocument(purpose="Marks what a hygiene run found.", kinds=["derived"]),
    "loyaltyPoints": AttributeDocument(purpose="Is the balance of the loyalty programme.", kinds=["derived"]),
    "loyaltyTier": AttributeDocument(purpose="Is the tier in the loyalty programme.", kinds=["derived"]),
    **{name: AttributeDocument(purpose="Says what brought somebody here.", type="string") for name in NAMES},
}
"""What Halte itself works with; always registered."""


@dataclass(frozen=True)
class AttributeRules:
    """The registry at a `version`, which grows with each change."""

    policy: Policy = "open"
    registered: Mapping[str, AttributeDocument] = field(default_factory=dict)
    version: int = 0

    def known(self) -> dict[str, AttributeDocument]:
        """Every registered attribute, by name."""
        return dict(sorted({**BUILT_IN, **self.registered}.items()))

    def withheld(self, traits: Mapping[str, Any], kind: TraitKind) -> dict[str, Fault]:
        """Those of `traits` (of a kind) that are not taken, and why. The removal of a value is always welcome.

        Raises:
            Invalid: the policy is to reject; `code` is the fault, the message names the trait.
        """
        if self.policy == "open":
            return {}
        faults = {n: f for n, v in traits.items() if v is not None and (f := self._fault(n, v, kind))}
        if faults and self.policy == "reject":
            name, fault = next(iter(sorted(faults.items())))
            raise Invalid(fault, f"{name[:MAX_NAME]} {_SAYS[fault]}")
        return faults

    def _fault(self, name: str, value: Any, kind: TraitKind) -> Fault | None:
        document = self.registered.get(name) or BUILT_IN.get(name)
        if document is None:
            return "attribute_unknown"
        if document.type is not None and not is_a(document.type, value):
            return "attribute_type"
        if document.kinds and kind not in document.kinds:
            return "attribute_kind"
        return None


_SAYS: Mapping[Fault, str] = {
    "attribute_unknown": "is no registered attribute",
    "attribute_type": "is not of the type that the attribute is registered with",
    "attribute_kind": "is not of a kind that the attribute is registered with",
}


def check_name(name: str) -> None:
    """
    Raises:
        Invalid: `bad_attribute`.
    """
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid("bad_attribute", f"an attribute's name has 1 to {MAX_NAME} printable characters")


def note_of(withheld: Iterable[str]) -> str:
    """The note that names withheld traits; empty when there are none."""
    names = "|".join(quote(name, safe="") for name in sorted(withheld))
    return f"{WITHHELD}{names}" if names else ""


def withheld_in(notes: str) -> frozenset[str]:
    """The traits that an event's notes (with commas between them) say were withheld."""
    found = next((note for note in notes.split(",") if note.startswith(WITHHELD)), WITHHELD)
    return frozenset(unquote(name) for name in found.removeprefix(WITHHELD).split("|") if name)
