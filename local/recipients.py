"""SIMULATED recipients: what the people behind the invented addresses do with a message. No real person is involved.

Each decision is drawn from a generator seeded with the run's seed and the address (and the how-manieth message it
is), so the same run makes the same people do the same things, in whatever order messages arrive.
"""

from __future__ import annotations

import email.policy
import heapq
import itertools
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.parser import BytesParser
from typing import Any

from local import feedback
from local.stand_in import Accepted
from local.virtual_clock import VirtualClock
from local.visits import Expired, confirm, get, look, post
from services.simulations.domain.rates import CLICKS_OF_OPENS, OPENS, UNSUBSCRIBES

BOUNCES = 0.02
COMPLAINTS = 0.001
CONFIRMS = 0.80
SCANNED = 0.05

_LINK = re.compile(r"https?://[^\s\"'<>]+")
_PICTURE = re.compile(r'<img src="(https?://[^"]+/o/[^"]+)"')
_REPLY = re.compile(r"\b(?:YES|JA) [A-Z0-9]{4}\b")
_WORKERS = 6


@dataclass(frozen=True)
class Action:
    """Something a recipient does `after` a message was sent: `kind` is an event type of the provider, or `Open`,
    `Click`, `confirm`, `scan`, `unsubscribe` with the `url` to visit, `reply` with the words to send back in its
    place."""

    after: timedelta
    kind: str
    url: str = ""


@dataclass(frozen=True)
class Contents:
    """What a recipient sees that matters here."""

    link: str = ""
    picture: str = ""
    confirm_url: str = ""
    unsubscribe_url: str = ""
    preferences_url: str = ""
    reply_word: str = ""


def contents_of(message: Accepted) -> Contents:
    """Links of the message's own text, and the one-click address of its headers."""
    if message.mime is None:
        links = tuple(_LINK.findall(message.text))
        word = _REPLY.search(message.text)
        return Contents(
            link=_leading(links, "/c/"),
            confirm_url=_leading(links, "/consents/confirm"),
            reply_word=word.group(0) if word else "",
        )
    mail = BytesParser(policy=email.policy.default).parsebytes(message.mime)
    text = mail.get_body(("plain",)) or mail.get_body(("html",))
    links = tuple(_LINK.findall(text.get_content() if text else ""))
    one_click = str(mail.get("List-Unsubscribe-Post", "")).strip() == "List-Unsubscribe=One-Click"
    listed = re.search(r"<(https?://[^>]+)>", str(mail.get("List-Unsubscribe", "")))
    html = mail.get_body(("html",))
    picture = _PICTURE.search(html.get_content() if html else "")
    return Contents(
        link=_leading(links, "/c/"),
        picture=picture.group(1) if picture else "",
        confirm_url=_leading(links, "/consents/confirm"),
        preferences_url=_leading(links, "/preferences?"),
        unsubscribe_url=listed.group(1) if one_click and listed else "",
    )


def _leading(links: tuple[str, ...], to: str) -> str:
    """The first link with `to` in it; `/c/` is that of one that tells when it is followed."""
    return next((link.rstrip(".,)") for link in links if to in link), "")


def plan(message: Accepted, contents: Contents, chance: random.Random, unwilling: float) -> list[Action]:
    """All that one recipient does with one message; `unwilling` (0 to 1) is the same for every message to the
    address, so a dead mailbox stays dead."""
    if message.channel == "push":
        return []  # no provider tells what becomes of a notification
    if message.channel == "sms":
        delivered = [Action(timedelta(minutes=chance.uniform(0.1, 2)), "TEXT_DELIVERED")]
        return delivered + _consent_actions(contents, chance)
    if unwilling < BOUNCES:
        return [
            Action(timedelta(seconds=1), "Send"),
            Action(timedelta(minutes=chance.uniform(0.5, 5)), "Bounce"),
        ]
    actions = [
        Action(timedelta(seconds=1), "Send"),
        Action(timedelta(minutes=chance.uniform(0.1, 5)), "Delivery"),
        *_consent_actions(contents, chance),
    ]
    opened = timedelta(hours=chance.uniform(0.2, 20))
    if chance.random() < OPENS:
        actions.append(Action(opened, "Open", contents.picture))
        if chance.random() < CLICKS_OF_OPENS:
            actions.append(Action(opened + timedelta(minutes=2), "Click", contents.link))
    if chance.random() < COMPLAINTS:
        actions.append(Action(opened + timedelta(minutes=5), "Complaint"))
    if contents.unsubscribe_url and chance.random() < UNSUBSCRIBES:
        actions.append(Action(opened + timedelta(minutes=3), "unsubscribe", contents.unsubscribe_url))
    return sorted(actions, key=lambda action: action.after)


def _consent_actions(contents: Contents, chance: random.Random) -> list[Action]:
    if not contents.confirm_url:
        return []
    actions = []
    if chance.random() < SCANNED:
        actions.append(Action(timedelta(seconds=20), "scan", contents.confirm_url))
    if chance.random() < CONFIRMS:
        after = timedelta(hours=chance.uniform(0.2, 12))
        by_reply = Action(after, "reply", contents.reply_word)
        actions.append(by_reply if contents.reply_word else Action(after, "confirm", contents.confirm_url))
    return actions


@dataclass
class Ledger:
    """What the recipients remember of their own doing: the oracle for consent."""

    actions: Counter[str] = field(default_factory=Counter)
    confirmed: dict[str, list[datetime]] = field(default_factory=dict)
    withdrawn: dict[str, list[datetime]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Recipients:
    """Plays everybody's plan when it is due by the virtual clock.

    `publish` brings a provider event to the feedback topic, `answer` a message to the inbound one. `stop` leaves
    what is not due yet undone.
    """

    def __init__(
        self,
        clock: VirtualClock,
        seed: int,
        publish: Callable[[dict[str, Any]], None],
        answer: Callable[[dict[str, Any]], None],
    ) -> None:
        self.ledger = Ledger()
        self._clock = clock
        self._seed = seed
        self._publish = publish
        self._answer = answer
        self._received: Counter[str] = Counter()
        self._due: list[tuple[datetime, int, Action, Accepted, datetime]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._running = True
        self._busy: set[int] = set()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="recipient")
        self._thread = threading.Thread(target=self._loop, name="recipients", daemon=True)

    def start(self) -> None:
        """Begin to act."""
        self._thread.start()

    def stop(self) -> None:
        """Stop acting."""
        with self._wake:
            self._running = False
            self._wake.notify()
        self._thread.join(timeout=5)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def receive(self, message: Accepted) -> None:
        """A message arrives: decide all that will be done with it."""
        sent_at = self._clock.now()
        with self._wake:
            self._received[message.to] += 1
            nth = self._received[message.to]
        chance = random.Random(f"{self._seed}:{message.to}:{nth}")
        unwilling = random.Random(f"{self._seed}:{message.to}").random()
        with self._wake:
            for action in plan(message, contents_of(message), chance, unwilling):
                entry = (sent_at + action.after, next(self._order), action, message, sent_at)
                heapq.heappush(self._due, entry)
            self._wake.notify()

    def is_idle(self) -> bool:
        """Is nothing due, and nothing being done?"""
        return not self.under_way()

    def under_way(self) -> list[str]:
        """The actions that are due or being done."""
        with self._wake:
            now = self._clock.now()
            numbers = [*self._busy, *(number for at, number, *_ in self._due if at <= now)]
        return [f"action {number}" for number in numbers]

    def _loop(self) -> None:
        while True:
            with self._wake:
                while self._running and (not self._due or self._due[0][0] > self._clock.now()):
                    self._wake.wait(self._pause())
                if not self._running:
                    return
                at, number, action, message, sent_at = heapq.heappop(self._due)
                self._busy.add(number)
            self._pool.submit(self._act, number, action, message, sent_at, at)

    def _pause(self) -> float:
        """Real seconds until the next action is due, looking up at least four times a second."""
        if not self._due:
            return 0.25
        wait = (self._due[0][0] - self._clock.now()).total_seconds() / self._clock.speed
        return min(0.25, max(0.001, wait))

    def _act(self, number: int, action: Action, message: Accepted, sent_at: datetime, at: datetime) -> None:
        try:
            self._do(action, message, sent_at, at)
            self.ledger.actions[action.kind] += 1
        except Expired:
            self.ledger.actions[f"{action.kind} too late"] += 1
        except (
            Exception
        ) as error:  # a recipient who gets an error page goes away; the run's checks must see it
            self.ledger.problems.append(f"{action.kind}: {type(error).__name__}: {error}")
        finally:
            with self._wake:
                self._busy.discard(number)

    def _do(self, action: Action, message: Accepted, sent_at: datetime, at: datetime) -> None:
        if action.kind == "scan":
            get(action.url)
        elif action.kind == "confirm":
            confirm(action.url)
            self.ledger.confirmed.setdefault(message.to, []).append(at)
        elif action.kind == "reply":
            self._answer(feedback.text_back(action.url, message))
            self.ledger.confirmed.setdefault(message.to, []).append(at)
        elif action.kind == "unsubscribe":
            post(action.url, {"List-Unsubscribe": "One-Click"})
            self.ledger.withdrawn.setdefault(message.to, []).append(at)
        elif action.kind in ("Open", "Click"):
            if action.url:  # nobody hears of what carries no picture or link that tells
                look(action.url)
        elif message.channel == "sms":
            self._publish(feedback.sms_event(action.kind, message, sent_at, at))
        else:
            self._publish(feedback.email_event(action.kind, message, sent_at, at))
