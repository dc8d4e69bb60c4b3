"""Permissions from elsewhere: granted with evidence, never without; taken back by a word. Repeated, it is the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from services.consent.domain import imports
from services.consent.domain.evidence import Evidence, Origin
from services.consent.domain.imports import Errors, Import, Numbered
from services.consent.domain.ledger import shard_of
from services.consent.domain.purposes import ConsentText, Purpose, amend
from services.consent.ports import LedgerStore, Position, PurposeStore, Subject
from services.consent.recorder import Busy, Recorder, Write
from services.shared.addresses import address_key
from services.shared.clock import Clock, to_iso
from services.shared.errors import Conflict, Invalid, NotFound
from services.shared.ids import keyed_hash, stable_id

MEANS = "import"
MAX_TEXTS = 200
"""Of a purpose, as its model has it."""


@dataclass(frozen=True)
class Line:
    """What became of a row. `granted`, `revoked`: written (in a dry run: it would be); `repeated`: this very row was
    written before; `unchanged`: it stood so; `not_granted`, `invalid`: see `errors`; `failed`: import it again."""

    number: int
    outcome: str
    errors: Errors = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As the answer lists it; `asked` is false where nobody can show that the person was."""
        asked = self.outcome not in ("not_granted", "invalid")
        return {"row": self.number, "outcome": self.outcome, "asked": asked, "errors": self.errors}


class Imports(Protocol):
    """What became of imports, by id; it names nobody."""

    def keep(self, import_id: str, document: Mapping[str, Any]) -> None: ...

    def get(self, import_id: str) -> Mapping[str, Any] | None: ...


Each = Callable[[Callable[[Sequence[Numbered]], list[Line]], Sequence[Sequence[Numbered]]], list[list[Line]]]
"""Calls the first with each of the second."""


class Importing:
    """The use case. Rows of an address are taken in their order; shards of the ledger side by side."""

    def __init__(
        self,
        *,
        purposes: PurposeStore,
        ledger: LedgerStore,
        recorder: Recorder,
        imports: Imports,
        address_secret: str,
        clock: Clock,
        each: Each,
    ) -> None:
        self._purposes = purposes
        self._ledger = ledger
        self._recorder = recorder
        self._imports = imports
        self._address_secret = address_secret
        self._clock = clock
        self._each = each

    def run(self, wanted: Import, origin: Origin) -> dict[str, Any]:
        """`{import_id, dry_run, rows, counts, listed}`; `listed` are the rows that were neither written now nor before.

        Raises:
            Invalid: `texts_too_large`, the texts that rows bring do not fit their purpose any more.
            Conflict: `changed_meanwhile`, somebody changed a purpose at the same moment; repeat the request.
        """
        now, purposes = self._clock.now(), self._purposes.all()
        read = [imports.read(n, raw, purposes, now) for n, raw in enumerate(wanted.rows, 1)]
        done = [Line(n, "invalid", one) for n, one in enumerate(read, 1) if isinstance(one, list)]
        rows = [one for one in read if isinstance(one, Numbered)]
        if not wanted.dry_run:
            self._keep_texts(rows, purposes)
        groups: dict[int, list[Numbered]] = defaultdict(list)
        for one in rows:
            groups[shard_of(self._key(one))].append(one)

        def take(group: Sequence[Numbered]) -> list[Line]:
            return [self._take(one, purposes[one.row.purpose], origin, now, wanted.dry_run) for one in group]

        done += [line for lines in self._each(take, list(groups.values())) for line in lines]
        answer = _answer(wanted, sorted(done, key=lambda line: line.number))
        import_id = stable_id("imp", *(keyed_hash(self._address_secret, repr(raw)) for raw in wanted.rows))
        if not wanted.dry_run:
            self._imports.keep(import_id, {**answer, "at": to_iso(now)})
        return {"import_id": import_id, **answer}

    def report(self, import_id: str) -> dict[str, Any]:
        """What the import answered the last time, and when.

        Raises:
            NotFound: there was none.
        """
        found = self._imports.get(import_id)
        if found is None:
            raise NotFound("unknown_import", f"there was no import {import_id}")
        return {"import_id": import_id, **found}

    def _take(self, one: Numbered, purpose: Purpose, origin: Origin, now: datetime, dry_run: bool) -> Line:
        row = one.row
        lacking = imports.missing(row, purpose) if row.state == "granted" else []
        if lacking:
            return Line(one.number, "not_granted", lacking)
        subject = Subject(self._key(one), row.purpose, row.channel)
        write = self._write(one, purpose, origin, now)

        def decide(position: Position) -> Line | Write[Line]:
            if self._ledger.find(subject.address_key, write.request_id, row.state):
                return Line(one.number, "repeated")
            if stopped := _stopped(one, write, position, now):
                return stopped
            return write.outcome if dry_run else write

        try:
            return self._recorder.record(subject, now, decide)
        except Busy as busy:
            return Line(one.number, "failed", [{"field": "row", "message": busy.message}])

    def _write(self, one: Numbered, purpose: Purpose, origin: Origin, now: datetime) -> Write[Line]:
        row = one.row
        text = imports.text_of(row, purpose)
        evidence = Evidence(
            address=one.address,
            ip=origin.ip,
            user_agent=origin.user_agent,
            locale=origin.locale,
            reason=row.means,
            document=row.document,
            given_at=imports.given_at(row),
        )
        write = Write(
            outcome=Line(one.number, row.state),
            kind=row.state,
            request_id=f"req_{keyed_hash(self._address_secret, row.canonical())}",
            means=MEANS,
            evidence=evidence,
            text_version=text.version if text else "",
            language=text.language if text else "",
            text_hash=text.hash if text else "",
            form=MEANS,
        )
        if row.state == "revoked":
            return write
        return replace(write, terms=purpose.terms(row.channel, row.at or now))

    def _keep_texts(self, rows: Sequence[Numbered], purposes: Mapping[str, Purpose]) -> None:
        """The texts that rows bring, in their purposes before any entry names them: a proof shows them."""
        brought: dict[str, dict[str, ConsentText]] = defaultdict(dict)
        for row in (one.row for one in rows if one.row.state == "granted"):
            purpose = purposes[row.purpose]
            text = imports.text_of(row, purpose)
            if text and not imports.missing(row, purpose) and text not in purpose.texts:
                brought[row.purpose][f"{text.version}/{text.language}"] = text
        for name, texts in brought.items():
            self._add(name, list(texts.values()))

    def _add(self, name: str, texts: list[ConsentText]) -> None:
        stored, revision = self._purposes.get(name)
        if stored is None:
            raise Conflict("changed_meanwhile", f"purpose {name} was changed meanwhile; repeat the request")
        new = [text for text in texts if stored.text(text.version, text.language) is None]
        if len(stored.texts) + len(new) > MAX_TEXTS:
            raise Invalid("texts_too_large", f"a purpose has at most {MAX_TEXTS} texts")
        wanted = amend(stored, stored.model_copy(update={"texts": [*stored.texts, *new]}))
        if new and not self._purposes.put(name, wanted, revision):
            raise Conflict("changed_meanwhile", f"purpose {name} was changed meanwhile; repeat the request")

    def _key(self, one: Numbered) -> str:
        return address_key(self._address_secret, one.row.channel, one.address)


def _stopped(one: Numbered, write: Write[Line], position: Position, now: datetime) -> Line | None:
    """Why nothing is to be written: the stricter of two always stands."""
    state = position.standing.state if position.standing else ""
    if one.row.state == "granted" and state == "revoked":
        return _not_granted(one, "state", "it was withdrawn here")
    if one.row.state == "granted" and write.terms.until and to_iso(now) >= write.terms.until:
        return _not_granted(one, "at", "what was permitted then has lapsed")
    return Line(one.number, "unchanged") if state == one.row.state else None


def _not_granted(one: Numbered, name: str, message: str) -> Line:
    return Line(one.number, "not_granted", [{"field": name, "message": message}])


def _answer(wanted: Import, lines: Sequence[Line]) -> dict[str, Any]:
    listed = [line.shown() for line in lines if line.errors]
    counts = Counter(line.outcome for line in lines)
    return {"dry_run": wanted.dry_run, "rows": len(lines), "counts": dict(counts), "listed": listed}
