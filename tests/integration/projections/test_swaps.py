"""Rebuilds beside what is read, under live traffic: whoever reads sees one generation whole, at one seq."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container
from dataclasses import replace
from itertools import pairwise

import msgspec

from event_store.aggregates.payment.events import EVENTS, PaymentCaptured
from event_store.feed import Feed
from event_store.recorded import Passed, Recorded
from mymedic.clock import ManualClock
from projections import payments_summary
from projections.database import ReadDatabase
from projections.generations import KEPT_FOR, Rebuilt, content_hash, prune, rebuild
from projections.keeper import Keeper
from projections.payments_summary import PaymentsSummary
from projections.projection import Projection
from projections.view import View
from tests.integration.projections.live import NOW, smallest
from tests.integration.projections.test_conformance import Hashes, Open, hashes_of

PAYMENTS = (payments_summary.PROJECTION,)
TABLE = PaymentsSummary.table


class GrowingFeed(Feed):
    """A log of which more and more is there."""

    def __init__(self, feed: Feed, end: int) -> None:
        super().__init__(feed._ledger, feed._pasts)
        self.end = end

    def head(self, tenant_id: str) -> int:
        return min(self.end, super().head(tenant_id))

    def read_wanted(
        self, tenant_id: str, after_seq: int, limit: int, wanted: Container[str]
    ) -> list[Recorded | Passed]:
        return super().read_wanted(tenant_id, after_seq, max(0, min(limit, self.end - after_seq)), wanted)


def captured_by(log: Feed, tenant_id: str) -> list[int]:
    """Paise captured up to each seq."""
    found = [0]
    for event in log.read(tenant_id, 0, 10**6):
        found.append(found[-1] + (event.event.amount_paise if isinstance(event.event, PaymentCaptured) else 0))
    return found


class Traffic:
    """The log grows and is folded by one worker while the test does something else; a reader looks all the time."""

    def __init__(self, log: Feed, tenant_id: str, open_again: Open, projections: tuple[Projection, ...]) -> None:
        self.feed = GrowingFeed(log, 500)
        self.tenant_id = tenant_id
        self.seen: list[tuple[int, int]] = []
        self.wrong: list[tuple[int, int]] = []
        self._open = open_again
        self._projections = projections
        self._right = captured_by(log, tenant_id)
        self._stopping = threading.Event()
        self._failed: list[BaseException] = []

    def __enter__(self) -> Traffic:
        Keeper(self.feed, self._open(), ManualClock(NOW), self._projections).drain(self.tenant_id)
        self._threads = [threading.Thread(target=self._run, args=(work,)) for work in (self._keep, self._read)]
        self._read(self._open())
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._read(self._open())
        assert self._failed == []

    def _run(self, work: Callable[[ReadDatabase], None]) -> None:
        database = self._open()
        try:
            while not self._stopping.is_set():
                work(database)
        except BaseException as error:
            self._failed.append(error)

    def _keep(self, database: ReadDatabase) -> None:
        keeper = Keeper(self.feed, database, ManualClock(NOW), self._projections, batch=40)
        while not self._stopping.is_set() and self.feed.end < len(self._right) - 1:
            self.feed.end += 40
            keeper.drain(self.tenant_id)
        self._stopping.wait(0.01)

    def _read(self, database: ReadDatabase) -> None:
        with database.read(self.tenant_id) as reader:
            live = reader.live(PAYMENTS[0].name)
            assert live is not None
            ((captured,),) = reader.rows(
                f"SELECT CAST(COALESCE(SUM(captured_paise), 0) AS BIGINT) FROM {TABLE}"
                " WHERE tenant_id = ? AND generation = ?",
                (self.tenant_id, live.generation),
            )
        self.seen.append((live.generation, live.seq))
        if captured != self._right[live.seq]:
            self.wrong.append((live.generation, live.seq))


def test_a_full_rebuild_under_live_traffic_has_no_wrong_and_no_missing_read(
    new_read_database: Open, log: Feed, hashes: Hashes
) -> None:
    tenant_id = smallest(log)
    with Traffic(log, tenant_id, new_read_database, PAYMENTS) as traffic:
        done = [
            one
            for _ in range(3)
            for one in rebuild(traffic.feed, new_read_database(), ManualClock(NOW), tenant_id, PAYMENTS)
        ]
    assert [one.generation for one in done] == [2, 3, 4]
    assert all(difference.is_none for one in done for difference in one.differences)
    assert traffic.wrong == []
    assert {generation for generation, _ in traffic.seen} >= {1, 4}
    assert all(earlier <= later for earlier, later in pairwise(seq for _, seq in traffic.seen))
    traffic.feed.end = 10**9
    database = new_read_database()
    Keeper(log, database, ManualClock(NOW), PAYMENTS).drain(tenant_id)
    assert hashes_of(database, tenant_id, PAYMENTS)[TABLE] == hashes[tenant_id][TABLE]


def test_a_new_version_is_built_beside_the_old_one_and_read_from_one_moment_on(
    new_read_database: Open, log: Feed
) -> None:
    tenant_id, old = smallest(log), PAYMENTS[0]

    def named_anew(event: Recorded, happened: object, view: View) -> None:
        old.folds[type(event.event)](event, happened, view)
        row = view.get(PaymentsSummary, event.stream_id.removeprefix("payment-"))
        if row is not None and row.gateway is None:
            view.put(msgspec.structs.replace(row, gateway="none"))

    new = replace(old, version=old.version + 1, folds={**old.folds, **dict.fromkeys(EVENTS, named_anew)})
    with Traffic(log, tenant_id, new_read_database, PAYMENTS) as traffic:
        (done,) = rebuild(traffic.feed, new_read_database(), ManualClock(NOW), tenant_id, (new,))
    assert traffic.wrong == []
    (difference,) = done.differences
    assert (difference.added, difference.removed) == (0, 0)
    database = new_read_database()
    with database.read(tenant_id) as reader:
        live = reader.live(old.name)
        assert live is not None and live.code_version == new.version
        ((unnamed,),) = reader.rows(
            f"SELECT count(*) FROM {TABLE} WHERE tenant_id = ? AND generation = ? AND gateway = 'none'",
            (tenant_id, done.generation),
        )
    assert unnamed >= difference.changed > 0  # more has come since they were compared
    # the old program keeps its hands off what it does not know; the new one goes on
    assert Keeper(log, database, ManualClock(NOW), PAYMENTS).drain(tenant_id) == 0
    Keeper(log, database, ManualClock(NOW), (new,)).drain(tenant_id)
    with database.read(tenant_id) as reader:
        live = reader.live(old.name)
    assert live is not None and live.seq == log.head(tenant_id)


def test_restore_after_a_bug_names_what_was_wrong_and_keeps_it_for_a_week(
    new_read_database: Open, log: Feed, hashes: Hashes
) -> None:
    tenant_id, right = smallest(log), PAYMENTS[0]

    def with_a_bug(event: Recorded, happened: object, view: View) -> None:
        if event.seq % 7:
            right.folds[type(event.event)](event, happened, view)

    database, clock = new_read_database(), ManualClock(NOW)
    Keeper(log, database, clock, (replace(right, folds=dict.fromkeys(right.folds, with_a_bug)),)).drain(tenant_id)
    with database.read(tenant_id) as reader:
        wrong = content_hash(reader, PaymentsSummary, 1)
    restored: list[Rebuilt] = rebuild(log, database, clock, tenant_id, PAYMENTS)
    (difference,) = restored[0].differences
    assert difference.changed > 0 and difference.examples[0].split()[0] in ("added", "changed")
    assert hashes_of(database, tenant_id, PAYMENTS)[TABLE] == hashes[tenant_id][TABLE]
    clock.move_to(NOW + KEPT_FOR / 2)
    assert prune(database, clock, tenant_id, PAYMENTS) == 0
    with database.read(tenant_id) as reader:
        assert content_hash(reader, PaymentsSummary, 1) == wrong
    clock.move_to(NOW + KEPT_FOR)
    assert prune(database, clock, tenant_id, PAYMENTS) == 1
    with database.read(tenant_id) as reader:
        assert reader.select(PaymentsSummary, 1) == []
