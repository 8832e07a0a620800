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

# Rows that are split together; rows of one aggregate that are parsed together and make a row group; rows that may
# wait for that in memory. Larger ones are no faster, and this keeps 5M events under 1 GiB.
_SPLIT, _GROUP, _WAITING = 50_000, 100_000, 200_000
# Pieces that one thread may be ahead of the next: more would only take memory.
_AHEAD = 1


@cache
def _parser(aggregate: str) -> Parser:
    return Parser([table for table in tables().values() if table.aggregate == aggregate])


class Typesetter:
    """Takes batches in seq order. Reading holds Python's lock, splitting and parsing hardly do: a thread for each."""

    def __init__(self, tenant_id: str, writer: SegmentWriter, patient_key: Callable[[str], str]) -> None:
        self._tenant_id = tenant_id
        self._writer = writer
        self._pseudonyms = Pseudonyms(patient_key)
        self._read: list[pa.RecordBatch] = []
        self._waiting: dict[str, list[pa.Table]] = {}
        self._splitting: deque[Future[None]] = deque()
        self._parsing: deque[Future[None]] = deque()
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("set TimeZone = 'UTC'")
        self._splitter = ThreadPoolExecutor(1, thread_name_prefix="landing-split")
        self._parser = ThreadPoolExecutor(1, thread_name_prefix="landing-parse")

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(self, *_: object) -> None:
        self._splitter.shutdown(cancel_futures=True)
        self._parser.shutdown(cancel_futures=True)
        self._connection.close()
        pa.default_memory_pool().release_unused()  # what comes after the landing has a use for it

    def take(self, batch: pa.RecordBatch) -> None:
        """Errors of earlier batches come out here or in `finish`."""
        self._read.append(batch)
        if sum(map(len, self._read)) >= _SPLIT:
            self._send()

    def finish(self) -> None:
        """Write all that waits."""
        self._send()
        self._splitting.append(self._splitter.submit(self._flush, 0))
        _wait(self._splitting, 0)
        _wait(self._parsing, 0)

    def _send(self) -> None:
        if self._read:
            _wait(self._splitting, _AHEAD)
            self._splitting.append(self._splitter.submit(self._split, self._read))
            self._read = []

    def _split(self, batches: list[pa.RecordBatch]) -> None:
        rows = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
        for aggregate, mine in by_aggregate(rows, self._tenant_id, self._pseudonyms):
            self._waiting.setdefault(aggregate, []).append(mine)
            if self._rows(aggregate) >= _GROUP:
                self._pass_on(aggregate)
        self._flush(_WAITING)

    def _flush(self, allowed: int) -> None:
        while sum(map(self._rows, self._waiting)) > allowed:
            self._pass_on(max(self._waiting, key=self._rows))

    def _rows(self, aggregate: str) -> int:
        return sum(map(len, self._waiting[aggregate]))

    def _pass_on(self, aggregate: str) -> None:
        _wait(self._parsing, _AHEAD)
        self._parsing.append(self._parser.submit(self._write, aggregate, self._waiting.pop(aggregate)))

    def _write(self, aggregate: str, waiting: list[pa.Table]) -> None:
        rows = pa.concat_tables(waiting)
        for table, typed in _parser(aggregate).parse(self._connection, rows, self._pseudonyms):
            self._writer.write(table, typed)


def _wait(running: deque[Future[None]], allowed: int) -> None:
    """Until no more than so many are under way; the error of one that failed comes out here."""
    while len(running) > allowed:
        running.popleft().result()
