"""A rebuild in several processes gives what one process gives, and says where one of them came to a halt."""

from __future__ import annotations

import gc
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from event_store.feed import Feed
from event_store.ledger.sqlite import SqliteLedger
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.settings import Settings
from projections import sharing
from projections.catalogue import BY_NAME, PROJECTIONS
from projections.database import ReadDatabase
from projections.generations import rebuild
from projections.keeper import Keeper
from projections.sharing import Sharing, shared_out
from tests.integration.projections.live import NOW, smallest
from tests.integration.projections.test_conformance import Hashes, hashes_of

Open = Callable[[], ReadDatabase]


def settings_of(log: Feed, database: ReadDatabase) -> Settings:
    assert isinstance(log._ledger, SqliteLedger)
    return Settings(home=log._ledger.path.parent.parent, read_url=database.url)


def test_a_shared_rebuild_equals_one_undisturbed_replay(
    new_read_database: Open, log: Feed, hashes: Hashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "SHARED_FROM", 1)
    database, tenant_id, clock = new_read_database(), smallest(log), ManualClock(NOW)
    Keeper(log, database, clock, PROJECTIONS).drain(tenant_id)
    helpers, reached = Sharing(settings_of(log, database), processes=2), []
    rebuilt = rebuild(
        log, database, clock, tenant_id, PROJECTIONS, on_progress=lambda *at: reached.append(at), helpers=helpers
    )
    assert all(one.is_none for each in rebuilt for one in each.differences)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]
    assert reached[-1] == (log.head(tenant_id), log.head(tenant_id))


def test_where_a_process_comes_to_a_halt_it_is_said_and_what_is_read_stays(
    new_read_database: Open, log: Feed, hashes: Hashes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "SHARED_FROM", 1)
    database, tenant_id, clock = new_read_database(), smallest(log), ManualClock(NOW)
    Keeper(log, database, clock, PROJECTIONS).drain(tenant_id)
    nowhere = Settings(home=tmp_path / "empty", read_url="nowhere://")
    with pytest.raises(Refused) as refused:
        rebuild(log, database, clock, tenant_id, PROJECTIONS, helpers=Sharing(nowhere, processes=2))
    assert refused.value.code == "STORE_UNAVAILABLE"
    assert hashes_of(database, tenant_id) == hashes[tenant_id]


def test_a_process_that_is_told_to_stop_folds_no_further(
    new_read_database: Open, log: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, tenant_id = new_read_database(), smallest(log)
    Keeper(log, database, ManualClock(NOW), PROJECTIONS).advance(tenant_id, 1)
    is_stopping = get_context("spawn").Event()
    is_stopping.set()
    monkeypatch.setattr(sharing, "_STOPPING", [])
    sharing._heed(is_stopping)
    monkeypatch.setattr(gc, "disable", lambda: None)
    sharing._fold(settings_of(log, database), tenant_id, {PROJECTIONS[0].name: 1}, frozenset(), log.head(tenant_id))
    with database.read(tenant_id) as reader:
        assert {one.seq for one in reader.checkpoints()} == {1}


def test_shares_cost_about_as_much() -> None:
    shares = shared_out({"a": 90, "b": 50, "c": 40, "d": 0, "e": 0}, 2)
    assert shares == [["a", "d", "e"], ["b", "c"]]
    assert shared_out({"a": 1}, 4) == [["a"]]


def test_what_is_known_to_be_dear_is_a_projection() -> None:
    assert sharing.COST.keys() <= BY_NAME.keys()


def test_a_short_log_is_folded_here() -> None:
    assert not Sharing(Settings(), processes=2).helps_with(sharing.SHARED_FROM - 1, 12)
    assert not Sharing(Settings(), processes=1).helps_with(10**7, 12)
    assert not Sharing(Settings(), processes=2).helps_with(10**7, 1)
    assert Sharing(Settings(), processes=2).helps_with(sharing.SHARED_FROM, 2)
