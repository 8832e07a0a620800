"""A long log folded by several processes: each fills the building generations of a share of the projections."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event

from event_store.feed import open_feed
from mymedic.clock import SystemClock
from mymedic.settings import Settings
from projections.catalogue import BY_NAME, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.generations import OnProgress
from projections.keeper import Keeper

# Below so many events a process of its own takes longer to start than it helps.
SHARED_FROM = 100_000
_LOOKS_EVERY = 0.5
# Seconds that a million events of a chain take each of them alone, beyond reading (`bench views`); others take none.
COST = {
    "patient_timeline": 32,
    "doctor_schedule": 29,
    "clinic_calendar": 27,
    "portal_slots": 14,
    "payments_summary": 9,
    "followup_queue": 3,
}


@dataclass(frozen=True, slots=True)
class Sharing:
    """`projections.generations.Helpers` for an installation: as many processes as there are processors."""

    settings: Settings
    processes: int = os.cpu_count() or 1

    def helps_with(self, events: int, projections: int) -> bool:
        """Whether a log is long enough, and there is something to share."""
        return events >= SHARED_FROM and min(projections, self.processes) > 1

    def fold(
        self,
        database: ReadDatabase,
        tenant_id: str,
        generations: Mapping[str, int],
        left_out: frozenset[tuple[str, int]],
        until: int,
        on_progress: OnProgress,
    ) -> None:
        """Fold these (projection -> generation) up to a seq. What a process stumbles over is raised here."""
        shares = shared_out({name: COST.get(name, 0) for name in generations}, self.processes)
        # Not forked: a copy of this process would have its connections and none of its threads.
        context = get_context("spawn")
        is_stopping = context.Event()
        with ProcessPoolExecutor(len(shares), context, _heed, (is_stopping,)) as pool:
            running = [
                pool.submit(
                    _fold, self.settings, tenant_id, {name: generations[name] for name in share}, left_out, until
                )
                for share in shares
            ]
            try:
                while wait(running, _LOOKS_EVERY).not_done:
                    on_progress(_reached(database, tenant_id, generations), until)
            except BaseException:
                is_stopping.set()
                raise
        for one in running:
            one.result()
        on_progress(until, until)


def shared_out(costs: Mapping[str, int], processes: int) -> list[list[str]]:
    """Projections dealt out so that each share costs about as much, the dearest first."""
    shares: list[list[str]] = [[] for _ in range(min(processes, len(costs)))]
    for name in sorted(costs, key=lambda name: (-costs[name], name)):
        min(shares, key=lambda share: (sum(costs[one] for one in share), len(share))).append(name)
    return shares


def _reached(database: ReadDatabase, tenant_id: str, generations: Mapping[str, int]) -> int:
    """The seq of the slowest of these generations."""
    with database.read(tenant_id) as reader:
        there = [one.seq for one in reader.checkpoints() if generations.get(one.projection) == one.generation]
    return min(there, default=0)


_STOPPING: list[Event] = []  # of a process that folds a share: the one event that ends it early


def _heed(is_stopping: Event) -> None:
    _STOPPING.append(is_stopping)


def _fold(
    settings: Settings,
    tenant_id: str,
    generations: Mapping[str, int],
    left_out: frozenset[tuple[str, int]],
    until: int,
) -> None:
    gc.disable()  # between batches too, for all of this process ends with them
    with open_feed(settings) as feed, closing(open_read_database(settings.read_database_url, ROWS)) as database:
        projections = [BY_NAME[name] for name in generations]
        only = frozenset(generations.items())
        keeper = Keeper(feed, database, SystemClock(), projections, lambda _: left_out, only)
        while not _STOPPING[0].is_set() and keeper.advance(tenant_id, until).events:
            pass
