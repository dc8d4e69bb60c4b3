"""The marketers' and shops' routes: the programme, one person's points, and what is done with them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.scoring.domain.loyalty.account import Account, Full, kept, settled
from services.scoring.domain.loyalty.book import Line
from services.scoring.domain.loyalty.earning import CODE_LENGTH, CODE_LETTERS
from services.scoring.domain.loyalty.entries import ADJUST, BURN, Entry, instant, milliseconds
from services.scoring.domain.loyalty.programme import MAX_POINTS, Points, Programme, Programmes
from services.scoring.loyalty.holders import holder_of
from services.scoring.loyalty.ports import Accounts, ProgrammeStore
from services.shared.clock import Clock, to_iso
from services.shared.cursors import cursor_of, read_cursor
from services.shared.errors import Conflict, Invalid, NotFound, Stale
from services.shared.ids import stable_id

ATTEMPTS = 10
MOST_LINES = 200
MOST_REVISIONS = 100
LONGEST_KEY = 200

Reason = Annotated[str, Field(min_length=1, max_length=200)]


class Burn(BaseModel):
    """`points` for a `reason`, or the price of a `perk`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Points | None = None
    reason: Annotated[str, Field(max_length=200)] = ""
    perk: str | None = None


class Adjustment(BaseModel):
    """Points to give or, below zero, to take, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Annotated[int, Field(ge=-MAX_POINTS, le=MAX_POINTS)]
    reason: Reason


class LoyaltyDesk:
    """The use cases of the API. `living` is the profile that an id leads to by now, or raises `NotFound`."""

    def __init__(
        self,
        accounts: Accounts,
        programmes: ProgrammeStore,
        living: Callable[[str], str],
        clock: Clock,
        random_code: Callable[[], str] = lambda: "".join(
            secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)
        ),
    ) -> None:
        self._accounts = accounts
        self._programmes = programmes
        self._living = living
        self._clock = clock
        self._random_code = random_code

    def programme(self) -> tuple[dict[str, Any], int]:
        """The newest programme and its revision.

        Raises:
            NotFound: none was published.
        """
        programmes = self._programmes.load()
        if not programmes.revision:
            raise NotFound("not_found", "there is no loyalty programme")
        return programmes.revisions[-1].document(), programmes.revision

    def publish(self, document: Mapping[str, Any], expected: int | None) -> tuple[dict[str, Any], int]:
        """Publish a programme; it counts from its `from` on, or from now.

        Raises:
            Invalid: `invalid_condition`, `over`, `too_many`.
            pydantic.ValidationError: it is none.
            Stale: `expected` is not the revision that stands.
            Conflict: somebody else published at the same time.
        """
        programme, before = Programme.read(document), self._programmes.load()
        if expected is not None and expected != before.revision:
            raise Stale("stale", f"revision {before.revision} stands")
        if len(before.revisions) >= MOST_REVISIONS:
            raise Invalid("too_many", f"there are {MOST_REVISIONS} revisions")
        try:
            after = before.with_next(programme, self._clock.now())
        except ValueError as error:
            raise Invalid("over", str(error)) from error
        if not self._programmes.save(after):
            raise Conflict("conflict", "somebody else published at the same time")
        return after.revisions[-1].document(), after.revision

    def shown(self, profile_id: str, cursor: str, limit: int) -> dict[str, Any]:
        """Balance, tier, perks and the newest lines of a person.

        Raises:
            NotFound: nobody is known by it, or there is no programme.
            Invalid: `bad_limit` or `bad_cursor`.
        """
        if not 1 <= limit <= MOST_LINES:
            raise Invalid("bad_limit", f"limit: must be 1 to {MOST_LINES}")
        programmes, account = self._open(profile_id)
        now = self._clock.now()
        ledger = account.ledger(now)
        current = settled(account, programmes.at(now), now, "")
        end = read_cursor(cursor, int) if cursor else len(ledger.lines)
        end = max(0, min(end, len(ledger.lines)))
        page = ledger.lines[max(0, end - limit) : end]
        return {
            **_head(current, programmes, now),
            "debt": ledger.debt,
            "expires_at": None if ledger.expires_at is None else to_iso(instant(ledger.expires_at)),
            "referral_code": account.code or None,
            "entries": [shown_line(line) for line in reversed(page)],
            "cursor": cursor_of(end - limit) if end > limit else None,
        }

    def burn(self, profile_id: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Spend points: once for a key, and never more than there are.

        Raises:
            Invalid: `bad_idempotency_key`, `invalid`, `unknown_perk`, `full`.
            NotFound: nobody is known by it, or there is no programme.
            Conflict: `insufficient_points`, `tier_perk`, `idempotency_conflict` or `contended`.
        """
        asked = Burn.model_validate(body)
        if (asked.points is None) == (asked.perk is None):
            raise Invalid("invalid", "must have exactly one of points, perk")

        def entry(programme: Programme | None) -> tuple[int, str]:
            if asked.perk is None:
                return -(asked.points or 0), asked.reason or BURN
            perk = programme.perk(asked.perk) if programme else None
            if perk is None:
                raise Invalid("unknown_perk", "perk: there is none of that name")
            if perk.points is None:
                raise Conflict("tier_perk", f"perk: belongs to the tier {perk.tier} and costs no points")
            return -perk.points, f"perk:{perk.name}"

        return self._do(profile_id, BURN, key, entry)

    def adjust(self, profile_id: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Give or take points by hand; as `burn`."""
        asked = Adjustment.model_validate(body)
        if asked.points == 0:
            raise Invalid("invalid", "points: must not be nothing")
        return self._do(profile_id, ADJUST, key, lambda _: (asked.points, asked.reason))

    def referral_code(self, profile_id: str) -> dict[str, Any]:
        """The code by which a person recommends us, made when it is first asked for, and the link with it.

        Raises:
            NotFound: nobody is known by it, or there is no programme.
            Conflict: the programme has no rewards for it, or `contended`.
        """
        for _ in range(ATTEMPTS):
            programmes, account = self._open(profile_id)
            programme = programmes.at(self._clock.now())
            if programme is None or programme.referral is None:
                raise Conflict("no_referral", "the programme has no rewards for recommending")
            code = account.code or self._random_code()
            made = replace(account, version=account.version + 1, code=code)
            if account.code or self._accounts.save([made], new_code=code):
                link = programme.referral.link
                return {
                    "profile_id": account.profile_id,
                    "code": code,
                    "link": link.replace("{code}", code) if link else None,
                }
        raise Conflict("contended", "others change this account at the same time; try again")

    def _do(
        self, profile_id: str, kind: str, key: str, make: Callable[[Programme | None], tuple[int, str]]
    ) -> dict[str, Any]:
        if not 0 < len(key) <= LONGEST_KEY:
            raise Invalid("bad_idempotency_key", f"Idempotency-Key: must have 1 to {LONGEST_KEY} characters")
        act_id = stable_id("act", kind, profile_id, key)
        for _ in range(ATTEMPTS):
            programmes, account = self._open(profile_id)
            now = self._clock.now()
            programme = programmes.at(now)
            points, cause = make(programme)
            entry = Entry(
                kind,
                milliseconds(now),
                cause,
                act_id,
                points,
                life=programme.life if programme and points > 0 else 0,
                home=account.profile_id,
            )
            known = next((one for one in account.entries.values() if one.message_id == act_id), None)
            if known is not None:
                if (known.points, known.cause) != (points, cause):
                    raise Conflict("idempotency_conflict", "Idempotency-Key: was used for something else")
                return _done(known, settled(account, programme, now, kind), programmes, now)
            if points < 0 and account.ledger(now).balance < -points:
                raise Conflict("insufficient_points", f"there are fewer than {-points}")
            try:
                after = settled(kept(account, [entry]), programme, now, kind)
            except Full as error:
                raise Invalid("full", "the account holds all that an account may hold") from error
            if self._accounts.save([replace(after, version=after.version + 1)]):
                return _done(entry, after, programmes, now)
        raise Conflict("contended", "others change this account at the same time; try again")

    def _open(self, profile_id: str) -> tuple[Programmes, Account]:
        """The account of a person there is, empty where nothing was earned."""
        programmes = self._programmes.load()
        if not programmes.revision:
            raise NotFound("not_found", "there is no loyalty programme")
        account = holder_of(self._accounts, profile_id)
        if not account.version:
            account = holder_of(self._accounts, self._living(account.profile_id))
        if account.gone:
            raise NotFound("not_found", "nothing is known of this profile")
        return programmes, account


def shown_line(line: Line) -> dict[str, Any]:
    """A line of the ledger as JSON."""
    end = None if line.expires_at is None else to_iso(instant(line.expires_at))
    return {**asdict(line), "at": to_iso(instant(line.at)), "expires_at": end}


def _head(account: Account, programmes: Programmes, now: datetime) -> dict[str, Any]:
    programme = programmes.at(now)
    return {
        "profile_id": account.profile_id,
        "unit": programme.unit if programme else "points",
        "balance": account.balance,
        "tier": account.tier,
        "perks": programme.perks_of(account.tier, account.balance) if programme else [],
    }


def _done(entry: Entry, account: Account, programmes: Programmes, now: datetime) -> dict[str, Any]:
    done = {
        "kind": entry.kind,
        "points": entry.points,
        "cause": entry.cause,
        "message_id": entry.message_id,
        "at": to_iso(instant(entry.at)),
    }
    return {**_head(account, programmes, now), "entry": done}
