"""Whatever happens on the way, every projection ends with the rows of one undisturbed replay, on either database."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from event_store.feed import Feed
from mymedic.clock import ManualClock
from projections import keeper, streams, view
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase
from projections.generations import content_hash, rebuild
from projections.keeper import Keeper
from projections.projection import Projection
from tests.integration.projections.live import NOW, Crash, CrashingDatabase, ShakyFeed, smallest

Open = Callable[[], ReadDatabase]
Hashes = dict[str, dict[str, str]]


def hashes_of(
    database: ReadDatabase, tenant_id: str, projections: Sequence[Projection] = PROJECTIONS
) -> dict[str, str]:
    """Table -> hash of what is live."""
    with database.read(tenant_id) as reader:
        live = {one.projection: one.generation for one in reader.checkpoints() if one.state == "live"}
        return {row.table: content_hash(reader, row, live[one.name]) for one in projections for row in one.rows}


def test_every_projection_has_rows_in_the_simulated_chain(replayed: ReadDatabase, log: Feed) -> None:
    counted = dict.fromkeys((row.table for row in ROWS), 0)
    for tenant_id in log.tenants():
        with replayed.read(tenant_id) as reader:
            assert reader.parked() == []
            for row in ROWS:
                ((count,),) = reader.rows(f"SELECT count(*) FROM {row.table} WHERE tenant_id = ?", (tenant_id,))
                counted[row.table] += count
    assert [table for table, count in counted.items() if not count] == []


@pytest.mark.parametrize("seed", range(3))
def test_random_cuts_duplicates_and_restarts_change_nothing(
    seed: int, new_read_database: Open, log: Feed, hashes: Hashes
) -> None:
    draws = random.Random(seed)
    tenant_id = log.tenants()[seed]
    feed = ShakyFeed(log, draws)
    database = CrashingDatabase(new_read_database(), draws)
    kept = Keeper(feed, database, ManualClock(NOW), PROJECTIONS)
    while True:
        try:
            if not kept.advance(tenant_id).events and is_level(database, log, tenant_id):
                break
        except Crash:
            kept = Keeper(feed, database, ManualClock(NOW), PROJECTIONS)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]


def test_a_short_memory_changes_nothing(
    new_read_database: Open, log: Feed, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CAPACITY", 60)
    monkeypatch.setattr(view, "CAPACITY", 40)
    database, tenant_id = new_read_database(), smallest(log)
    Keeper(log, database, ManualClock(NOW), PROJECTIONS, batch=200).drain(tenant_id)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]


def test_what_is_not_foreseen_is_read_when_it_is_asked_for(
    new_read_database: Open, log: Feed, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "named_by", lambda events: {})
    database, tenant_id = new_read_database(), smallest(log)
    while Keeper(log, database, ManualClock(NOW), PROJECTIONS, batch=500).advance(tenant_id).events:
        pass
    assert hashes_of(database, tenant_id) == hashes[tenant_id]


def test_two_keepers_at_once_change_nothing(new_read_database: Open, log: Feed, hashes: Hashes) -> None:
    tenant_id = smallest(log)
    draws = random.Random(7)
    keepers = [Keeper(log, new_read_database(), ManualClock(NOW), PROJECTIONS, batch=700) for _ in range(2)]
    while any(one.advance(tenant_id).events for one in draws.sample(keepers, 2)):
        pass
    assert hashes_of(new_read_database(), tenant_id) == hashes[tenant_id]


def test_a_rebuild_finds_no_difference_and_is_swapped_in(new_read_database: Open, log: Feed, hashes: Hashes) -> None:
    database, tenant_id = new_read_database(), smallest(log)
    Keeper(log, database, ManualClock(NOW), PROJECTIONS).drain(tenant_id)
    rebuilt = rebuild(log, database, ManualClock(NOW), tenant_id, PROJECTIONS)
    assert all(one.is_none for each in rebuilt for one in each.differences)
    assert {each.generation for each in rebuilt} == {2}
    assert hashes_of(database, tenant_id) == hashes[tenant_id]


def is_level(database: ReadDatabase, log: Feed, tenant_id: str) -> bool:
    with database.read(tenant_id) as reader:
        found = reader.checkpoints()
    return bool(found) and all(one.seq == log.head(tenant_id) for one in found)
