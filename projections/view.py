"""What a fold sees and changes: the rows of its projection, and every stream as of the event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timezone
from typing import Any, Protocol, cast

import msgspec

from mymedic.clock import INDIA, business_date, zone
from projections.row import R, Row, key_of
from projections.streams import Streams

Key = tuple[Any, ...]
# So many rows are remembered between batches; then all are forgotten and read again when wanted.
CAPACITY = 300_000


class Stored(Protocol):
    """The rows of one generation as the read database has them."""

    def get(self, row_class: type[Row], key: Key) -> Row | None: ...

    def where(self, row_class: type[Row], column: str, value: Any) -> Iterable[Row]: ...


class _Table:
    """The rows of one read model that a view remembers, and which of them are to be written."""

    def __init__(self, row_class: type[Row], is_complete: bool) -> None:
        self.row_class = row_class
        self.rows: dict[Key, Row | None] = {}
        self.dirty: dict[Key, None] = {}
        self.is_complete = is_complete  # every row of the generation is remembered
        self.known: set[tuple[str, Any]] = set()  # lookups that were read from the database
        self.found: dict[tuple[str, Any], dict[Key, None]] = {}

    def set(self, key: Key, row: Row | None) -> None:
        old = self.rows.get(key)
        for column in self.row_class.lookups:
            before = getattr(old, column) if old is not None else None
            after = getattr(row, column) if row is not None else None
            if old is not None and (row is None or before != after):
                self.found.get((column, before), {}).pop(key, None)
            if row is not None and (old is None or before != after):
                self.found.setdefault((column, after), {})[key] = None
        self.rows[key] = row


class View:
    """One projection of one tenant. Rows are frozen; a changed one is put anew.

    What an event changed is undone alone when its fold fails, so that a poison event leaves no half of a row behind.
    """

    def __init__(self, stored: Stored, streams: Streams, row_classes: Iterable[type[Row]]) -> None:
        self._stored = stored
        self._tables = {one: _Table(one, streams.seq == 0) for one in row_classes}
        self._undo: list[tuple[_Table, Key, Row | None]] = []
        self._seq = 0
        self.streams = streams
        self.tenant_id = streams.tenant_id

    # what folds use

    def get(self, row_class: type[R], *key: Any) -> R | None:
        """A row by its key."""
        table = self._tables[row_class]
        if key in table.rows:
            return cast("R | None", table.rows[key])
        found = None if table.is_complete else self._stored.get(row_class, key)
        table.set(key, found)
        return cast("R | None", found)

    def where(self, row_class: type[R], column: str, value: Any) -> list[R]:
        """The rows whose lookup column has a value, by key."""
        table = self._tables[row_class]
        if not table.is_complete and (column, value) not in table.known:
            for row in self._stored.where(row_class, column, value):
                key = key_of(row)
                if key not in table.rows:
                    table.set(key, row)
            table.known.add((column, value))
        return [cast(R, table.rows[key]) for key in sorted(table.found.get((column, value), ()))]

    def put(self, row: Row) -> None:
        """Keep a row; one that says nothing new stays as it is, with the seq that it had."""
        table = self._tables[type(row)]
        key = key_of(row)
        old = self.get(type(row), *key)
        if old is not None and old == msgspec.structs.replace(row, last_seq=old.last_seq):
            return
        self._change(table, key, msgspec.structs.replace(row, last_seq=self._seq))

    def delete(self, row_class: type[Row], *key: Any) -> None:
        if self.get(row_class, *key) is not None:
            self._change(self._tables[row_class], key, None)

    def state(self, aggregate: str, id: str) -> Any:
        """A stream as of this event."""
        return self.streams.state(aggregate, id)

    @property
    def tz(self) -> timezone:
        tenant = self.state("tenant", self.tenant_id)
        return zone(tenant.tz) if tenant.exists else INDIA

    def day(self, at: datetime) -> date:
        """The business date of an instant."""
        return business_date(at, self.tz)

    # what the keeper uses

    def begin(self, seq: int) -> None:
        """The fold of an event begins."""
        self._seq = seq
        self._undo.clear()

    def undo(self) -> None:
        """Forget what the present event has changed."""
        for table, key, old in reversed(self._undo):
            table.set(key, old)
        self._undo.clear()

    def changes(self) -> dict[type[Row], tuple[list[Row], list[Key]]]:
        """Per read model, the rows to be written and the keys to be deleted, in the order in which they changed."""
        found = {}
        for row_class, table in self._tables.items():
            if table.dirty:
                rows = [row for key in table.dirty if (row := table.rows[key]) is not None]
                gone = [key for key in table.dirty if table.rows[key] is None]
                found[row_class] = (rows, gone)
        return found

    def written(self) -> None:
        """The changes are in the database."""
        for row_class, table in self._tables.items():
            table.dirty.clear()
            if len(table.rows) > CAPACITY:
                self._tables[row_class] = _Table(row_class, is_complete=False)

    def _change(self, table: _Table, key: Key, row: Row | None) -> None:
        self._undo.append((table, key, table.rows.get(key)))
        table.set(key, row)
        table.dirty[key] = None
