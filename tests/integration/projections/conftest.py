"""The log of a simulated chain, and what one undisturbed replay of it gives."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from event_store.feed import Feed, open_feed
from mymedic.clock import ManualClock
from mymedic.settings import Settings
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.generations import content_hash
from projections.keeper import Keeper
from tests.databases import new_database
from tests.integration.projections.afterlife import live_on
from tests.integration.projections.live import NOW
from tests.worlds import World


@pytest.fixture(scope="session")
def log(tiny_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    """Three tenants with every fault switched on, and what people did afterwards."""
    home = tmp_path_factory.mktemp("lived") / "home"
    shutil.copytree(tiny_world.home, home, ignore=shutil.ignore_patterns("truth", "landing", "warehouse", "builds"))
    settings = Settings(home=home)
    for tenant_id in tiny_world.report.tenants:
        live_on(settings, tenant_id)
    with open_feed(settings) as feed:
        yield feed


@pytest.fixture(scope="session")
def replayed(log: Feed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadDatabase]:
    """Every tenant's projections, folded in one go. Only to be read."""
    url = f"sqlite:///{tmp_path_factory.mktemp('replayed') / 'read.sqlite'}"
    database = open_read_database(url, ROWS)
    for tenant_id in log.tenants():
        Keeper(log, database, ManualClock(NOW), PROJECTIONS).drain(tenant_id)
    yield database
    database.close()


@pytest.fixture(scope="session")
def hashes(replayed: ReadDatabase, log: Feed) -> dict[str, dict[str, str]]:
    """Tenant -> table -> hash of its rows."""
    found = {}
    for tenant_id in log.tenants():
        with replayed.read(tenant_id) as reader:
            found[tenant_id] = {row.table: content_hash(reader, row, 1) for row in ROWS}
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def new_read_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], ReadDatabase]]:
    """Opens the same, at first empty, read database as often as asked: each time as another process would."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'read.sqlite'}"
    else:
        url = new_database(request.getfixturevalue("postgres_server"), request.node.nodeid)
    opened: list[ReadDatabase] = []

    def open_again() -> ReadDatabase:
        opened.append(open_read_database(url, ROWS))
        return opened[-1]

    yield open_again
    for database in opened:
        database.close()
