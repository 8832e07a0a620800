"""Many rows in few statements: whatever their number, and however few parameters SQLite takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from event_store.ledger.together import Insert, insert_all

SUMS = Insert("sums", ("name", "paise"), " ON CONFLICT (name) DO UPDATE SET paise = excluded.paise")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE sums (name TEXT PRIMARY KEY, paise INTEGER)")
        yield connection


@pytest.mark.parametrize("limit", [2, 3, 17, 1_000, 32_766])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 600, 1_111])
def test_every_row_is_inserted_once(connection: sqlite3.Connection, count: int, limit: int) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, limit)
    rows = [(f"name {number}", number) for number in range(count)]
    insert_all(connection, SUMS, rows)
    assert connection.execute("SELECT name, paise FROM sums ORDER BY paise").fetchall() == rows


def test_rows_that_are_there_are_changed(connection: sqlite3.Connection) -> None:
    insert_all(connection, SUMS, [("one", 1), ("two", 2)])
    insert_all(connection, SUMS, [("three", 3), ("one", 100)])
    assert dict(connection.execute("SELECT name, paise FROM sums")) == {"one": 100, "two": 2, "three": 3}


def test_many_rows_are_few_statements(connection: sqlite3.Connection) -> None:
    said: list[str] = []
    connection.set_trace_callback(said.append)
    insert_all(connection, SUMS, [(f"name {number}", number) for number in range(1_024)])
    assert len(said) == 2
