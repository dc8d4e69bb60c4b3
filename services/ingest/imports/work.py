"""Imports: working through a file, in portions that may be repeated."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from services.ingest.domain.attributes import AttributeRules
from services.ingest.domain.history import TraitKind
from services.ingest.domain.imports import Fault, Job, Judged, judge, pack
from services.ingest.domain.merge_plan import MergePlan
from services.ingest.domain.rows import BrokenFile, Row, read_rows
from services.ingest.domain.sources import Source, check
from services.ingest.imports.desk import mapping_for, source_of
from services.ingest.imports.unwind import Unwinder
from services.ingest.lake.ports import ImportFiles, Imports, LakeMarker, StaleImport
from services.ingest.ports import Identities, IntakeQueue, Profiles, Sources
from services.shared.cells import neutral
from services.shared.clock import Clock
from services.shared.errors import HalteError

PORTION = 500
"""Rows that are done, or not, together."""

PLANNED = 200_000
"""Rows a dry run looks at, at most: the plan is made in memory."""


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
        attributes: Callable[[], AttributeRules],
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
        self._attributes = attributes
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
        source = source_of(self._sources, job.definition)
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
        source = source_of(self._sources, job.definition)
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
        rules, kind = self._attributes(), job.definition.kind
        judged = [judge(row, job, mapping, source.document.region) for row in rows]
        return [_held_to_rules(one, source, rules, kind) for one in judged]

    def _rehearse(self, job: Job, has_time: Callable[[], bool]) -> None:
        """From the first row, whoever did what before; nothing but the report and the job is written."""
        source = source_of(self._sources, job.definition)
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


def _held_to_rules(judged: Judged, source: Source, rules: AttributeRules, kind: TraitKind) -> Judged:
    """By the source's schema, and by the registry of attributes where that rejects."""
    try:
        for call in judged.calls:
            check(source.document.event_schema, call)
            rules.withheld(call.traits, kind)
    except HalteError as refusal:
        return Judged(judged.number, fault=Fault(judged.number, refusal.code, message=refusal.message))
    return judged


def _portions(rows: Iterator[Row], behind: int) -> Iterator[list[Row]]:
    """Rows after the first `behind`, always cut at the same places."""
    rest = (row for row in rows if row.number > behind)
    while portion := list(islice(rest, PORTION)):
        yield portion
