"""The work between the feed and the segments: split by aggregate, parse, write; on threads beside the reading one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import duckdb
import pyarrow as pa

from pipelines.landing.parse import Parser
from pipelines.landing.pseudonyms import Pseudonyms
from pipelines.landing.rows import by_aggregate
from pipelines.landing.schema import tables
from pipelines.landing.segments import SegmentWriter

# Rows of one aggregate that are parsed together and make a row group, and rows that may wait in memory altogether.
_GROUP, _WAITING = 100_000, 200_000
_THREADS = 2


@cache
def _parser(aggregate: str) -> Parser:
    return Parser([table for table in tables().values() if table.aggregate == aggregate])


class Typesetter:
    """Takes batches in seq order; rows wait until there are enough of an aggregate for one parse and one row group.

    Two groups are parsed at a time, each on its own connection; those of one aggregate are written in order.
    """

    def __init__(self, writer: SegmentWriter, patient_key: Callable[[str], str]) -> None:
        self._writer = writer
        self._pseudonyms = Pseudonyms(patient_key)
        self._waiting: dict[str, list[pa.Table]] = {}
        self._running: deque[Future[None]] = deque()
        self._latest: dict[str, Future[None]] = {}
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("set global TimeZone = 'UTC'")
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="landing")

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._connection.close()

    def take(self, tenant_id: str, batch: pa.RecordBatch) -> None:
        for aggregate, rows in by_aggregate(batch, tenant_id, self._pseudonyms):
            self._waiting.setdefault(aggregate, []).append(rows)
            if self._rows(aggregate) >= _GROUP:
                self._send(aggregate)
        while sum(map(self._rows, self._waiting)) > _WAITING:
            self._send(max(self._waiting, key=self._rows))

    def finish(self) -> None:
        """Write what waits; errors of the threads come out here or in `take`."""
        for aggregate in list(self._waiting):
            self._send(aggregate)
        while self._running:
            self._running.popleft().result()

    def _rows(self, aggregate: str) -> int:
        return sum(map(len, self._waiting[aggregate]))

    def _send(self, aggregate: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(aggregate))
        while len(self._running) >= _THREADS:
            self._running.popleft().result()
        task = self._pool.submit(self._set, aggregate, rows, self._latest.get(aggregate))
        self._latest[aggregate] = task
        self._running.append(task)

    def _set(self, aggregate: str, rows: pa.Table, before: Future[None] | None) -> None:
        with self._connection.cursor() as connection:
            parsed = list(_parser(aggregate).parse(connection, rows, self._pseudonyms))
        if before is not None:
            before.result()
        for table, typed in parsed:
            self._writer.write(table, typed)
