"""Feeds and databases that behave as badly as real ones may, each disturbance drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from datetime import UTC, datetime

from event_store.feed import Feed
from event_store.recorded import Passed, Recorded
from projections.database import ReadDatabase, Reader, Writer
from projections.worker import LiveWorker

NOW = datetime(2060, 1, 1, tzinfo=UTC)  # after everything in the simulated log


def smallest(feed: Feed) -> str:
    """The tenant with the shortest log."""
    return feed.heads()[-1][0]


def settle(worker: LiveWorker) -> None:
    """Wait for the rebuilds that a worker has begun; its next round sees what became of them."""
    wait(worker._rebuilds._begun.values())


class Crash(Exception):
    """The process has died here."""


class ShakyFeed(Feed):
    """Delivers again what was delivered, out of order, and less than was asked for."""

    def __init__(self, feed: Feed, draws: random.Random) -> None:
        super().__init__(feed._ledger, feed._pasts)
        self._draws = draws

    def read_wanted(
        self, tenant_id: str, after_seq: int, limit: int, wanted: Container[str]
    ) -> list[Recorded | Passed]:
        again = self._draws.randrange(5) if after_seq else 0
        count = min(limit, self._draws.randint(1, 900))
        events = super().read_wanted(tenant_id, max(0, after_seq - again), count + again, wanted)
        if self._draws.random() < 0.3:
            self._draws.shuffle(events)
        return events


class CrashingDatabase(ReadDatabase):
    """Dies before, within and after its transactions."""

    def __init__(self, database: ReadDatabase, draws: random.Random) -> None:
        self._database = database
        self._draws = draws
        self.url = database.url

    @contextmanager
    def read(self, tenant_id: str) -> Iterator[Reader]:
        with self._database.read(tenant_id) as reader:
            yield reader

    @contextmanager
    def write(self, tenant_id: str) -> Iterator[Writer]:
        moment = self._draws.choice(["before", "within", "after", *["never"] * 9])
        if moment == "before":
            raise Crash
        with self._database.write(tenant_id) as writer:
            yield writer
            if moment == "within":
                raise Crash
        if moment == "after":
            raise Crash

    def analyze(self) -> None:
        self._database.analyze()

    def close(self) -> None:
        self._database.close()
