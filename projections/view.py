"""What a fold sees and changes: the rows of its projection, and every stream as of the event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, cast

from msgspec.structs import force_setattr

from mymedic.clock import INDIA, business_date, zone
from projections.foresight import ROWS_BY, Named
from projections.row import R, Row, key_reader
from projections.streams import Streams

if TYPE_CHECKING:
    from projections.projection import Projection

Key = tuple[Any, ...]
# Per read model, the rows to be written and the keys to be deleted, in the order in which they changed.
Changes = dict[type[Row], tuple[list[Row], list[Key]]]
# So many rows of a table are remembered between batches; then half of them, the oldest, are read again when wanted.
CAPACITY = 500_000


class Stored(Protocol):
    """The rows of one generation as the read database has them."""

    def get(self, row_class: type[Row], key: Key) -> Row | None: ...

    def where(self, row_class: type[Row], column: str, value: Any) -> Iterable[Row]: ...

    def among(self, row_class: type[Row], column: str, ids: Sequence[str]) -> Iterable[Row]: ...


class _Table:
    """The rows of one read model that a view remembers, and which of them are to be written."""

    def __init__(self, row_class: type[Row], is_complete: bool) -> None:
        self.row_class = row_class
        self.key_of = key_reader(row_class)
        self.rows: dict[Key, Row | None] = {}
        self.dirty: dict[Key, None] = {}
        self.passing: list[Key] = []  # to be forgotten as soon as they are written
        self.leaving: list[Key] = []  # those of them that are being written
        self.is_complete = is_complete  # every row of the generation is remembered
        self.known: set[tuple[str, Any]] = set()  # lookups of which every row is remembered
        self.found: dict[tuple[str, Any], dict[Key, None]] = {}

    def set(self, key: Key, row: Row | None) -> None:
        old = self.rows.get(key)
        for column in self.row_class.lookups:
            before = getattr(old, column, None)
            after = getattr(row, column, None)
            if before != after:  # nobody looks for rows that have nothing there
                if before is not None:
                    self._unlink((column, before), key)
                if after is not None:
                    self.found.setdefault((column, after), {})[key] = None
        self.rows[key] = row

    def _unlink(self, lookup: tuple[str, Any], key: Key) -> None:
        there = self.found[lookup]
        del there[key]
        if not there:
            del self.found[lookup]

    def forget(self, keys: Iterable[Key]) -> None:
        """Let go of rows that the database has; a changed one it has not. A lookup that one of them belongs to is read
        again when wanted.
        """
        if self.is_complete:
            self.is_complete = False
            self.known = set(self.found)
        for key in keys:
            if key in self.dirty:
                continue
            row = self.rows.pop(key, None)
            if row is None:
                continue
            for column in self.row_class.lookups:
                if (value := getattr(row, column)) is not None:
                    self.known.discard((column, value))
                    self._unlink((column, value), key)


class View:
    """One projection of one tenant. Rows are frozen; a changed one is put anew.

    What an event changed is undone alone when its fold fails, so that a poison event leaves no half of a row behind.
    """

    def __init__(self, stored: Stored, streams: Streams, projection: Projection) -> None:
        self._stored = stored
        self._looks_at = projection.looks_at
        self._tables = {one: _Table(one, streams.seq == 0) for one in projection.rows}
        self._undo: list[tuple[_Table, Key, Row | None]] = []
        self._seq = 0
        self.streams = streams
        self.tenant_id = streams.tenant_id

    # what folds use

    def get(self, row_class: type[R], *key: Any) -> R | None:
        """A row by its key."""
        return cast("R | None", self._get(self._tables[row_class], key))

    def _get(self, table: _Table, key: Key) -> Row | None:
        if key in table.rows:
            return table.rows[key]
        if table.is_complete:
            return None
        found = self._stored.get(table.row_class, key)
        table.set(key, found)
        return found

    def where(self, row_class: type[R], column: str, value: Any) -> list[R]:
        """The rows whose lookup column has a value, by key."""
        table = self._tables[row_class]
        if not table.is_complete and (column, value) not in table.known:
            for row in self._stored.where(row_class, column, value):
                key = table.key_of(row)
                if key not in table.rows:
                    table.set(key, row)
            table.known.add((column, value))
        return [cast(R, table.rows[key]) for key in sorted(table.found.get((column, value), ()))]

    def put(self, row: Row) -> None:
        """Keep a row; one that says nothing new stays as it is, with the seq that it had."""
        table = self._tables[type(row)]
        key = table.key_of(row)
        old = self._get(table, key)
        if old is not None:
            if old is row:
                return
            # Set in place, for the row is the view's from here on: copies were a third of what putting costs.
            force_setattr(row, "last_seq", old.last_seq)
            if old == row:
                return
        force_setattr(row, "last_seq", self._seq)
        self._change(table, key, row)

    def add(self, row: Row, *, is_remembered: bool = True) -> None:
        """Keep a row that cannot be there yet: its key names what begins with this event.

        Not remembered is one that later events hardly ever ask for.
        """
        table = self._tables[type(row)]
        key = table.key_of(row)
        force_setattr(row, "last_seq", self._seq)
        self._change(table, key, row)
        if not is_remembered:
            table.passing.append(key)

    def delete(self, row_class: type[Row], *key: Any) -> None:
        if self.get(row_class, *key) is not None:
            self._change(self._tables[row_class], key, None)

    def state(self, aggregate: str, id: str) -> Any:
        """A stream as of this event, of one of the aggregates that the projection looks at."""
        if aggregate not in self._looks_at:
            raise LookupError(f"the projection does not say that it looks at {aggregate}")
        return self.streams.state(aggregate, id)

    @property
    def tz(self) -> timezone:
        tenant = self.state("tenant", self.tenant_id)
        return zone(tenant.tz) if tenant.exists else INDIA

    def day(self, at: datetime) -> date:
        """The business date of an instant."""
        return business_date(at, self.tz)

    # what the keeper uses

    def foresee(self, named: Named) -> list[Row]:
        """Read at once the rows that are found by the ids that a batch names; gives those that were there."""
        return [row for table in self._tables.values() if not table.is_complete for row in self._foresee(table, named)]

    def _foresee(self, table: _Table, named: Named) -> Iterable[Row]:
        row_class = table.row_class
        if len(row_class.key) == 1 and (column := row_class.key[0]) in ROWS_BY:
            keys = [id for id in named.get(column, ()) if (id,) not in table.rows]
            if keys:
                there = {table.key_of(row): row for row in self._stored.among(row_class, column, keys)}
                for id in keys:
                    table.set((id,), there.get((id,)))
                yield from there.values()
        for column in row_class.lookups:
            if column in ROWS_BY:
                values = [id for id in named.get(column, ()) if (column, id) not in table.known]
                if values:
                    for row in self._stored.among(row_class, column, values):
                        if (key := table.key_of(row)) not in table.rows:
                            table.set(key, row)
                        yield row
                    table.known.update((column, id) for id in values)

    def begin(self, seq: int) -> None:
        """The fold of an event begins."""
        self._seq = seq
        self._undo.clear()

    def undo(self) -> None:
        """Forget what the present event has changed."""
        for table, key, old in reversed(self._undo):
            table.set(key, old)
        self._undo.clear()

    def changes(self) -> Changes:
        """What has changed since the last handing over."""
        found = {}
        for row_class, table in self._tables.items():
            if table.dirty:
                rows = [row for key in table.dirty if (row := table.rows[key]) is not None]
                gone = [key for key in table.dirty if table.rows[key] is None]
                found[row_class] = (rows, gone)
        return found

    def hand_over(self) -> Changes:
        """The changes, for somebody who writes them. Until they are `written`, all of them stay in mind."""
        changes = self.changes()
        for table in self._tables.values():
            table.dirty.clear()
            table.leaving, table.passing = table.passing, []
        return changes

    def written(self) -> None:
        """What was handed over is in the database."""
        for table in self._tables.values():
            if table.leaving:
                table.forget(table.leaving)
                table.leaving = []
            if len(table.rows) > CAPACITY:
                table.forget(list(islice(table.rows, CAPACITY // 2)))

    def _change(self, table: _Table, key: Key, row: Row | None) -> None:
        self._undo.append((table, key, table.rows.get(key)))
        table.set(key, row)
        table.dirty[key] = None
