"""A worker's rebuilds: begun by what lies in the database, made beside its rounds, given up when it leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from event_store.feed import Feed
from event_store.ledger import open_ledger
from event_store.ledger.append_only import REPLACING
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import ParkingLog
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from projections import payments_summary
from projections.database import ReadDatabase
from projections.database.access import Checkpoint
from projections.generations import Helpers, OnProgress, rebuild
from projections.keeper import Keeper
from projections.parking import LiveParking
from projections.worker import LOOKED_AFTER_EVERY, Live, LiveWorker
from tests.integration.projections.live import NOW, settle, smallest
from tests.integration.projections.test_conformance import Hashes, Open, hashes_of
from tests.integration.projections.test_swaps import GrowingFeed

PAYMENTS = (payments_summary.PROJECTION,)
NAME = payments_summary.PROJECTION.name
TABLE = payments_summary.PaymentsSummary.table


class SlowHelpers:
    """`projections.generations.Helpers` who fold nothing until they are let go."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def helps_with(self, events: int, projections: int) -> bool:
        return True

    def fold(
        self,
        database: ReadDatabase,
        tenant_id: str,
        generations: Mapping[str, int],
        left_out: frozenset[tuple[str, int]],
        until: int,
        on_progress: OnProgress,
    ) -> None:
        self.begun.set()
        while not self.may_go_on.wait(0.01):
            on_progress(0, until)


@contextmanager
def working(feed: Feed, database: ReadDatabase, tmp_path: Path, helpers: Helpers | None = None) -> Iterator[LiveWorker]:
    """A worker whose leases lie in a ledger of their own."""
    clock = ManualClock(NOW)
    ledger = open_ledger(f"sqlite:///{tmp_path / 'beside.sqlite'}")
    parking = LiveParking(database, ParkingLog(ledger, clock), feed.tenants)
    live = Live(feed, database, clock, parking, PAYMENTS, helpers)
    worker = LiveWorker(live, Leases(ledger, "worker", clock, ttl_seconds=3600), lambda: 0.0)
    yield worker
    worker.leave()
    ledger.close()


def later(worker: LiveWorker) -> None:
    """The rounds of some time, after which nothing is left to be done but what is under way."""
    clock = worker._live.clock
    assert isinstance(clock, ManualClock)
    clock.at += 2 * LOOKED_AFTER_EVERY
    while worker.round():
        clock.at += timedelta(milliseconds=1)


def live_of(database: ReadDatabase, tenant_id: str) -> Checkpoint:
    with database.read(tenant_id) as reader:
        live = reader.live(NAME)
    assert live is not None
    return live


def kept_while_a_body_was_replaced(log: Feed, database: ReadDatabase, tenant_id: str) -> None:
    """What a worker leaves that was killed after it had folded a replacement, and before it had rebuilt anything."""
    replaced = min(one.seq for one in log.read(tenant_id, 0, 100_000) if one.event_type in REPLACING)
    growing = GrowingFeed(log, replaced - 1)
    keeper = Keeper(growing, database, ManualClock(NOW), PAYMENTS)
    keeper.drain(tenant_id)
    assert live_of(database, tenant_id).stale_at is None
    growing.end = log.head(tenant_id)
    keeper.drain(tenant_id)
    assert (live_of(database, tenant_id).stale_at or 0) >= replaced


def test_what_a_replaced_body_said_is_made_anew_by_whoever_comes_next(
    new_read_database: Open, log: Feed, hashes: Hashes, tmp_path: Path
) -> None:
    tenant_id, database = smallest(log), new_read_database()
    kept_while_a_body_was_replaced(log, database, tenant_id)
    with working(log, new_read_database(), tmp_path) as worker:
        later(worker)
        settle(worker)
        later(worker)
    live = live_of(database, tenant_id)
    assert (live.generation, live.seq, live.stale_at) == (2, log.head(tenant_id), None)
    with database.read(tenant_id) as reader:
        assert [one.generation for one in reader.checkpoints()] == [2]
    assert hashes_of(database, tenant_id, PAYMENTS)[TABLE] == hashes[tenant_id][TABLE]


def test_a_rebuild_holds_up_nobody_and_what_is_read_goes_on_being_kept(
    new_read_database: Open, log: Feed, hashes: Hashes, tmp_path: Path
) -> None:
    tenant_id, database, helpers = smallest(log), new_read_database(), SlowHelpers()
    kept_while_a_body_was_replaced(log, database, tenant_id)
    with working(log, new_read_database(), tmp_path, helpers) as worker:
        later(worker)
        assert helpers.begun.wait(10)
        later(worker)
        for other in log.tenants():
            assert live_of(database, other).seq == log.head(other)
            assert hashes_of(database, other, PAYMENTS)[TABLE] == hashes[other][TABLE]
        assert live_of(database, tenant_id).generation == 1
        helpers.may_go_on.set()
        settle(worker)
        assert live_of(database, tenant_id).generation == 2


def test_a_worker_that_leaves_gives_a_rebuild_up_and_the_next_one_makes_it(
    new_read_database: Open, log: Feed, hashes: Hashes, tmp_path: Path
) -> None:
    tenant_id, database, helpers = smallest(log), new_read_database(), SlowHelpers()
    kept_while_a_body_was_replaced(log, database, tenant_id)
    with working(log, new_read_database(), tmp_path, helpers) as worker:
        later(worker)
        assert helpers.begun.wait(10)
    assert live_of(database, tenant_id).generation == 1
    with working(log, new_read_database(), tmp_path) as worker:
        later(worker)
        settle(worker)
    assert live_of(database, tenant_id).stale_at is None
    assert hashes_of(database, tenant_id, PAYMENTS)[TABLE] == hashes[tenant_id][TABLE]


def test_of_two_who_rebuild_the_same_the_later_one_goes_on(new_read_database: Open, log: Feed, hashes: Hashes) -> None:
    tenant_id, database, helpers = smallest(log), new_read_database(), SlowHelpers()
    clock = ManualClock(NOW)
    Keeper(log, database, clock, PAYMENTS).drain(tenant_id)
    outcome: list[str] = []

    def first() -> None:
        with pytest.raises(Refused) as refused:
            rebuild(log, new_read_database(), clock, tenant_id, PAYMENTS, helpers=helpers)
        outcome.append(refused.value.code)

    thread = threading.Thread(target=first)
    thread.start()
    assert helpers.begun.wait(10)
    (done,) = rebuild(log, database, clock, tenant_id, PAYMENTS)
    helpers.may_go_on.set()
    thread.join()
    assert outcome == ["VERSION_CONFLICT"]
    assert live_of(database, tenant_id).generation == done.generation
    assert hashes_of(database, tenant_id, PAYMENTS)[TABLE] == hashes[tenant_id][TABLE]
