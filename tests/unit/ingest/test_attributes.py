"""What the registry of attributes lets in, and how what it withheld is noted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.attributes import (
    AttributeDocument,
    AttributeRules,
    Policy,
    check_name,
    note_of,
    withheld_in,
)
from services.ingest.domain.history import TraitKind
from services.ingest.domain.touches import NAMES
from services.shared.errors import Invalid

PLAN = AttributeDocument(purpose="Picks the offer.", type="string", kinds=["declared"])


def rules(policy: Policy) -> AttributeRules:
    return AttributeRules(policy, {"plan": PLAN}, 1)


@pytest.mark.parametrize(
    ("traits", "kind", "faults"),
    [
        ({"plan": "basic", "email": "a@example.com", "phone": "1"}, "declared", {}),
        ({"shoeSize": 41, "plan": "basic"}, "declared", {"shoeSize": "attribute_unknown"}),
        ({"shoeSize": None, "plan": None}, "derived", {}),
        ({"plan": 3}, "declared", {"plan": "attribute_type"}),
        ({"plan": "basic"}, "derived", {"plan": "attribute_kind"}),
        ({"Plan": "basic", " plan": "x"}, "declared", dict.fromkeys(("Plan", " plan"), "attribute_unknown")),
    ],
)
def test_what_is_withheld_and_why(traits: dict[str, Any], kind: TraitKind, faults: dict[str, str]) -> None:
    assert rules("quarantine").withheld(traits, kind) == faults
    assert rules("open").withheld(traits, kind) == {}
    if faults:
        with pytest.raises(Invalid) as refused:
            rules("reject").withheld(traits, kind)
        first = min(faults)
        assert refused.value.code == faults[first]
        assert refused.value.message.startswith(first)
    else:
        assert rules("reject").withheld(traits, kind) == {}


def test_an_own_declaration_of_a_built_in_attribute_counts() -> None:
    own = AttributeDocument(purpose="No phone numbers of models.", kinds=["declared"])
    strict = AttributeRules("quarantine", {"phone": own})
    assert strict.withheld({"phone": "+31612345678"}, "derived") == {"phone": "attribute_kind"}
    assert set(strict.known()) == {"email", "hygiene", "phone", "loyaltyPoints", "loyaltyTier", *NAMES}


@settings(max_examples=100)
@given(
    st.frozensets(st.text(min_size=1, max_size=12), max_size=6), st.sampled_from(["", "contact_kept,", "x,"])
)
def test_names_survive_the_note_of_an_event(names: frozenset[str], before: str) -> None:
    assert withheld_in(before + note_of(names)) == names


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb", "\x00"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(Invalid):
        check_name(name)
