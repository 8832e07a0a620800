"""Every test here runs on SQLite and on a real PostgreSQL; the database differs, the expectations do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from event_store.ledger import open_ledger
from event_store.retention.keys import Vault
from event_store.store import Store, assemble
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from tests.databases import new_database

START = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)


@dataclass
class Bench:
    """A store to test: where its ledger is, and a clock that the test moves."""

    url: str
    folder: Path
    clock: ManualClock
    store: Store

    def again(self) -> Store:
        """A second process's view: the same database, nothing shared in memory."""
        vault = Vault(self.folder / "keys.sqlite", bytes(32))
        return assemble(open_ledger(self.url), vault, self.clock, DerivedIds())

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Straight at the database, past the product."""
        if self.url.startswith("sqlite"):
            import sqlite3

            with sqlite3.connect(self.url.removeprefix("sqlite:///")) as connection:
                return connection.execute(statement, parameters).fetchall()
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(params=["sqlite", "postgres"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    server = request.getfixturevalue("postgres_server")
    yield new_database(server, request.node.nodeid)


@pytest.fixture
def bench(engine_url: str, tmp_path: Path) -> Iterator[Bench]:
    clock = ManualClock(START)
    vault = Vault(tmp_path / "keys.sqlite", bytes(32))
    store = assemble(open_ledger(engine_url), vault, clock, DerivedIds())
    yield Bench(engine_url, tmp_path, clock, store)
    store.close()
