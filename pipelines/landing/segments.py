"""Segments of Parquet: written beside the landed ones, named when whole, merged when they grow many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.landing.folder import UNFINISHED, Landed, Segment, commit, publish, segment_name
from pipelines.landing.schema import tables
from pipelines.landing.table import Table

MANY = 16
_MERGED_GROUP = 100_000


class SegmentWriter:
    """Collects one run's rows, at most one new segment per table; `finish` gives the segments their names."""

    def __init__(self, folder: Path, landed: Landed, until: int) -> None:
        self._folder = folder
        self._landed = landed
        self._until = until
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def write(self, table: Table, rows: pa.Table) -> None:
        writer = self._writers.get(table.name)
        if writer is None:
            writer = self._writers[table.name] = _writer(self._partial(table.name), table)
        writer.write_table(rows, row_group_size=len(rows))
        self.rows[table.name] = self.rows.get(table.name, 0) + len(rows)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def finish(self, last_event_id: str | None) -> Landed:
        """Name the segments, then let them count."""
        for name in self._landed.segments:
            if name not in self._writers and not self._landed.segments[name]:
                _writer(self._partial(name), tables()[name]).close()
        self.close()
        segments, renames = dict(self._landed.segments), {}
        for name, landed in self._landed.segments.items():
            partial = self._partial(name)
            if partial.exists():
                first = landed[-1].last + 1 if landed else 1
                rows = self.rows.get(name, 0)
                new = Segment(first if rows else 0, self._until if rows else 0, rows, partial.stat().st_size)
                renames[partial] = self._folder / name / new.name
                segments[name] = (*landed, new)
        publish(renames)
        return commit(self._folder, Landed(self._until, last_event_id, self._landed.fingerprint, segments))

    def _partial(self, name: str) -> Path:
        return self._folder / name / f"segment{UNFINISHED}"


def compact(folder: Path, landed: Landed) -> list[str]:
    """Merge the youngest segments of every table with more than MANY. Returns those tables."""
    segments, renames = dict(landed.segments), {}
    for name, many in landed.segments.items():
        if len(many) > MANY:
            kept, merged = _young(many)
            partial = folder / name / f"merged{UNFINISHED}"
            _merge([folder / name / segment.name for segment in merged], partial, tables()[name])
            first, last = max(merged[0].first, 1), merged[-1].last
            new = Segment(first, last, sum(segment.rows for segment in merged), partial.stat().st_size)
            renames[partial] = folder / name / segment_name(first, last)
            segments[name] = (*kept, new)
    if renames:
        publish(renames)
        commit(folder, Landed(landed.landed_to, landed.last_event_id, landed.fingerprint, segments))
    return [path.parent.name for path in renames.values()]


def _young(many: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Split into segments to keep and segments to merge: an old one is rewritten only with as many rows again.

    So a row is rewritten at most once per doubling of its table, however small the runs are.
    """
    start, rows = len(many) - 2, many[-1].rows + many[-2].rows
    while start > 0 and many[start - 1].rows <= rows:
        start -= 1
        rows += many[start].rows
    return many[:start], many[start:]


def _merge(sources: list[Path], target: Path, table: Table) -> None:
    with _closing(_writer(target, table)) as writer:
        held: list[pa.RecordBatch] = []
        for source in sources:
            with pq.ParquetFile(source) as file:
                for batch in file.iter_batches(batch_size=_MERGED_GROUP):
                    held.append(batch)
                    if sum(map(len, held)) >= _MERGED_GROUP:
                        writer.write_table(pa.Table.from_batches(held, table.arrow), row_group_size=2 * _MERGED_GROUP)
                        held = []
        if held:
            writer.write_table(pa.Table.from_batches(held, table.arrow))


@contextmanager
def _closing(writer: pq.ParquetWriter) -> Iterator[pq.ParquetWriter]:
    try:
        yield writer
    finally:
        writer.close()


def _writer(path: Path, table: Table) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path, table.arrow, compression="zstd", compression_level=1, write_page_checksum=True, store_schema=True
    )
