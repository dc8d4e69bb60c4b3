"""The check itself: anchors among themselves, every shard by itself, and every shard against the anchors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from halte.ledger.findings import Found, Report, Source, Tick
from halte.ledger.signatures import checker
from services.consent.domain.anchors import Anchor, against, verify_anchors
from services.consent.domain.ledger import SHARDS, Entry, Problem, verify


def check(
    source: Source, tick: Tick, *, public_key: str = "", known: Mapping[int, str] | None = None
) -> Report:
    """Everything that is wrong with a ledger. `public_key` (PEM) is the key that signatures must be of, whatever the
    source says; `known` are hashes of anchors, by number, that were noted earlier. `tick` hears of entries read.

    Raises:
        NotALedger: it can't be read at all.
    """
    report = Report()
    key = source.key()
    signed, report.fingerprint = checker(public_key or key.public_key)
    anchors = source.anchors()
    report.anchors = len(anchors)
    report.newest = anchors[-1] if anchors else None
    report.add(map(Found.of_anchor, verify_anchors(anchors, signed)))
    report.add(_unknown(anchors, key.key_id, known or {}))
    for shard in source.shards():
        rows = [anchor.rows[shard.head.shard] for anchor in anchors if len(anchor.rows) == SHARDS]
        problems: list[Problem] = []
        entries = _counted(against(shard.entries, rows, problems), report, tick)
        problems = verify(entries, shard.head) + problems
        report.add(Found.of_shard(shard.head.shard, problem) for problem in problems)
        report.shards += 1
        report.uncovered += max(0, shard.head.seq - (rows[-1].seq if rows else 0))
    report.add(source.problems())
    if report.shards != SHARDS:
        report.add([Found("ledger", "missing", report.shards, f"there are {SHARDS} shards")])
    return report


def _counted(entries: Iterable[Entry], report: Report, tick: Tick) -> Iterator[Entry]:
    for entry in entries:
        report.entries += 1
        if not report.entries % 1_000:
            tick(report.entries)
        yield entry
    tick(report.entries)


def _unknown(anchors: list[Anchor], key_id: str, known: Mapping[int, str]) -> Iterator[Found]:
    for anchor in anchors:
        if anchor.key_id != key_id:
            yield Found("anchors", "unsigned", anchor.number, "it names another key")
    hashes = {anchor.number: anchor.hash for anchor in anchors if anchor.number in known}
    for number, noted in known.items():
        if hashes.get(number) != noted:
            yield Found("anchors", "replaced", number, "it is not the one that was noted")
