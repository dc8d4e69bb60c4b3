"""Imports: asking for one, and working through its file in portions that may be repeated."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from services.ingest.domain.imports import Definition, Fault, Job, Judged, judge, pack
from services.ingest.domain.mapping import SourceMapping
from services.ingest.domain.merge_plan import MergePlan
from services.ingest.domain.rows import BrokenFile, Row, neutral, read_rows
from services.ingest.domain.sources import Source, check
from services.ingest.mappings import mapping_of, shipped
from services.ingest.ports import (
    Identities,
    ImportFiles,
    ImportQueue,
    Imports,
    IntakeQueue,
    LakeMarker,
    Profiles,
    Sources,
    StaleImport,
)
from services.ingest.unwind import Unwinder
from services.shared.clock import Clock
from services.shared.errors import Conflict, HalteError, Invalid, NotFound

PORTION = 500
"""Rows that are done, or not, together."""

QUIET_SECONDS = 120
"""After so long no consumer is at work that believed the import still counts."""

PLANNED = 200_000
"""Rows a dry run looks at, at most: the plan is made in memory."""


class ImportDesk:
    """What the marketers' API asks for."""

    def __init__(
        self,
        *,
        imports: Imports,
        files: ImportFiles,
        queue: ImportQueue,
        sources: Sources,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._imports = imports
        self._files = files
        self._queue = queue
        self._sources = sources
        self._clock = clock
        self._new_id = new_id

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new job: started when its file is there, else with an `upload_url` to PUT the file to, and to be started.

        Raises:
            pydantic.ValidationError: the definition is malformed.
            Invalid: `unknown_source`, `unknown_mapping`, `bad_s3_uri` (not in our bucket) or `no_file`.
        """
        definition = Definition.model_validate(body)
        source = _source(self._sources, definition)
        mapping_for(definition, source)
        job_id = self._new_id("job").removeprefix("job_")
        file = self._files.key_of(definition.s3_uri) if definition.s3_uri else self._files.upload_key(job_id)
        job = Job(job_id, definition, file, self._clock.now())
        if definition.s3_uri and not self._files.exists(file):
            raise Invalid("no_file", "there is no file at s3_uri")
        self._imports.add(job)
        if definition.s3_uri:
            return self.start(job_id)
        return {**job.shown(), "upload_url": self._files.upload_url(file)}

    def start(self, job_id: str) -> dict[str, Any]:
        """Begin (or, if its message was lost, resume) the work on a job.

        Raises:
            NotFound: there is no such job.
            Invalid: its file was not uploaded yet.
            Conflict: it has ended.
        """
        job = self._existing(job_id)
        if job.completed_at:
            raise Conflict("import_ended", "the import has ended; make a new one")
        if not self._files.exists(job.file):
            raise Invalid("no_file", "the file was not uploaded yet")
        if job.status == "CREATED":
            job = job.started()
            try:
                self._imports.save(job)
            except StaleImport as stale:
                raise Conflict("import_changed", "the import was started meanwhile") from stale
        self._queue.send(job_id)
        return job.shown()

    def roll_back(self, job_id: str) -> dict[str, Any]:
        """Take an import back: from now on nothing of it counts, and what did is removed. Asking again resumes it.

        Raises:
            NotFound: there is no such job.
            Invalid: its file is gone, from which one knows whom it spoke of.
            Conflict: it was a dry run, has brought nothing yet, or was taken back already.
        """
        job = self._existing(job_id)
        if job.definition.dry_run or job.status in ("CREATED", "ROLLED_BACK"):
            raise Conflict("nothing_to_roll_back", "the import has changed nothing, or not any more")
        if not self._files.exists(job.file):
            raise Invalid("no_file", "the file has expired; an import can be taken back while it is kept")
        if job.status != "ROLLING_BACK":
            job = job.rolling_back()
            try:
                self._imports.save(job)
            except StaleImport as stale:
                raise Conflict("import_changed", "the import was going on; ask again") from stale
        self._queue.send(job_id, QUIET_SECONDS)
        return job.shown()

    def get(self, job_id: str) -> dict[str, Any]:
        """A job, with URLs of its reports (CSV) when it has ended.

        Raises:
            NotFound: there is no such job.
        """
        job = self._existing(job_id)
        reports = self._files.report_urls(job_id) if job.completed_at else []
        return {**job.shown(), "reports": reports}

    def _existing(self, job_id: str) -> Job:
        job = self._imports.get(job_id)
        if job is None:
            raise NotFound("unknown_import", "there is no import of this id")
        return job


class ImportWorker:
    """Works through files. A portion's events are queued before the job says that the portion is behind it: whoever
    repeats it queues events with the same receipts, which count once."""

    def __init__(
        self,
        *,
        imports: Imports,
        files: ImportFiles,
        sources: Sources,
        intake: IntakeQueue,
        identities: Identities,
        profiles: Profiles,
        unwinder: Unwinder,
        lake: LakeMarker,
        clock: Clock,
    ) -> None:
        self._imports = imports
        self._files = files
        self._sources = sources
        self._intake = intake
        self._identities = identities
        self._profiles = profiles
        self._unwinder = unwinder
        self._lake = lake
        self._clock = clock

    def work(self, job_id: str, has_time: Callable[[], bool]) -> bool:
        """Go on with a job until it ends or time is up; is it to be asked again?"""
        job = self._imports.get(job_id)
        if job is None or job.status not in ("PROCESSING", "ROLLING_BACK"):
            return False
        try:
            if job.status == "ROLLING_BACK":
                return self._take_back(job, has_time)
            if job.definition.dry_run:
                self._rehearse(job, has_time)
                return False
            return self._go_on(job, has_time)
        except StaleImport:
            return False  # another worker has it

    def _go_on(self, job: Job, has_time: Callable[[], bool]) -> bool:
        source = _source(self._sources, job.definition)
        try:
            for rows in _portions(read_rows(self._files.open(job.file), job.definition.format), job.rows):
                judged = self._judge(job, source, rows)
                for body in pack(job, judged, source.document.kind, source.document.region):
                    self._intake.send(body)
                self._report(job.job_id, judged)
                job = job.advanced(judged)
                self._imports.save(job)
                if not has_time():
                    return True
        except BrokenFile as broken:
            job = job.ended(self._clock.now(), Fault(job.rows + 1, broken.code, message=broken.message))
        else:
            job = job.ended(self._clock.now())
        self._imports.save(job)
        return False

    def _take_back(self, job: Job, has_time: Callable[[], bool]) -> bool:
        """Portion by portion over the same file, as far as it had been read."""
        source = _source(self._sources, job.definition)
        for rows in self._read_before(job, job.undone):
            judged = self._judge(job, source, rows)
            strands = {call.identifiers[0] for one in judged for call in one.calls if call.identifiers}
            self._unwinder.take_back(strands, job.receipts, f"import {job.job_id} was taken back")
            job = job.taken_back(rows[-1].number)
            self._imports.save(job)
            if not has_time():
                return True
        self._lake.roll_back(job.receipts)
        self._imports.save(job.taken_back(job.undone, self._clock.now()))
        return False

    def _read_before(self, job: Job, behind: int) -> Iterator[list[Row]]:
        """The rows after `behind` that were imported; one portion more than the job says, which may have been queued.
        A file that breaks off later on is no trouble."""
        portions = _portions(read_rows(self._files.open(job.file), job.definition.format), behind)
        try:
            for rows in portions:
                yield rows
                if rows[-1].number > job.rows:
                    return
        except BrokenFile:
            return

    def _judge(self, job: Job, source: Source, rows: Sequence[Row]) -> list[Judged]:
        mapping = mapping_for(job.definition, source)
        return [_held_to_schema(judge(row, job, mapping, source.document.region), source) for row in rows]

    def _rehearse(self, job: Job, has_time: Callable[[], bool]) -> None:
        """From the first row, whoever did what before; nothing but the report and the job is written."""
        source = _source(self._sources, job.definition)
        plan = MergePlan()
        broken: Fault | None = None
        done = job.rewound()
        complete = True
        try:
            for rows in _portions(read_rows(self._files.open(job.file), job.definition.format), 0):
                judged = self._judge(job, source, rows)
                self._plan(plan, judged)
                self._report(job.job_id, judged)
                done = done.advanced(judged)
                complete = done.rows < PLANNED and has_time()
                if not complete:
                    break
        except BrokenFile as error:
            broken = Fault(done.rows + 1, error.code, message=error.message)
        planned = {**plan.result(), "complete": complete and broken is None}
        self._imports.save(done.planned(planned, job.version).ended(self._clock.now(), broken))

    def _plan(self, plan: MergePlan, judged: Sequence[Judged]) -> None:
        calls = [
            (one.number, event, call)
            for one in judged
            for event, call in zip(one.events, one.calls, strict=True)
        ]
        owners = self._identities.owners({i for _, _, call in calls for i in call.identifiers})
        known = self._profiles.load_hot(set(owners.values()))
        plan.know({profile.profile_id: profile.identifiers for profile in known.values()})
        for number, event, call in calls:
            plan.add(number, call, names_message=bool(event.get("messageId")))

    def _report(self, job_id: str, judged: Sequence[Judged]) -> None:
        """One object per portion, which a repetition overwrites."""
        faults = [("fault", one.fault) for one in judged if one.fault]
        exceptions = [("exception", one.exception) for one in judged if one.exception]
        if not faults and not exceptions:
            return
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("row", "what", "field", "code", "message"))
        for what, fault in sorted([*faults, *exceptions], key=lambda entry: entry[1].row):
            cells = (fault.row, what, fault.field, fault.code, fault.message)
            writer.writerow([neutral(cell) for cell in cells])
        self._files.put_report(job_id, judged[0].number, text.getvalue())


def mapping_for(definition: Definition, source: Source) -> SourceMapping | None:
    """The mapping an import goes by: its own, else its source's.

    Raises:
        Invalid: `unknown_mapping`.
    """
    if definition.mapping is None:
        return mapping_of(source.document)
    return shipped(definition.mapping) if isinstance(definition.mapping, str) else definition.mapping


def _source(sources: Sources, definition: Definition) -> Source:
    registration = sources.get(definition.source)
    if registration is None:
        raise Invalid("unknown_source", "there is no source of this id; register it first")
    return registration.source


def _held_to_schema(judged: Judged, source: Source) -> Judged:
    try:
        for call in judged.calls:
            check(source.document.event_schema, call)
    except HalteError as refusal:
        return Judged(judged.number, fault=Fault(judged.number, refusal.code, message=refusal.message))
    return judged


def _portions(rows: Iterator[Row], behind: int) -> Iterator[list[Row]]:
    """Rows after the first `behind`, always cut at the same places."""
    rest = (row for row in rows if row.number > behind)
    while portion := list(islice(rest, PORTION)):
        yield portion
