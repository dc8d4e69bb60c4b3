"""What ingest publishes."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from services.shared.contracts.base import Fact, Instant, Model

CallType = Literal["identify", "track", "page", "screen", "group", "alias"]


class CustomerEvent(Model):
    """One accepted call of a client, in Segment's terms.

    `name` is a track call's event (`Order Completed`), a page's or screen's name, else the call's type.
    """

    message_id: str
    type: CallType
    name: str
    at: Instant
    properties: dict[str, Any] = {}


class ProfileChange(Model):
    """The state of a profile after a batch, and the events of that batch in time order.

    `version` grows by one per write: a consumer drops what is not newer than what it has.
    `traits` is the whole current set (`email`, `phone`, `firstName`, `locale`, `preferredChannel`, …), and
    `traits_version` the version that last changed it: who keeps a copy of traits need not write it for each order.

    `told_before` marks events of a profile that has since been merged into this one: they count as late events do.
    `since` is the version from which on the profile's whole history is told anew (after an un-merge): who adds events
    up starts over when it grows, and drops changes of versions below it.

    `accepted_at` is when the oldest of the events was durably queued, by the real clock and for measuring only;
    nothing where it is not known or a history is told again.
    """

    profile_id: str
    version: int
    at: Instant
    events: list[CustomerEvent]
    traits: dict[str, Any] = {}
    traits_version: int = 0
    told_before: bool = False
    since: int = 0
    accepted_at: Instant | None = None


class ProfilesChanged(Fact):
    """Profiles that a batch of customer events changed."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "ProfilesChanged.v1"
    personal: ClassVar[bool] = True

    changes: list[ProfileChange]


class Merge(Model):
    """Profile `loser` turned out to be the same person as `winner`; its id is a redirect from now on, until an
    un-merge gives it back."""

    loser: str
    winner: str
    at: Instant


class ProfilesMerged(Fact):
    """Profiles that became one. The winner's `ProfilesChanged` tells the loser's events again, as `told_before`."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "ProfilesMerged.v1"

    merges: list[Merge]


class Erasure(Model):
    """A person whose data is to be forgotten everywhere: every id the person's profile ever had."""

    erasure_id: str
    profile_ids: list[str]
    at: Instant


class ProfilesErased(Fact):
    """People whose erasure began. Each service has been, or is being, told to erase its own stores; this is for
    copies outside of Halte."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "ProfilesErased.v1"

    erasures: list[Erasure]


class FirmChanged(Fact):
    """What members of a firm are to know of it, as group calls in Segment's shape, for ingest's front door.

    Each has `type: group`, `groupId`, `traits` (all that is known of the firm), `messageId`, `timestamp` and
    `profileId`. A member, version and firm have one `messageId`.
    """

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "FirmChanged.v1"
    personal: ClassVar[bool] = True

    events: list[dict[str, Any]]


class AttributeRegistry(Model):
    """The whole registry of attributes at `version`, the newest counts: the names that profiles may hold, and what
    becomes of any other (`open`: it is taken all the same)."""

    policy: Literal["open", "quarantine", "reject"]
    names: list[str]
    version: int
    at: Instant


class AttributesChanged(Fact):
    """What may be known of people was decided anew."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "AttributesChanged.v1"

    changes: list[AttributeRegistry]


class FormConsent(Model):
    """A permission that was ticked on a form, and the text that stood beside the box."""

    purpose: str
    channel: str
    address: str
    text_version: str
    language: str


class FormSubmission(Model):
    """One submission of a form, pop-up or game: what was answered, and the evidence of where and how.

    `traits` say something of the person, `answers` of this occasion only. `ip` is what the API saw, `page` where the
    form stood. The same `submission_id` again is the same submission.
    """

    submission_id: str
    form: str
    form_version: int
    kind: Literal["form", "popup", "game"]
    at: Instant
    anonymous_id: str
    traits: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    consents: list[FormConsent] = []
    page: str = ""
    ip: str = ""
    user_agent: str = ""
    locale: str = ""


class FormSubmitted(Fact):
    """Forms that people sent: ingest reads them as customer events, consent as requests for permission."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "FormSubmitted.v1"
    personal: ClassVar[bool] = True

    submissions: list[FormSubmission]


class Recovery(Model):
    """A request for a way back into an account, by a source that is trusted with the link it names.

    The same `message_id` of the same `source` again is the same request.
    """

    source: str
    message_id: str
    at: Instant
    email: str
    recovery_url: str


class RecoveryRequested(Fact):
    """Requests for account recovery that came with a secret key; what is put on the bus itself needs no fact."""

    source: ClassVar[str] = "halte.ingest"
    detail_type: ClassVar[str] = "RecoveryRequested.v1"
    personal: ClassVar[bool] = True

    requests: list[Recovery]
