"""The ledger on PostgreSQL: the tenant's head row is the lock; a group of commands takes three round trips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from sqlalchemy import Table

from event_store.ledger.columnar import Part, from_postgres
from event_store.ledger.connections import Connections
from event_store.ledger.isolation import EVERY_TENANT, SETTING, in_role, setting
from event_store.ledger.reads import Head, Reads
from event_store.ledger.schema import COMMAND_LOG, EVENT, GUARD, HEAD, TAG
from event_store.ledger.session import Ledger, Session, Unwritten

if TYPE_CHECKING:
    import pyarrow as pa

_FROM_JSON = {
    "BIGINT": "(r ->> {})::bigint",
    "INTEGER": "(r ->> {})::integer",
    "BLOB": "decode(r ->> {}, 'base64')",
    "TEXT": "r ->> {}",
}


def _insert_sql(table: Table) -> str:
    """Rows come as one JSON array of arrays: arrays of text for unnest cost psycopg ten times as much to write.

    Not executemany: that one enters psycopg's pipeline mode, which can hang.
    """
    names = ", ".join(column.name for column in table.columns)
    values = [_FROM_JSON[str(column.type)].format(index) for index, column in enumerate(table.columns)]
    return f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM jsonb_array_elements(%s::jsonb) AS r"


_WRITE = (
    "WITH"
    f" events AS ({_insert_sql(EVENT)}),"
    f" tags AS ({_insert_sql(TAG)}),"
    f" commands AS ({_insert_sql(COMMAND_LOG)}),"
    f" guards AS ({_insert_sql(GUARD)})"
    f" {_insert_sql(HEAD)} ON CONFLICT (tenant_id) DO UPDATE SET"
    " seq = excluded.seq, event_hash = excluded.event_hash, recorded_at = excluded.recorded_at"
)
_APPEND = _insert_sql(EVENT)
_REPLACE_BODY = (
    "UPDATE event SET payload = r ->> 0, pii = decode(r ->> 1, 'base64') FROM jsonb_array_elements(%s::jsonb) AS r"
    " WHERE event.tenant_id = r ->> 2 AND event.seq = (r ->> 3)::bigint"
)
_RELEASE = (
    "DELETE FROM guard USING jsonb_array_elements(%s::jsonb) AS r"
    " WHERE guard.tenant_id = r ->> 0 AND guard.kind = r ->> 1 AND guard.value = r ->> 2"
)
# Prepared by name, so that the BEGIN and the questions after it travel together and nothing is planned again.
# Two questions, not one: the second must see what was committed while the first waited for its lock.
_PREPARE = (
    "PREPARE lock_heads (text[]) AS SELECT tenant_id, seq, event_hash, recorded_at FROM head"
    " WHERE tenant_id = ANY($1) ORDER BY tenant_id FOR UPDATE;"
    " PREPARE answered (text, text[]) AS SELECT tenant_id, command_id, payload_sha256, ack FROM command_log"
    " WHERE tenant_id = $1 AND command_id = ANY($2)"
)
_NAME_TENANTS = f"SELECT set_config('{SETTING}', %s, true)"
_PLAIN: dict[str, str] = {}


def _plain(sql: str) -> str:
    """The statement with psycopg's placeholders; remembered, because the write path runs few distinct ones."""
    found = _PLAIN.get(sql)
    if found is None:
        found = _PLAIN[sql] = sql.replace("%", "%%").replace("?", "%s")
    return found


def _json(rows: Sequence[Any]) -> str:
    return msgspec.json.encode(rows).decode()


class PostgresReads(Reads):
    among = "= ANY(?)"

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._named: set[str] = set()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._name_tenant_of(parameters)
        return self._connection.execute(_plain(sql), parameters).fetchall()  # type: ignore[arg-type]

    def _name_tenant_of(self, parameters: Sequence[Any]) -> None:
        """The tenant is every statement's first parameter; one without parameters asks about all tenants."""
        tenant_id = parameters[0] if parameters else EVERY_TENANT
        if tenant_id not in self._named:
            self._named.add(tenant_id)
            self._connection.execute(_NAME_TENANTS, (setting(self._named),))

    def values(self, values: Sequence[str] | Sequence[int]) -> list[Any]:
        return list(values)


class PostgresSession(PostgresReads, Session):
    """Begins with its first statement, so that the locks can travel with the BEGIN."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        PostgresReads.__init__(self, connection)
        Session.__init__(self)
        self._has_begun = False

    def open(self, commands: Mapping[str, Sequence[str]]) -> dict[str, Head | None]:
        if self._has_begun or not commands:
            return super().open(commands)
        self._has_begun = True
        text = psycopg.pq.Escaping(self._connection.pgconn).escape_literal

        def array(values: Iterable[str]) -> str:
            return f"ARRAY[{', '.join(text(value.encode()).decode() for value in values)}]"

        self._named.update(commands)
        named = text(setting(commands).encode()).decode()
        questions = [f"BEGIN; SET LOCAL {SETTING} = {named}; EXECUTE lock_heads ({array(commands)})"]
        for tenant_id, command_ids in commands.items():
            questions.append(f"EXECUTE answered ({text(tenant_id.encode()).decode()}, {array(command_ids)})")
        with self._connection.cursor() as cursor:
            cursor.execute("; ".join(questions).encode())
            cursor.nextset()
            cursor.nextset()
            heads = {tenant_id: Head(*head) for tenant_id, *head in cursor.fetchall()}
            answered: list[tuple[Any, ...]] = []
            while cursor.nextset():
                answered += cursor.fetchall()
            self.expect(commands, answered)
        return {tenant_id: self.taken_up(tenant_id, heads.get(tenant_id)) for tenant_id in sorted(commands)}

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._begin()
        return super().rows(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._begin()
        self._name_tenant_of(parameters)
        self._connection.execute(_plain(sql), parameters)  # type: ignore[arg-type]

    def _begin(self) -> None:
        if not self._has_begun:
            self._connection.execute("BEGIN")
            self._has_begun = True

    def lock(self, tenant_id: str) -> Head | None:
        found = self.rows("SELECT seq, event_hash, recorded_at FROM head WHERE tenant_id = ? FOR UPDATE", (tenant_id,))
        return Head(*found[0]) if found else None

    def write(self, rows: Unwritten) -> None:
        self._begin()
        if rows.released:
            # A statement of its own: within one, an insert does not see that a key was deleted.
            self._connection.execute(_RELEASE, (_json(rows.released),))
        events = rows.events
        if rows.replaced:
            self._connection.execute(_APPEND.encode(), [_json(events)])
            self._connection.execute(_REPLACE_BODY, [_json(rows.replaced)])
            events = []
        heads = [(tenant_id, *head) for tenant_id, head in rows.heads.items()]
        parts = (events, rows.tags, rows.commands, rows.guards, heads)
        self._connection.execute(_WRITE, [_json(part) for part in parts])


class PostgresLedger(Ledger):
    outages = (psycopg.OperationalError, psycopg.errors.UniqueViolation)

    def __init__(self, url: str) -> None:
        self.url = url
        self._connections = Connections(in_role(url), "the event store", _PREPARE)

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Session]:
        with self._connections.writing() as connection:
            session = PostgresSession(connection)
            yield session
            session.flush()

    @contextmanager
    def read(self) -> Iterator[Reads]:
        with self._connections.reading() as connection:
            yield PostgresReads(connection)

    def scan(self, sql: str, parameters: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        with closing(self._connections.connect()) as connection, connection.transaction():
            connection.execute(_NAME_TENANTS, (parameters[0],))
            with connection.cursor("scan") as cursor:
                cursor.itersize = size
                cursor.execute(_plain(sql), parameters)
                while rows := cursor.fetchmany(size):
                    yield rows

    def scan_columnar(self, part: Part, size: int) -> Iterator[pa.RecordBatch]:
        return from_postgres(self.url, part)

    def close(self) -> None:
        self._connections.close()
