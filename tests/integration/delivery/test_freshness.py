"""How old delivery's copy of a permission is: told by a metric, and the stack's alarm goes off on a late one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.delivery.handlers import on_consent
from services.shared import freshness
from services.shared.contracts.consent import ConsentChange, ConsentChanged
from services.shared.freshness import COPIED
from tests.integration.delivery.world import NOW, Context, World, key_of, sqs
from tests.support.freshness import alarms, emitted, fires


@pytest.fixture(autouse=True)
def _values() -> None:
    freshness._metrics.cache_clear()


def copy(*, recorded_at: datetime | None, sequence: int = 1) -> None:
    change = ConsentChange(
        address_key=key_of("ann@example.com"),
        purpose="newsletter",
        channel="email",
        state="revoked",
        entry_id=f"cns_{sequence}",
        text_version="1",
        sequence=sequence,
        at=NOW,
        recorded_at=recorded_at,
    )
    assert on_consent.handler(sqs(ConsentChanged(changes=[change])), Context()) == {"batchItemFailures": []}


@pytest.mark.parametrize(("seconds", "late"), [(0.4, False), (8, True)])
def test_a_late_copy_sets_off_the_alarm(
    world: World, capsys: pytest.CaptureFixture[str], seconds: float, late: bool
) -> None:
    copy(recorded_at=datetime.now(UTC) - timedelta(seconds=seconds))

    blobs = emitted(capsys.readouterr().out)

    assert fires(alarms()[COPIED], blobs) is late
    assert key_of("ann@example.com") not in json.dumps(blobs)


def test_what_is_not_newer_or_has_no_moment_is_not_measured(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    copy(recorded_at=None)
    copy(recorded_at=NOW)
    assert emitted(capsys.readouterr().out) == []
