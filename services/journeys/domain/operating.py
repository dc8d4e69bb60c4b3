"""How a journey is run beside its document: paused, stopped, migrated. Pure: what is wanted, and what follows from it
for a cohort. Cohorts are brought there one by one, as often as it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from services.journeys.domain.timing import Pause, paused
from services.shared.errors import Conflict

ALL = "~all"
"""What pauses of everything are kept under; no journey can be called that."""

STOPPED = "stopped"
"""Why a walk ends, or does not begin, when its journey was stopped."""

PAUSED = "paused"
"""Why nobody enters a journey in a pause that drops."""

MOST_PAUSES = 100
"""Pauses that are remembered: a wait is lengthened by those within it."""

NEAR = timedelta(days=30)
"""How long before its time a cohort gets the execution that was put off."""

FAR = timedelta(days=300)
"""From then on it is put off: Step Functions ends an execution after a year."""

STUCK = timedelta(hours=1)
"""A cohort is stuck when its time has been past for longer than this and nothing holds it."""

IDLE = timedelta(minutes=30)
"""A version is retired when nobody has seemed to walk it for so long."""

SHORT = timedelta(days=1)
"""How much pauses may lengthen a wait within one execution: more would bring it to Step Functions' limit."""

Policy = Literal["hold", "drop"]
Status = Literal["live", "draining", "stopped"]


@dataclass(frozen=True)
class Migration:
    """People of a version go on with version `to`: `nodes` says where, by where they stand; nothing: they leave."""

    to: int
    nodes: Mapping[str, str | None]


@dataclass(frozen=True)
class Running:
    """How one journey (or an objective, or all of them) is run. `migrations` are by the version that people leave,
    `retired` are versions that nobody walks any more (`idle`: since when it seems so of others), and `tellings` counts
    how often that has changed."""

    pauses: tuple[Pause, ...] = ()
    status: Status = "live"
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    retired: frozenset[int] = frozenset()
    idle: Mapping[int, datetime] = field(default_factory=dict)
    tellings: int = 0
    revision: int = 0


def objective_key(objective: str) -> str:
    """What pauses of an objective are kept under."""
    return f"~objective#{objective}"


def together(own: Running, *others: Running) -> Running:
    """How a journey is run when its objective, or everything, is paused as well."""
    return replace(own, pauses=tuple(pause for one in (own, *others) for pause in one.pauses))


def pause(running: Running, now: datetime, policy: Policy) -> Running:
    """From `now` on it is paused; the same again changes nothing, the other policy takes over.

    Raises:
        Conflict: `stopped`; there is nothing left to pause.
    """
    if running.status == STOPPED:
        raise Conflict("stopped", "it was stopped: nobody is on the way")
    on = _open(running)
    if on and on.policy == policy:
        return running
    pauses = (*_ended(running, now), Pause(now, None, policy))
    return replace(running, pauses=pauses[-MOST_PAUSES:])


def resume(running: Running, now: datetime) -> Running:
    """The pause is over, or the stop: people may enter again. Those whom a stop has ended stay where they are."""
    return replace(running, pauses=_ended(running, now), status="live")


def stop(running: Running, now: datetime, *, drain: bool) -> Running:
    """Nobody enters any more; everybody ends, or (`drain`) goes on to the end. A stop ends a pause."""
    status: Status = "draining" if drain else "stopped"
    if running.status == STOPPED:
        status = "stopped"
    return replace(running, pauses=_ended(running, now), status=status)


def migrate(running: Running, version: int, migration: Migration) -> Running:
    """Those of `version` go over to another one, which is walked again if it was retired.

    Raises:
        Conflict: `migrates_back`; that one's people are on their way to this version themselves.
    """
    if migration.to in running.migrations:
        raise Conflict("migrates_back", f"version {migration.to} is left by a migration of its own")
    left = {**running.migrations, version: migration}
    told = running.tellings + (migration.to in running.retired)
    return replace(running, migrations=left, retired=running.retired - {migration.to}, tellings=told)


def walked(running: Running, version: int, now: datetime, *, anybody: bool) -> Running:
    """Retires an old version that nobody walks, if that is still so a while later: somebody may just be on the way
    from one cohort to another."""
    if anybody:
        if version not in running.retired and version not in running.idle:
            return running
        back = version in running.retired
        idle = {one: at for one, at in running.idle.items() if one != version}
        retired = running.retired - {version}
        return replace(running, idle=idle, retired=retired, tellings=running.tellings + back)
    if version in running.retired:
        return running
    if version not in running.idle:
        return replace(running, idle={**running.idle, version: now})
    if now - running.idle[version] < IDLE:
        return running
    retired = running.retired | {version}
    idle = {one: at for one, at in running.idle.items() if one != version}
    return replace(running, idle=idle, retired=retired, tellings=running.tellings + 1)


def refusal(running: Running, now: datetime) -> str:
    """Why nobody enters now; empty: people do. In a pause that holds they do, and wait with everybody else."""
    if running.status != "live":
        return STOPPED
    on = paused(running.pauses, now)
    return PAUSED if on and on.policy == "drop" else ""


def held(running: Running, now: datetime) -> bool:
    """Does everybody stand still?"""
    on = paused(running.pauses, now)
    return on is not None and on.policy == "hold"


def drops(running: Running, now: datetime) -> bool:
    """Do people go on without being met?"""
    on = paused(running.pauses, now)
    return on is not None and on.policy == "drop"


def is_stuck(running: Running, state: str, due: datetime, now: datetime) -> bool:
    """Should a cohort have gone on long ago?"""
    return state in ("open", "closed") and not held(running, now) and due < now - STUCK


def _open(running: Running) -> Pause | None:
    return next((one for one in running.pauses if one.end is None), None)


def _ended(running: Running, now: datetime) -> tuple[Pause, ...]:
    ended = (one if one.end else replace(one, end=max(now, one.start)) for one in running.pauses)
    return tuple(ended)
