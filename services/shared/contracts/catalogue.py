"""Every fact there is: for the archive's pattern, the exported schemas and the tests over both."""

from __future__ import annotations

from services.shared.contracts.base import Fact
from services.shared.contracts.consent import ConfirmationRequested, ConsentChanged, NoticeRequested
from services.shared.contracts.delivery import MessageFailed, MessageSent, MessageSkipped, OutcomesObserved
from services.shared.contracts.ingest import FormSubmitted, ProfilesChanged, ProfilesErased, ProfilesMerged
from services.shared.contracts.journeys import JourneyEntered, JourneyExited, MessageRequested
from services.shared.contracts.scoring import ScoreChanged, SegmentEntered, SegmentExited, StageChanged

FACTS: tuple[type[Fact], ...] = (
    ProfilesChanged,
    ProfilesMerged,
    ProfilesErased,
    FormSubmitted,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    StageChanged,
    JourneyEntered,
    JourneyExited,
    MessageRequested,
    ConsentChanged,
    ConfirmationRequested,
    NoticeRequested,
    MessageSent,
    MessageSkipped,
    MessageFailed,
    OutcomesObserved,
)
