"""The policy as a table, and its laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.shared.permission import Permission, may, needs_permission

NOON, BEFORE, AFTER = "2026-03-01T12:00:00.000Z", "2026-03-01T11:59:59.999Z", "2026-03-01T12:00:00.001Z"


def held(state: str, basis: str = "double_opt_in", until: str = "") -> Permission:
    return Permission(state, "cns_1", basis, until)


POLICY = [
    # what stands for the address               class         way out  may it?  why (not)
    (None, "service", False, True, "service message: none needed"),
    (held("revoked"), "service", False, True, "service message: none needed"),
    (None, "commercial", True, False, "none"),
    (None, "ideal", True, False, "none"),
    (None, "charity", True, False, "none"),
    (None, "a class that nobody knows", True, False, "none"),
    (held("revoked"), "commercial", True, False, "revoked"),
    (held("denied"), "commercial", True, False, "denied"),
    (held("a state that nobody knows"), "commercial", True, False, "a state that nobody knows"),
    (held("granted"), "commercial", True, True, "granted by double_opt_in"),
    (held("granted"), "commercial", False, True, "granted by double_opt_in"),
    (held("granted"), "charity", True, True, "granted by double_opt_in"),
    (held("granted", basis=""), "commercial", True, True, "granted by double_opt_in"),
    (held("granted", until=AFTER), "commercial", True, True, "granted by double_opt_in"),
    (held("granted", until=NOON), "commercial", True, False, "expired"),
    (held("granted", until=BEFORE), "ideal", True, False, "expired"),
    (held("revoked", until=AFTER), "commercial", True, False, "revoked"),
    (held("granted", "soft_opt_in"), "commercial", True, True, "granted by soft_opt_in"),
    (
        *(held("granted", "soft_opt_in"), "commercial", False, False),
        "soft_opt_in needs a way to object in the message",
    ),
    (held("granted", "soft_opt_in", BEFORE), "commercial", True, False, "expired"),
    (held("granted", "contract"), "commercial", True, False, "no basis for it: contract"),
    (held("granted", "import"), "commercial", True, False, "no basis for it: import"),
]


@pytest.mark.capability("003-21")
@pytest.mark.parametrize(("standing", "message_class", "way_out", "allowed", "reason"), POLICY)
def test_the_policy(
    standing: Permission | None, message_class: str, way_out: bool, allowed: bool, reason: str
) -> None:
    decision = may(standing, message_class, NOON, way_out=way_out)

    assert (decision.allowed, decision.reason) == (allowed, reason)
    relied_on = standing is not None and message_class != "service"
    assert decision.entry_id == ("cns_1" if relied_on else "")


PERMISSIONS = st.none() | st.builds(
    Permission,
    st.sampled_from(["granted", "revoked", "denied", "expired", ""]),
    st.just("cns_1"),
    st.sampled_from(["", "double_opt_in", "soft_opt_in", "contract", "none"]),
    st.sampled_from(["", BEFORE, NOON, AFTER]),
)
CLASSES = st.sampled_from(["service", "commercial", "ideal", "charity", ""])


@settings(max_examples=100)
@given(PERMISSIONS, CLASSES, st.booleans())
def test_default_deny_and_time_only_takes_away(
    standing: Permission | None, message_class: str, way_out: bool
) -> None:
    decision = may(standing, message_class, NOON, way_out=way_out)

    if decision.allowed and needs_permission(message_class):
        assert standing is not None
        assert standing.state == "granted"
        assert standing.until in ("", AFTER)
        assert may(standing, message_class, NOON, way_out=True).allowed
    if not decision.allowed:
        assert not may(standing, message_class, AFTER, way_out=way_out).allowed
