"""The work between the feed and the segments: split by aggregate, parse, write; on a thread beside the reading one."""

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

# Rows that are split together; rows of one aggregate that are parsed together and make a row group; rows that may
# wait for that in memory. Larger ones are no faster, and this keeps 5M events under 1 GiB.
_SPLIT, _GROUP, _WAITING = 50_000, 100_000, 200_000


@cache
def _parser(aggregate: str) -> Parser:
    return Parser([table for table in tables().values() if table.aggregate == aggregate])


class Typesetter:
    """Takes batches in seq order. Reading holds Python's lock, parsing and writing hardly do: hence the thread."""

    def __init__(self, tenant_id: str, writer: SegmentWriter, patient_key: Callable[[str], str]) -> None:
        self._tenant_id = tenant_id
        self._writer = writer
        self._pseudonyms = Pseudonyms(patient_key)
        self._read: list[pa.RecordBatch] = []
        self._waiting: dict[str, list[pa.Table]] = {}
        self._running: deque[Future[None]] = deque()
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("set TimeZone = 'UTC'")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="landing")

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._connection.close()

    def take(self, batch: pa.RecordBatch) -> None:
        """Errors of earlier batches come out here or in `finish`."""
        self._read.append(batch)
        if sum(map(len, self._read)) >= _SPLIT:
            self._send()

    def finish(self) -> None:
        """Write all that waits."""
        self._send()
        self._running.append(self._thread.submit(self._flush, 0))
        while self._running:
            self._running.popleft().result()

    def _send(self) -> None:
        if self._read:
            while len(self._running) >= 2:
                self._running.popleft().result()
            self._running.append(self._thread.submit(self._set, self._read))
            self._read = []

    def _set(self, batches: list[pa.RecordBatch]) -> None:
        rows = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
        for aggregate, mine in by_aggregate(rows, self._tenant_id, self._pseudonyms):
            self._waiting.setdefault(aggregate, []).append(mine)
            if self._rows(aggregate) >= _GROUP:
                self._write(aggregate)
        self._flush(_WAITING)

    def _flush(self, allowed: int) -> None:
        while sum(map(self._rows, self._waiting)) > allowed:
            self._write(max(self._waiting, key=self._rows))

    def _rows(self, aggregate: str) -> int:
        return sum(map(len, self._waiting[aggregate]))

    def _write(self, aggregate: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(aggregate))
        for table, typed in _parser(aggregate).parse(self._connection, rows, self._pseudonyms):
            self._writer.write(table, typed)
