"""Writes what a batch has changed together with the checkpoints, all or nothing, and beside the next fold."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from projections.database import ReadDatabase
from projections.database.access import Parked
from projections.view import Changes, View


class Overtaken(Exception):
    """Somebody else has moved a checkpoint: what is remembered of the tenant is out of date."""


class Batch(NamedTuple):
    """What one batch has changed, of all projections that folded it."""

    generations: list[tuple[str, int]]
    from_seq: int
    to_seq: int
    changes: list[tuple[int, Changes]]  # (generation, what changed)
    parked: list[Parked]
    stale: list[tuple[str, int]]  # of the generations, those that have folded bodies which were replaced now
    views: list[View]

    def written(self) -> None:
        for view in self.views:
            view.written()


class Batches:
    """Those of each tenant in order, each written before the next.

    While more is to come, one is on its way as the next is folded; its error comes out when it is settled.
    """

    def __init__(self, database: ReadDatabase) -> None:
        self._database = database
        self._pool = ThreadPoolExecutor(1, "live-writer")
        self._on_their_way: dict[str, tuple[Batch, Future[None]]] = {}

    def write(self, tenant_id: str, batch: Batch, more_to_come: bool) -> None:
        """Overtaken when somebody else has moved a checkpoint meanwhile."""
        if more_to_come:
            self._on_their_way[tenant_id] = batch, self._pool.submit(self._write, tenant_id, batch)
        else:
            self._write(tenant_id, batch)
            batch.written()

    def settle(self, tenant_id: str) -> None:
        """Wait for the batch that is on its way, if one is."""
        if tenant_id in self._on_their_way:
            batch, writing = self._on_their_way[tenant_id]
            writing.result()
            del self._on_their_way[tenant_id]
            batch.written()

    def forget(self, tenant_id: str) -> None:
        """Whether the batch that is on its way arrives is for those to see who read everything anew."""
        if tenant_id in self._on_their_way:
            _, writing = self._on_their_way.pop(tenant_id)
            wait([writing])

    def _write(self, tenant_id: str, batch: Batch) -> None:
        with self._database.write(tenant_id) as writer:
            if not writer.advance(batch.generations, batch.from_seq, batch.to_seq):
                raise Overtaken
            for generation, changes in batch.changes:
                for row_class, (rows, gone) in changes.items():
                    if rows:
                        writer.upsert(row_class, generation, rows)
                    if gone:
                        writer.delete(row_class, generation, gone)
            for parked in batch.parked:
                writer.park(parked)
            writer.mark_stale(batch.stale, batch.to_seq)
