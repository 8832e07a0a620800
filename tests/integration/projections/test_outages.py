"""Killed between any two steps, locked out, without a disk, cut off: afterwards it is as if nothing had been."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from event_store.feed import Feed
from event_store.ledger.file_lock import FileLock
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import open_read_database
from projections.database.sqlite import SqliteReadDatabase
from projections.keeper import Keeper
from tests.databases import new_database
from tests.integration.projections import dying
from tests.integration.projections.live import NOW, smallest
from tests.integration.projections.test_conformance import Hashes, hashes_of
from tests.worlds import World


@pytest.mark.parametrize("step", dying.STEPS)
def test_a_worker_that_is_killed_leaves_whole_batches(
    step: str, tiny_world: World, log: Feed, hashes: Hashes, tmp_path: Path
) -> None:
    path, tenant_id = tmp_path / "read.sqlite", smallest(log)
    command = [sys.executable, "-m", "tests.integration.projections.dying", str(tiny_world.home), str(path), step]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    database = open_read_database(f"sqlite:///{path}", ROWS)
    with database.read(tenant_id) as reader:
        (seq,) = {one.seq for one in reader.checkpoints()}
    assert seq in {batches * dying.BATCH for batches in dying.STEPS[step]}
    Keeper(log, database, ManualClock(NOW), PROJECTIONS).drain(tenant_id)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]
    database.close()


def test_a_locked_or_full_file_is_said_and_nothing_is_lost(log: Feed, hashes: Hashes, tmp_path: Path) -> None:
    path, tenant_id = tmp_path / "read.sqlite", smallest(log)
    open_read_database(f"sqlite:///{path}", ROWS).close()
    database = SqliteReadDatabase(path, lock_timeout=0.05)
    keeper = Keeper(log, database, ManualClock(NOW), PROJECTIONS, batch=300)
    assert keeper.is_level(tenant_id, keeper.advance(tenant_id).seq)
    other = FileLock(path)
    with other.held(), pytest.raises(Refused, match="STORE_LOCKED"):
        keeper.drain(tenant_id)
    other.close()
    assert keeper.is_level(tenant_id, keeper.advance(tenant_id).seq)
    ((pages,),) = database.file.writer.execute("PRAGMA page_count")
    database.file.writer.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Refused, match="STORE_FULL"):
        keeper.drain(tenant_id)
    database.file.writer.execute("PRAGMA max_page_count=1073741823")
    keeper.drain(tenant_id)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]
    database.close()


def test_a_server_that_goes_away_is_said_and_nothing_is_lost(
    log: Feed, hashes: Hashes, postgres_server: str, request: pytest.FixtureRequest
) -> None:
    url, tenant_id = new_database(postgres_server, request.node.nodeid), smallest(log)
    database = open_read_database(url, ROWS)
    keeper = Keeper(log, database, ManualClock(NOW), PROJECTIONS, batch=300)
    for _ in range(2):
        keeper.advance(tenant_id)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(Refused, match="STORE_UNAVAILABLE"):
            keeper.advance(tenant_id)
    keeper.drain(tenant_id)
    assert hashes_of(database, tenant_id) == hashes[tenant_id]
    database.close()
