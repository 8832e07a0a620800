"""Live views of a part of the log, in a read database of their own: nothing that is read by others is touched."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from event_store.partial import PartOfLog
from mymedic.clock import Clock
from mymedic.errors import Refused
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, open_read_database
from projections.generations import OnProgress, content_hash
from projections.keeper import Keeper, LeftOut, nothing_left_out

FIRST = 1  # the only generation there is


class Folded(NamedTuple):
    """A read model of a part: how many rows, and the hash of all of them."""

    table: str
    rows: int
    content_hash: str


def fold_aside(
    part: PartOfLog,
    tenant_id: str,
    path: Path,
    clock: Clock,
    left_out: LeftOut = nothing_left_out,
    on_progress: OnProgress = lambda seq, until: None,
) -> list[Folded]:
    """Fold a part into a SQLite file at `path`; one that is there is replaced once the new one is whole.

    STORE_LOCKED while somebody else folds into it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path):
        unfinished = path.with_name(f"{path.name}.unfinished")
        remove(unfinished)
        database = open_read_database(f"sqlite:///{unfinished}", ROWS)
        try:
            keeper = Keeper(part, database, clock, PROJECTIONS, left_out)
            until = part.head(tenant_id)
            while (step := keeper.advance(tenant_id)).events:
                on_progress(step.seq, until)
            folded = contents(database, tenant_id)
        finally:
            database.close()
        remove(path)
        unfinished.replace(path)
        remove(unfinished)
    return folded


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two who fold would share the unfinished file, and the first to end would put half of the other's in place."""
    with path.with_name(f".{path.name}.folding").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Refused("STORE_LOCKED", f"{path.parent.name} is being replayed by another process") from held
        yield


def contents(database: ReadDatabase, tenant_id: str) -> list[Folded]:
    """Every published read model of a database that holds one generation."""
    with database.read(tenant_id) as reader:
        found = []
        for one in PROJECTIONS:
            ((rows,),) = reader.rows(
                f"SELECT count(*) FROM {one.row.table} WHERE tenant_id = ? AND generation = ?", (tenant_id, FIRST)
            )
            found.append(Folded(one.row.table, rows, content_hash(reader, one.row, FIRST)))
    return found


def remove(path: Path) -> None:
    """A SQLite file with what lies beside it."""
    for suffix in ("", "-wal", "-shm", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
