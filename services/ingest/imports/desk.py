"""Imports as the marketers' API asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.ingest.domain.imports import Definition, Job
from services.ingest.domain.mapping import SourceMapping
from services.ingest.domain.sources import Source
from services.ingest.lake.ports import ImportFiles, ImportQueue, Imports, StaleImport
from services.ingest.mappings import mapping_of, shipped
from services.ingest.ports import Sources
from services.shared.clock import Clock
from services.shared.errors import Conflict, Invalid, NotFound

QUIET_SECONDS = 120
"""After so long no consumer is at work that believed the import still counts."""


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
        source = source_of(self._sources, definition)
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


def mapping_for(definition: Definition, source: Source) -> SourceMapping | None:
    """The mapping an import goes by: its own, else its source's.

    Raises:
        Invalid: `unknown_mapping`.
    """
    if definition.mapping is None:
        return mapping_of(source.document)
    return shipped(definition.mapping) if isinstance(definition.mapping, str) else definition.mapping


def source_of(sources: Sources, definition: Definition) -> Source:
    """The source an import is of.

    Raises:
        Invalid: `unknown_source`.
    """
    registration = sources.get(definition.source)
    if registration is None:
        raise Invalid("unknown_source", "there is no source of this id; register it first")
    return registration.source
