"""Open a read database by URL, with the tables that today's projections need."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateColumn

from event_store.ledger.file_lock import FileLock
from mymedic.errors import Refused
from projections.database.access import ReadDatabase
from projections.database.postgres import SCHEMA, PostgresReadDatabase, prepare
from projections.database.schema import METADATA, table_of
from projections.database.sqlite import SqliteReadDatabase
from projections.row import Row


def open_read_database(url: str, row_classes: Iterable[type[Row]]) -> ReadDatabase:
    """`sqlite:////absolute/file` or `postgresql://…`; tables and columns that are missing are made."""
    for row_class in row_classes:
        table_of(row_class)
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        database = SqliteReadDatabase(path)
        lock = FileLock(path)
        with lock.held():
            _create(url)
        lock.close()
        return database
    if url.startswith(("postgresql://", "postgres://")):
        prepare(url)
        _create("postgresql+psycopg://" + url.split("://", 1)[1], SCHEMA)
        return PostgresReadDatabase(url)
    raise Refused("STORE_UNAVAILABLE", "the read database's URL must begin with sqlite:/// or postgresql://", url=url)


def _create(url: str, schema: str | None = None) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        new = set(METADATA.tables)
        if schema is not None:
            # Two processes that start at once: one makes the tables, the other finds them.
            connection.execute(text("SELECT pg_advisory_xact_lock(7300218)"))
            connection.execute(text(f"SET LOCAL search_path = {schema}"))
        new -= set(inspect(connection).get_table_names(schema=schema))
        METADATA.create_all(connection)
        _add_columns(connection, set(METADATA.tables) - new, schema)
        if schema is not None:
            from event_store.ledger.isolation import isolate

            for statement in isolate([METADATA.tables[name] for name in sorted(new)]):
                connection.execute(text(statement))
    engine.dispose()


def _add_columns(connection: Connection, tables: set[str], schema: str | None) -> None:
    """A column that a newer version of a read model has; older generations have nothing in it."""
    for name in sorted(tables):
        table = METADATA.tables[name]
        there = {column["name"] for column in inspect(connection).get_columns(name, schema=schema)}
        for column in table.columns:
            if column.name not in there:
                definition = CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(text(f"ALTER TABLE {name} ADD COLUMN {definition}"))
        for index in table.indexes:
            index.create(connection, checkfirst=True)
