"""Which channel a message takes, and why the others do not: each verdict is kept as the decision record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.shared.channels import CHANNELS
from services.shared.permission import Permission, may, needs_permission

_SPECIFICITY = ("no_channel", "no_address", "no_consent", "suppressed")


@dataclass(frozen=True)
class Ask:
    """What is to be sent: its class, when, and the channels on which the message itself lets its receiver object.
    `unusable` says why an address that a person has on a channel is none that could be reached."""

    message_class: str
    now: str
    ways_out: Collection[str] = CHANNELS
    unusable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """What the gates know about one address of one person; `suppressed` is the reason, or empty."""

    address: str
    address_key: str
    suppressed: str = ""
    permission: Permission | None = None


@dataclass(frozen=True)
class Choice:
    """The channel that passes every gate."""

    channel: str
    standing: Standing
    consent_entry_id: str
    gates: tuple[Mapping[str, str], ...]

    def lapsed(self, now: str) -> bool:
        """Has the permission that it relies on ended since?"""
        relied_on = self.standing.permission if self.consent_entry_id else None
        return bool(relied_on and relied_on.until and relied_on.until <= now)


@dataclass(frozen=True)
class Skip:
    """No channel passes; `reason` is the most telling one, met on `channel`."""

    reason: str
    channel: str
    gates: tuple[Mapping[str, str], ...]


def candidates(requested: Sequence[str], preferred: str, supported: Collection[str]) -> list[str]:
    """The channels to try, in order: `preferred` stands for the person's own choice and then every other one."""
    wanted: list[str] = []
    for name in requested:
        wanted += [preferred, *CHANNELS] if name == "preferred" else [name]
    return [name for name in dict.fromkeys(wanted) if name in supported]


def choose(order: Sequence[str], ask: Ask, standings: Mapping[str, Standing]) -> Choice | Skip:
    """The first channel of `order` with an address that is not suppressed and that the policy lets the message go
    to."""
    gates: list[Mapping[str, str]] = []
    stops: list[tuple[str, str]] = []
    for channel in order:
        standing = standings.get(channel)
        reason = _stopped(channel, standing, ask, gates)
        if standing and not reason:
            relied_on = standing.permission if needs_permission(ask.message_class) else None
            return Choice(channel, standing, relied_on.entry_id if relied_on else "", tuple(gates))
        stops.append((reason, channel))
    reason, channel = max(stops, key=lambda s: _SPECIFICITY.index(s[0]), default=("no_channel", ""))
    return Skip(reason, channel, tuple(gates))


def _stopped(channel: str, standing: Standing | None, ask: Ask, gates: list[Mapping[str, str]]) -> str:
    def gate(name: str, seen: str, passes: bool) -> bool:
        gates.append(
            {"gate": name, "channel": channel, "input": seen, "verdict": "pass" if passes else "stop"}
        )
        return passes

    known = "known" if standing else ask.unusable.get(channel, "none")
    if not gate("address", known, standing is not None) or standing is None:
        return "no_address"
    if not gate("suppression", standing.suppressed or "none", not standing.suppressed):
        return "suppressed"
    decision = may(standing.permission, ask.message_class, ask.now, way_out=channel in ask.ways_out)
    seen = f"{decision.reason} {decision.entry_id}".rstrip()
    return "" if gate("consent", seen, decision.allowed) else "no_consent"
