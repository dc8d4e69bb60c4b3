"""The send protocol as pure transitions: claim, one attempt, then whatever the answer, feedback or the sweep says.

Each function returns the next message, or `None` where nothing changes; the caller writes it on condition that the
message still is what the function saw. No send API has an idempotency token, so after a claim nothing is ever
repeated unless it is certain that nothing left, or the message is a service message and the repetition is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from services.delivery.domain.feedback import Feedback
from services.delivery.domain.message import OPEN, WAITING, Message, Status
from services.delivery.domain.touches import BY_MACHINE, KINDS, Touch, link_key, marks_of, with_touch
from services.shared.clock import from_iso, to_iso

UNKNOWN_OUTCOME = "unknown_outcome"
REJECTED = "rejected"
EXPIRED = "expired"

LONGEST_LINK = 1_000
"""Characters that are kept of a link that was clicked."""

RETRY_AFTER = timedelta(seconds=60)
"""How long a provider that could not take a message is left in peace."""

EXPIRES_AFTER = timedelta(days=30)
"""How long after its request a message may still leave."""


@dataclass(frozen=True)
class Sent:
    """The provider took it, under its own id."""

    provider_id: str


@dataclass(frozen=True)
class Retry:
    """It certainly did not leave, and may later: throttled, paused, unreachable."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """It certainly did not leave and never will; a `dead` address takes nothing else either."""

    reason: str
    dead: bool = False


@dataclass(frozen=True)
class Unknown:
    """The answer was lost: it may have left."""

    reason: str


Answer = Sent | Retry | Refused | Unknown


@dataclass(frozen=True)
class Claim:
    """What a claim writes: the chosen channel with the grounds for it, and who attempts."""

    attempt_id: str
    channel: str
    address_key: str
    consent_entry_id: str
    gates: tuple[Mapping[str, str], ...]


def claimable(message: Message) -> bool:
    """Whether a request may still be attempted: nothing of it ever left."""
    return message.status == "pending" or message.status in WAITING


def gave_up(message: Message) -> bool:
    """Whether the message was given up without knowing its fate."""
    return message.status == "failed" and message.reason == UNKNOWN_OUTCOME


def claimed(message: Message, claim: Claim, now: datetime) -> Message:
    """The message in the hands of one attempt. Claimed again while its fate is open, it may become a duplicate."""
    return replace(
        message,
        status="claimed",
        reason="",
        attempt_id=claim.attempt_id,
        attempts=message.attempts + 1,
        claimed_at=to_iso(now),
        updated_at=to_iso(now),
        channel=claim.channel,
        address_key=claim.address_key,
        consent_entry_id=claim.consent_entry_id,
        gates=claim.gates,
        counted_on=to_iso(now)[:10],
        possible_duplicate=message.status in OPEN,
        watched=message.status != "pending",
    )


def kept_late(seen: Message, claimed: Message) -> bool:
    """Is a message that was `seen` before its claim kept with the answer, the claim being in the ledger? One that had
    to wait is kept already."""
    return seen.status == "pending" and claimed.listed


def overtaken(message: Message, claim: Claim, at: datetime) -> Message | None:
    """The message that was claimed at `at` by somebody of whom nothing was heard since: it may have left, so it is in
    their hands until they answer, feedback does, or the sweep takes it over; also where another, who did not know yet,
    has just held it back."""
    if not claimable(message) and message.status != "skipped":
        return None
    return replace(claimed(message, claim, at), watched=True, listed=True)


def watched(message: Message) -> Message | None:
    """The message of a claim whose request came again: somebody may have died with it, so the sweep takes it over."""
    return replace(message, watched=True) if message.status == "claimed" and not message.watched else None


def settled(message: Message, status: Status, reason: str, at: datetime) -> Message:
    """A final state; what was kept only for sending is forgotten."""
    return replace(
        message,
        status=status,
        reason=reason,
        updated_at=to_iso(at),
        watched=False,
        address="",
        params={},
    )


def answered(message: Message, attempt_id: str, answer: Answer, at: datetime) -> Message | None:
    """What the provider's answer to `attempt_id` makes of the message.

    That it was taken is true whoever holds the message by now, or held it back; any other answer speaks only for its
    own attempt.
    """
    if isinstance(answer, Sent):
        if message.status == "sent" or (message.status == "failed" and not gave_up(message)):
            return None
        return replace(settled(message, "sent", "", at), provider_id=answer.provider_id)
    if message.status != "claimed" or message.attempt_id != attempt_id:
        return None
    if isinstance(answer, Refused) and message.possible_duplicate:
        # As below; and there is no use in repeating it again.
        return settled(replace(message, possible_duplicate=False), "failed", UNKNOWN_OUTCOME, at)
    if isinstance(answer, Refused):
        return settled(message, "failed", answer.reason, at)
    if isinstance(answer, Unknown):
        return replace(message, status="unknown", reason=answer.reason, updated_at=to_iso(at), watched=False)
    if isinstance(answer, Retry):
        # A repetition that did not leave says nothing about the attempt before it, whose fate stays open.
        status: Status = "unknown" if message.possible_duplicate else "retry"
        return replace(
            message,
            status=status,
            reason=answer.reason,
            updated_at=to_iso(at),
            possible_duplicate=False,
            watched=False,
        )
    assert_never(answer)


def fed_back(message: Message, feedback: Feedback) -> Message | None:
    """What a provider's event makes of the message: independent of order and of repetition.

    Each kind keeps its first moment. Any event but a rejection proves that the provider took the message.
    """
    changed = _marked(message, feedback)
    if REJECTED in changed.marks:
        if message.status != "failed" or gave_up(message):
            changed = settled(changed, "failed", REJECTED, feedback.at)
    elif message.status in OPEN or message.status == "skipped" or claimable(message) or gave_up(message):
        changed = settled(changed, "sent", "", feedback.at)
    return None if changed == message else changed


def _marked(message: Message, feedback: Feedback) -> Message:
    moment, marks, touches, links = to_iso(feedback.at), dict(message.marks), message.touches, message.links
    if feedback.kind in KINDS:
        link = link_key(feedback.link) if feedback.link else ""
        touches = with_touch(touches, Touch(moment, feedback.kind, feedback.who, link))
        if link and link not in links and any(text.endswith(link) for text in touches):
            links = {**links, link: feedback.link[:LONGEST_LINK]}
    elif feedback.kind != "accepted" or message.channel != "email":  # of e-mail the answer said so already
        marks[feedback.kind] = min(marks.get(feedback.kind, moment), moment)
    if touches:
        of_touches = {f"{by}{kind}" for kind in KINDS for by in ("", BY_MACHINE)}
        marks = {kind: at for kind, at in marks.items() if kind not in of_touches}
        marks |= marks_of(touches, marks.get("delivered", ""))
    causes = [cause for cause in (message.bounce, feedback.cause) if cause]
    return replace(
        message,
        marks=marks,
        touches=touches,
        links=links,
        bounce=min(causes, default=""),  # `Permanent` is before `Transient` in the alphabet as well
        provider_id=message.provider_id or feedback.provider_id,
    )


def given_up(message: Message, at: datetime) -> Message | None:
    """The message whose fate stays unknown, visible as failed; late feedback can still correct it."""
    return settled(message, "failed", UNKNOWN_OUTCOME, at) if message.status in OPEN else None


def outdated(message: Message, restored_at: str, at: datetime) -> Message | None:
    """The message that is older than the tables it stands in, which came back from a backup at `restored_at`: it may
    have left since. Given up like one whose answer was lost, so that late feedback corrects it."""
    if not claimable(message) and message.status not in OPEN:
        return None
    gate = {"gate": "restore", "channel": message.channel, "input": restored_at, "verdict": "stop"}
    return replace(settled(message, "failed", UNKNOWN_OUTCOME, at), gates=(*message.gates, gate))


def expired(message: Message, at: datetime) -> Message | None:
    """The message that never left and is by now too old to."""
    if not claimable(message) or at - from_iso(message.requested_at) < EXPIRES_AFTER:
        return None
    return settled(message, "failed", EXPIRED, at)


def may_resend(message: Message) -> bool:
    """Whether the sweep repeats the message: a service message is worth one possible duplicate, once."""
    return message.status in OPEN and message.message_class == "service" and not message.possible_duplicate


def held(message: Message, reason: str, until: datetime, at: datetime) -> Message | None:
    """The message that waits until then, when every gate is asked anew."""
    due = to_iso(until)
    if not claimable(message) or (message.status, message.claimed_at) == ("held", due):
        return None
    return replace(message, status="held", reason=reason, claimed_at=due, updated_at=to_iso(at))


def skipped(message: Message, reason: str, channel: str, at: datetime) -> Message | None:
    """The message held back by a gate, for good."""
    if not claimable(message):
        return None
    return replace(settled(message, "skipped", reason, at), channel=channel)
