"""Every fact there is: for the archive's pattern, the exported schemas and the tests over both."""

from __future__ import annotations

from services.shared.contracts.base import Fact
from services.shared.contracts.consent import (
    ConfirmationRequested,
    ConsentChanged,
    NoticeRequested,
    PreferencesChanged,
)
from services.shared.contracts.delivery import (
    CallRequested,
    ComplaintsReceived,
    MessageFailed,
    MessageSent,
    MessageSkipped,
    OutcomesObserved,
    PassUpdateRequested,
    SendingPaused,
    SendingResumed,
)
from services.shared.contracts.ingest import (
    AttributesChanged,
    FirmChanged,
    FormSubmitted,
    ProfilesChanged,
    ProfilesErased,
    ProfilesMerged,
    RecoveryRequested,
)
from services.shared.contracts.journeys import (
    EntryRefused,
    JourneyCalled,
    JourneyEntered,
    JourneyExited,
    JourneyListens,
    JourneyTaskRequested,
    MessageRequested,
    ProfileUpdateRequested,
    SinkCallRequested,
)
from services.shared.contracts.loyalty import LoyaltyBalanceChanged
from services.shared.contracts.scoring import (
    ArrivalsAskedFor,
    EventHeard,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    StageChanged,
    StrategyCellChanged,
    TaskRequested,
    TraitsCarried,
    TriggerFired,
)

FACTS: tuple[type[Fact], ...] = (
    ProfilesChanged,
    ProfilesMerged,
    ProfilesErased,
    FormSubmitted,
    RecoveryRequested,
    AttributesChanged,
    FirmChanged,
    ScoreChanged,
    SegmentEntered,
    SegmentExited,
    StageChanged,
    StrategyCellChanged,
    TaskRequested,
    TriggerFired,
    ArrivalsAskedFor,
    EventHeard,
    TraitsCarried,
    JourneyListens,
    JourneyEntered,
    JourneyExited,
    JourneyCalled,
    EntryRefused,
    MessageRequested,
    ProfileUpdateRequested,
    JourneyTaskRequested,
    SinkCallRequested,
    ConsentChanged,
    ConfirmationRequested,
    NoticeRequested,
    PreferencesChanged,
    MessageSent,
    MessageSkipped,
    MessageFailed,
    ComplaintsReceived,
    OutcomesObserved,
    CallRequested,
    PassUpdateRequested,
    SendingPaused,
    SendingResumed,
    LoyaltyBalanceChanged,
)
