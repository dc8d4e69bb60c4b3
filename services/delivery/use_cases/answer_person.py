"""What delivery says of one person, and forgets when asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, assert_never

from services.delivery.domain.contact import Contact, Gone
from services.delivery.ports.channels import Secret
from services.delivery.ports.content import Tastes
from services.delivery.ports.messages import Messages
from services.delivery.ports.people import Gates, Traces
from services.delivery.ports.work import Work
from services.delivery.use_cases.serve_marketers import decision
from services.shared.addresses import address_key
from services.shared.channels import CHANNELS
from services.shared.clock import Clock, to_iso
from services.shared.contracts.person import PersonAnswer, PersonQuestion

DESCRIBED = 20
"""Latest messages that a description holds."""

UNDER_WAY = timedelta(minutes=2)
"""Longer than a worker lives: what it claimed is kept by then, or was lost with it."""

GoOn = Callable[[], bool]


class AnswerPerson:
    """Answers `PersonQuestion` about a profile's ids and a person's addresses."""

    def __init__(
        self,
        *,
        messages: Messages,
        gates: Gates,
        traces: Traces,
        work: Work,
        tastes: Tastes,
        address_secret: Secret,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._tastes = tastes
        self._messages = messages
        self._gates = gates
        self._traces = traces
        self._work = work
        self._address_secret = address_secret

    def answer(self, question: PersonQuestion, go_on: GoOn) -> PersonAnswer:
        """`describe`: stores `contact`, `messages` (the latest, as decision records), `addresses`. `export`: these
        whole, `tastes`, `work` (tasks, letters that wait, a pass) and `pressure`. `erase`: `contacts`, `owners`,
        `messages`, `work`, `pressure`, `tastes` forgotten, while `go_on`.

        What survives an erasure: suppressions and withdrawn permissions, under keyed hashes; report counters, which
        are of nobody; and for 90 days a tombstone an id, so that what comes late finds the profile erased. There is
        `more` to do while a message that was claimed a moment ago is not kept yet.
        """
        if question.ask == "erase":
            return self._erased(question, go_on)
        contacts = self._contacts(question.profile_ids)
        keys = self._keys(question, contacts)
        addresses = [one for key in keys for one in self._traces.about_address(key)]
        if question.ask == "describe":
            stores: dict[str, Any] = {
                "contact": _shown(contacts[0]) if contacts else None,
                "messages": self._latest(question.profile_ids),
                "addresses": addresses,
            }
            return PersonAnswer(service="delivery", stores={n: v for n, v in stores.items() if v})
        if question.ask == "export":
            return PersonAnswer(
                service="delivery",
                stores={
                    "contacts": [_shown(contact) for contact in contacts],
                    "tastes": self._known_tastes(question.profile_ids),
                    "messages": self._all(question.profile_ids, keys),
                    "addresses": addresses,
                    "work": [one for p in question.profile_ids for one in self._work.of_profile(p)],
                    "pressure": [
                        row for one in [*question.profile_ids, *keys] for row in self._traces.pressure(one)
                    ],
                },
            )
        assert_never(question.ask)

    def _known_tastes(self, profile_ids: Iterable[str]) -> list[dict[str, Any]]:
        """What each has and looks at."""
        known = (self._tastes.of(profile_id) for profile_id in profile_ids)
        return [
            {"had": {p: {"at": at, "given_back": back} for p, (at, back) in one.had.items()}}
            | {"looks": [asdict(look) for look in one.looks], "bought_at": one.bought_at}
            for one in known
            if one.revision
        ]

    def _latest(self, profile_ids: Iterable[str]) -> list[dict[str, Any]]:
        found = [m for p in profile_ids for m in self._messages.of_profile(p, DESCRIBED)]
        found.sort(key=lambda m: m.requested_at, reverse=True)
        return [decision(message) for message in found[:DESCRIBED]]

    def _all(self, profile_ids: Iterable[str], keys: Iterable[str]) -> list[dict[str, Any]]:
        own = [message for p in profile_ids for message in self._traces.every_message(p)]
        noted = (self._messages.get(send_id) for key in keys for send_id in self._traces.addressed(key))
        return [asdict(message) for message in [*own, *(m for m in noted if m)]]

    def _erased(self, question: PersonQuestion, go_on: GoOn) -> PersonAnswer:
        """Addresses first, while the contact still tells them; then the tombstones, so that nothing comes after them;
        then all the rest, and whatever came in between. Ledgers last: they are the lists of messages."""
        profile_ids = question.profile_ids
        contacts = self._contacts(profile_ids)
        keys = self._keys(question, contacts)
        owners = self._traces.disown(keys, profile_ids)
        for profile_id in profile_ids:
            self._gates.leave(profile_id, Gone("", to_iso(question.at)))
        owners += self._traces.disown(keys, profile_ids)
        under_way = self._clock.now() - UNDER_WAY
        settled = {one: self._traces.settled(one, under_way) for one in profile_ids}
        messages, more = self._forget_messages(profile_ids, keys, go_on)
        pressure = sum(map(self._traces.forget_pressure, keys))
        for profile_id, revision in settled.items() if not more else ():
            closed = None if revision is None else self._traces.close(profile_id, revision, question.at)
            more, pressure = more or closed is None, pressure + (closed or 0)
        work = sum(self._work.forget_profile(profile_id) for profile_id in profile_ids)
        tastes = sum(self._tastes.forget(profile_id, question.at) for profile_id in profile_ids)
        stores = {
            "contacts": len(contacts),
            "owners": owners,
            "messages": messages,
            "work": work,
            "pressure": pressure,
            "tastes": tastes,
        }
        return PersonAnswer(service="delivery", stores=stores, more=more)

    def _forget_messages(
        self, profile_ids: Iterable[str], keys: Iterable[str], go_on: GoOn
    ) -> tuple[int, bool]:
        forgotten = 0
        for profile_id in profile_ids:
            for message in self._traces.every_message(profile_id):
                if not go_on():
                    return forgotten, True
                self._messages.forget(message.send_id)
                forgotten += 1
        for key in keys:
            for send_id in self._traces.addressed(key):
                if not go_on():
                    return forgotten, True
                self._messages.forget(send_id)
                self._traces.forget_addressed(key, send_id)
                forgotten += 1
        return forgotten, False

    def _contacts(self, profile_ids: Sequence[str]) -> list[Contact]:
        known = self._gates.contacts(profile_ids)
        return [contact for p in profile_ids if isinstance(contact := known.get(p), Contact)]

    def _keys(self, question: PersonQuestion, contacts: Iterable[Contact]) -> list[str]:
        """The keys of every address of the person that is one."""
        addresses = [(one.channel, one.address) for one in question.addresses]
        addresses += [(channel, contact.address(channel)) for contact in contacts for channel in CHANNELS]
        keys = dict[str, None]()
        for channel, raw in addresses:
            try:
                keys[address_key(self._address_secret(), channel, raw)] = None
            except ValueError:
                continue
        return list(keys)


def _shown(contact: Contact) -> dict[str, Any]:
    return {name: value for name, value in asdict(contact).items() if value not in ("", 0, {})}
