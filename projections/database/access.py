"""What is asked of a read database, whichever engine it is. A transaction is for one tenant and sees nobody else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, NamedTuple

from projections.row import R, Row, columns_of, reader_of, value_writers


class Checkpoint(NamedTuple):
    """How far a generation of a projection has come. Instants are microseconds since 1970 UTC."""

    projection: str
    generation: int
    state: str  # live, building or kept
    seq: int
    code_version: int
    begun_at_head: int  # where the log ended when it began: what was replaced up to there was read as replaced
    rebuilt_at: int | None = None
    retired_at: int | None = None
    stale_at: int | None = None  # seq from which on it is known that its rows are to be made anew


class Parked(NamedTuple):
    """Events of one stream that wait, because the first of them could not be folded."""

    projection: str
    generation: int
    stream_id: str
    first_seq: int
    last_seq: int
    events: int
    event_id: str  # of the first, like what follows
    event_type: str
    error: str
    attempts: int
    parked_at: int
    state: str = "parked"  # retry or discard once somebody has decided so


class Reader(ABC):
    """One consistent look at one tenant's rows."""

    tenant_id: str
    among: ClassVar[str]  # what follows a column that is to be one of several values

    @abstractmethod
    def values(self, values: Sequence[str]) -> Any:
        """The parameter of `among`."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SELECT; placeholders are `?` on every engine."""

    def checkpoints(self) -> list[Checkpoint]:
        found = self.rows(
            f"SELECT {', '.join(Checkpoint._fields)} FROM projection_checkpoint WHERE tenant_id = ?"
            " ORDER BY projection, generation",
            (self.tenant_id,),
        )
        return [Checkpoint(*one) for one in found]

    def live(self, projection: str) -> Checkpoint | None:
        """The generation that is read; None before the first event was folded."""
        found = self.rows(
            f"SELECT {', '.join(Checkpoint._fields)} FROM projection_checkpoint"
            " WHERE tenant_id = ? AND projection = ? AND state = 'live'",
            (self.tenant_id, projection),
        )
        return Checkpoint(*found[0]) if found else None

    def parked(self) -> list[Parked]:
        found = self.rows(
            f"SELECT {', '.join(Parked._fields)} FROM projection_parked WHERE tenant_id = ?"
            " ORDER BY projection, generation, first_seq",
            (self.tenant_id,),
        )
        return [Parked(*one) for one in found]

    def get(self, row_class: type[R], generation: int, key: Sequence[Any]) -> R | None:
        """A row by its key."""
        where = " AND ".join(f"{name} = ?" for name in row_class.key)
        found = self.select(row_class, generation, where, _values(row_class, row_class.key, key))
        return found[0] if found else None

    def select(
        self, row_class: type[R], generation: int, where: str = "", parameters: Sequence[Any] = (), tail: str = ""
    ) -> list[R]:
        """Rows of a generation that meet a condition; `parameters` are SQL values, `tail` orders and limits."""
        names = ", ".join(column.name for column in columns_of(row_class))
        found = self.rows(
            f"SELECT {names} FROM {row_class.table} WHERE tenant_id = ? AND generation = ?"
            f"{' AND ' + where if where else ''} {tail}",
            (self.tenant_id, generation, *parameters),
        )
        return [reader_of(row_class)(one) for one in found]

    def equal(self, row_class: type[R], generation: int, column: str, value: Any) -> list[R]:
        """Rows with a value in a column."""
        return self.select(row_class, generation, f"{column} = ?", _values(row_class, (column,), (value,)))

    def count(self, row_class: type[Row], generation: int) -> int:
        """How many rows a generation has."""
        ((found,),) = self.rows(
            f"SELECT count(*) FROM {row_class.table} WHERE tenant_id = ? AND generation = ?",
            (self.tenant_id, generation),
        )
        return int(found)

    def having(self, row_class: type[R], generation: int, column: str, ids: Sequence[str]) -> list[R]:
        """Rows with one of some ids in a column."""
        return self.select(row_class, generation, f"{column} {self.among}", [self.values(ids)])


class Writer(Reader):
    """One transaction for one tenant: all of it is there afterwards, or nothing."""

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; how many rows it changed."""

    @abstractmethod
    def upsert(self, row_class: type[Row], generation: int, rows: Iterable[Row]) -> None: ...

    @abstractmethod
    def delete(self, row_class: type[Row], generation: int, keys: Iterable[Sequence[Any]]) -> None: ...

    def advance(self, generations: Sequence[tuple[str, int]], from_seq: int, to_seq: int) -> bool:
        """Move the checkpoints of some (projection, generation), if all stand where the caller thinks they do: a batch
        counts once, whoever folds it.
        """
        each = " OR ".join(["projection = ? AND generation = ?"] * len(generations))
        changed = self.execute(
            "UPDATE projection_checkpoint SET seq = ?"
            f" WHERE tenant_id = ? AND seq = ? AND state <> 'kept' AND ({each})",
            (to_seq, self.tenant_id, from_seq, *(part for one in generations for part in one)),
        )
        return changed == len(generations)

    def mark_stale(self, generations: Sequence[tuple[str, int]], seq: int) -> None:
        """Bodies that some (projection, generation) may have folded were replaced: a rebuild is due."""
        for projection, generation in generations:
            self.execute(
                "UPDATE projection_checkpoint SET stale_at = ?"
                " WHERE tenant_id = ? AND projection = ? AND generation = ? AND stale_at IS NULL",
                (seq, self.tenant_id, projection, generation),
            )

    def begin(self, checkpoint: Checkpoint) -> bool:
        """Make a generation that has folded nothing yet; False when somebody else just has."""
        changed = self.execute(
            f"INSERT INTO projection_checkpoint (tenant_id, {', '.join(Checkpoint._fields)})"
            f" VALUES (?{', ?' * len(Checkpoint._fields)}) ON CONFLICT DO NOTHING",
            (self.tenant_id, *checkpoint),
        )
        return changed == 1

    def park(self, parked: Parked) -> None:
        self.execute(
            f"INSERT INTO projection_parked (tenant_id, {', '.join(Parked._fields)})"
            f" VALUES (?{', ?' * len(Parked._fields)})"
            " ON CONFLICT (tenant_id, projection, generation, stream_id)"
            " DO UPDATE SET last_seq = excluded.last_seq, events = excluded.events",
            (self.tenant_id, *parked),
        )


class ReadDatabase(ABC):
    """The live views of all tenants. They can be lost: the log gives them again."""

    url: str

    @abstractmethod
    def read(self, tenant_id: str) -> AbstractContextManager[Reader]: ...

    @abstractmethod
    def write(self, tenant_id: str) -> AbstractContextManager[Writer]: ...

    @abstractmethod
    def analyze(self) -> None:
        """Count the rows, so that questions are planned by what is there; due after many were written at once."""

    @abstractmethod
    def close(self) -> None: ...


def _values(row_class: type[Row], names: Sequence[str], values: Sequence[Any]) -> list[Any]:
    writers = value_writers(row_class)
    return [value if value is None else writers[name](value) for name, value in zip(names, values, strict=True)]
