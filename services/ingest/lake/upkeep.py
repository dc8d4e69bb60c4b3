"""The event lake's upkeep: raw objects of a day into Parquet, reading a day while that happens, and amending it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from services.ingest.domain.lake import (
    Amendment,
    Manifest,
    described,
    finished,
    one_per_receipt,
    part_key,
    slices,
)
from services.ingest.lake.ports import LakeStore, ManifestMoved, Parts
from services.shared.clock import Clock

SLICE_BYTES = 48_000_000
"""Raw bytes (gzip) that go into one part."""

MOST_DAYS = 31
"""Days one run takes on."""

READ_ATTEMPTS = 10

PAGE_BYTES = 4_000_000
"""Of one answer's lines: Lambda answers at most 6 MB."""

_DATE_LENGTH = len("2026-01-02")
_DAY = timedelta(days=1)


@dataclass
class Compacted:
    """What a run did; `left` days are for the next: time was up, or somebody else had them."""

    objects: int = 0
    rows: int = 0
    left: int = 0


def _forever() -> bool:
    return True


class LakeKeeper:
    """The use cases of whoever may write Parquet. A day is taken before it is changed; whoever took it earlier then
    fails with `ManifestMoved` before anything is lost."""

    def __init__(self, *, store: LakeStore, parts: Parts, clock: Clock, folder: Path) -> None:
        self._store = store
        self._parts = parts
        self._clock = clock
        self._folder = folder

    def compact(self, has_time: Callable[[], bool] = _forever) -> Compacted:
        """Take finished days' raw objects into Parquet, oldest day first, for as long as there is time."""
        days = finished(self._store.raw_days(), self._clock.now())
        done = Compacted(left=len(days[MOST_DAYS:]))
        for day in days[:MOST_DAYS]:
            try:
                complete = has_time() and self._compact_day(day, has_time, done)
            except ManifestMoved:
                complete = False
            done.left += not complete
        return done

    def _compact_day(self, day: date, has_time: Callable[[], bool], done: Compacted) -> bool:
        manifest, state = self._take(day)
        raw = self._store.raw_sizes(day)
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            known = self._fetch([*manifest.parts, *self._neighbours(day)], Path(folder))
            for number, portion in enumerate(slices(raw, SLICE_BYTES)):
                if not has_time():
                    return False
                key, target = part_key(day, portion), Path(folder) / f"new-{number}.parquet"
                lines = (line for lines in self._store.raw_lines(portion) for line in lines)
                rows = self._parts.write(lines, target, known=known)
                if rows:
                    self._store.store(key, target)
                    known.append(target)
                manifest = manifest.with_part(key if rows else None, portion)
                state = self._store.switch(day, manifest, state)
                self._store.remove(portion)
                done.objects += len(portion)
                done.rows += rows
        return True

    def _take(self, day: date) -> tuple[Manifest, str]:
        """The day's manifest, for nobody else to switch; what a crash left behind is removed first: raw objects that
        are in parts, and parts that no manifest lists."""
        manifest, state = self._store.manifest(day)
        self._store.remove(manifest.absorbed)
        manifest = manifest.taken()
        state = self._store.switch(day, manifest, state)
        self._store.remove(self._store.part_keys(day) - set(manifest.parts))
        return manifest, state

    def _neighbours(self, day: date) -> list[str]:
        """Parts of the days around: a queue delivers again what a crash left unacknowledged, after midnight too."""
        return [part for other in (day - _DAY, day + _DAY) for part in self._store.manifest(other)[0].parts]

    def _fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:
        files = [folder / f"{number}.parquet" for number in range(len(keys))]
        for key, file in zip(keys, files, strict=True):
            self._store.fetch(key, file)
        return files

    def days(self) -> list[date]:
        """Every day there is, oldest first."""
        return sorted(self._store.days())

    def lines(
        self,
        days: Iterable[date] | None = None,
        profile_ids: Collection[str] | None = None,
        names: Collection[str] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Every line of some days (default: all; or of some profiles, or of events of some names), oldest day first,
        each receipt of a day once.
        One that was delivered again more than a day later may come twice: the profile's own memory tells."""
        for day in self.days() if days is None else sorted(days):
            for attempt in range(1, READ_ATTEMPTS + 1):
                with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                    try:
                        loose, parts = self._open(day, Path(folder))
                    except ManifestMoved:
                        if attempt == READ_ATTEMPTS:
                            raise
                        continue
                    if profile_ids is not None:
                        loose = [line for line in loose if line["profile_id"] in profile_ids]
                    if names is not None:
                        loose = [
                            line for line in loose if described(line, line.get("event"))["name"] in names
                        ]
                    kept = self._parts.read(parts, profile_ids, names)
                    yield from one_per_receipt([*loose, *kept]) if loose else kept
                    break

    def page(
        self, days: Iterable[date], profile_ids: Collection[str] | None, after: str
    ) -> tuple[list[Mapping[str, Any]], str]:
        """Lines of some profiles (`None`: of all) by day and receipt, as many as one answer holds, after the place
        `after` ("": from the start); and the place of the last, "" when there are no more.

        Raises:
            ManifestMoved: a day kept changing; to be asked again.
        """
        page: list[Mapping[str, Any]] = []
        size = 0
        place = after
        for day in sorted(set(days)):
            if str(day) < after[:_DATE_LENGTH]:
                continue
            for line in sorted(self.lines([day], profile_ids), key=lambda one: str(one["receipt"])):
                here = f"{day} {line['receipt']}"
                if here <= after:
                    continue
                size += len(json.dumps(line))
                if page and size > PAGE_BYTES:
                    return page, place
                page.append(line)
                place = here
        return page, ""

    def _open(self, day: date, folder: Path) -> tuple[list[dict[str, Any]], list[Path]]:
        """Raw objects are listed before the manifest is read: one that is absorbed in between is in a part of it, or
        gone."""
        raw = self._store.raw_sizes(day)
        manifest, _ = self._store.manifest(day)
        loose = self._store.raw_lines(key for key in raw if key not in manifest.absorbed)
        return [line for lines in loose for line in lines], self._fetch(manifest.parts, folder)

    def amend(self, amendment: Amendment, days: Iterable[date] | None = None) -> int:
        """Change lines that are in the lake already, of some days (default: all); how many lines that was.

        Raises:
            ManifestMoved: a day was being changed by somebody else; to be asked again.
        """
        return sum(self._amend_day(day, amendment) for day in (self.days() if days is None else sorted(days)))

    def _amend_day(self, day: date, amendment: Amendment) -> int:
        manifest, state = self._store.manifest(day)
        changed = 0
        if state:
            manifest, state = self._take(day)
            for key in manifest.parts:
                new, lines = self._amended_part(day, key, amendment)
                if lines:
                    manifest = manifest.replacing(key, new)
                    state = self._store.switch(day, manifest, state)
                    self._store.remove([key])
                changed += lines
        changed += sum(self._amend_raw(key, amendment) for key in self._store.raw_sizes(day))
        if (
            self._store.manifest(day)[1] != state
        ):  # raw lines may have gone into a part before they were amended
            raise ManifestMoved(f"{day} was taken while it was amended")
        return changed

    def _amended_part(self, day: date, key: str, amendment: Amendment) -> tuple[str | None, int]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            (source,) = self._fetch([key], Path(folder))
            target = Path(folder) / "new.parquet"
            kept, changed = self._parts.rewrite(source, target, amendment)
            new = part_key(day, [key, amendment.name]) if kept else None
            if changed and new:
                self._store.store(new, target)
        return new, changed

    def _amend_raw(self, key: str, amendment: Amendment) -> int:
        (before,) = self._store.raw_lines([key])
        after = [amendment.apply(line) for line in before]
        if after != before:
            self._store.put_raw(key, [line for line in after if line is not None])
        return sum(new != old for new, old in zip(after, before, strict=True))
