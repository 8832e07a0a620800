"""Generations of a projection: made beside the one that is read, compared with it, swapped in, kept a while, pruned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

import msgspec

from event_store.feed import Feed
from mymedic.clock import Clock, micros
from mymedic.errors import Refused
from projections.database import ReadDatabase, Reader
from projections.database.access import Checkpoint
from projections.keeper import Keeper, LeftOut, nothing_left_out
from projections.projection import Projection
from projections.row import Row, columns_of, writer_of

# How long what was read before a swap is kept.
KEPT_FOR = timedelta(days=7)
_SHOWN = 20
_HASHED_AT_ONCE = 10_000

OnProgress = Callable[[int, int], None]  # seq that is reached, seq that is to be reached


class Helpers(Protocol):
    """Who folds a long log faster than this process alone (`projections.sharing`)."""

    def helps_with(self, events: int, projections: int) -> bool: ...

    def fold(
        self,
        database: ReadDatabase,
        tenant_id: str,
        generations: Mapping[str, int],
        left_out: frozenset[tuple[str, int]],
        until: int,
        on_progress: OnProgress,
    ) -> None: ...


class Difference(NamedTuple):
    """What a read model has in a new generation that it had not in the old one, by key."""

    table: str
    added: int
    removed: int
    changed: int
    examples: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        return not (self.added or self.removed or self.changed)


class Rebuilt(NamedTuple):
    """A projection of a tenant that was rebuilt and swapped in at a seq."""

    projection: str
    generation: int
    seq: int
    differences: tuple[Difference, ...]


def rebuild(
    feed: Feed,
    database: ReadDatabase,
    clock: Clock,
    tenant_id: str,
    projections: Sequence[Projection],
    left_out: LeftOut = nothing_left_out,
    on_progress: OnProgress = lambda seq, until: None,
    helpers: Helpers | None = None,
) -> list[Rebuilt]:
    """Fold projections from the first event beside what is read, and swap them in where both are level.

    What is read goes on being kept by whoever keeps it, and nobody who reads sees a half of anything. The generation
    that was read before stays for KEPT_FOR. A long log is folded by the helpers, if there are any. Whoever begins last
    goes on: VERSION_CONFLICT for a rebuild that another one of the same projection has thrown away.
    """
    new = _begin(feed, database, tenant_id, projections)

    def keeper_of(*some: Projection) -> Keeper:
        only = frozenset((one.name, new[one.name]) for one in some)
        return Keeper(feed, database, clock, some, left_out, only)

    with database.read(tenant_id) as reader:
        until = min(one.seq for one in reader.checkpoints() if one.state == "live" and one.projection in new)
    if helpers is not None and helpers.helps_with(until, len(new)):
        helpers.fold(database, tenant_id, new, left_out(tenant_id), until, on_progress)
    keeper = keeper_of(*projections)
    while (step := keeper.advance(tenant_id, until)).events:
        on_progress(step.seq, until)
    database.analyze()
    return [_swap_when_level(keeper_of(one), database, clock, tenant_id, one, new[one.name]) for one in projections]


def _begin(feed: Feed, database: ReadDatabase, tenant_id: str, projections: Sequence[Projection]) -> dict[str, int]:
    """Projection -> its new generation; a rebuild that somebody has left unfinished is thrown away."""
    head = feed.head(tenant_id)
    new = {}
    with database.write(tenant_id) as writer:
        there = writer.checkpoints()
        for projection in projections:
            own = [one for one in there if one.projection == projection.name]
            for one in own:
                if one.state == "building":
                    drop(writer, projection, one.generation)
            generation = max((one.generation for one in own), default=0) + 1
            if not any(one.state == "live" for one in own):
                writer.begin(Checkpoint(projection.name, generation, "live", 0, projection.version, head))
                generation += 1
            writer.begin(Checkpoint(projection.name, generation, "building", 0, projection.version, head))
            new[projection.name] = generation
    return new


def _swap_when_level(
    keeper: Keeper, database: ReadDatabase, clock: Clock, tenant_id: str, projection: Projection, generation: int
) -> Rebuilt:
    """Compare with the live generation where both stand at one seq, which may take a while; then swap where they do
    so again, at once. The live one may be moving all the time.
    """
    differences: tuple[Difference, ...] | None = None
    while True:
        with database.read(tenant_id) as reader:
            live = reader.live(projection.name)
        assert live is not None
        keeper.advance(tenant_id, live.seq)
        with database.read(tenant_id) as reader:
            found = {one.generation: one for one in reader.checkpoints() if one.projection == projection.name}
            if generation not in found:
                raise Refused("VERSION_CONFLICT", f"{projection.name} is being rebuilt by somebody else: nothing to do")
            old, new = found[live.generation], found[generation]
            if old.seq != new.seq:
                continue
            if differences is None:
                differences = tuple(difference(reader, row, old.generation, generation) for row in projection.rows)
        if _swap(database, clock, tenant_id, old, new):
            return Rebuilt(projection.name, generation, new.seq, differences)


def _swap(database: ReadDatabase, clock: Clock, tenant_id: str, old: Checkpoint, new: Checkpoint) -> bool:
    """Make the new generation the one that is read, if nothing has moved since it was looked at."""
    now = micros(clock.now())
    at = "tenant_id = ? AND projection = ? AND generation = ? AND seq = ? AND state = ?"
    with database.write(tenant_id) as writer:
        found = {one.generation: one for one in writer.checkpoints() if one.projection == old.projection}
        if found.get(old.generation) != old or found.get(new.generation) != new:
            return False
        for one, state, stamp in ((old, "kept", "retired_at"), (new, "live", "rebuilt_at")):
            writer.execute(
                f"UPDATE projection_checkpoint SET state = ?, {stamp} = ? WHERE {at}",
                (state, now, tenant_id, one.projection, one.generation, one.seq, one.state),
            )
    return True


def drop(writer: Any, projection: Projection, generation: int) -> None:
    """Delete a generation with its rows."""
    mine = (writer.tenant_id, projection.name, generation)
    for row_class in projection.rows:
        writer.execute(f"DELETE FROM {row_class.table} WHERE tenant_id = ? AND generation = ?", (mine[0], generation))
    for table in ("projection_parked", "projection_checkpoint"):
        writer.execute(f"DELETE FROM {table} WHERE tenant_id = ? AND projection = ? AND generation = ?", mine)


def prune(database: ReadDatabase, clock: Clock, tenant_id: str, projections: Sequence[Projection]) -> int:
    """Delete the generations whose time is over, or that say what the log no longer says; how many."""
    before = micros(clock.now() - KEPT_FOR)
    by_name = {one.name: one for one in projections}
    with database.write(tenant_id) as writer:
        there = [one for one in writer.checkpoints() if one.projection in by_name]
        stale = {
            one.projection: one.generation for one in there if one.stale_at is not None
        }  # the newest, and older ones
        over = [
            one
            for one in there
            if one.state == "kept"
            and ((one.retired_at or 0) <= before or one.generation <= stale.get(one.projection, 0))
        ]
        for one in over:
            drop(writer, by_name[one.projection], one.generation)
    return len(over)


def difference(reader: Reader, row_class: type[Row], old: int, new: int) -> Difference:
    """Rows that two generations do not have alike; when a row was changed last is not looked at."""
    key = row_class.key
    others = [column.name for column in columns_of(row_class) if column.name not in ("tenant_id", "last_seq", *key)]
    same = " AND ".join(f"b.{name} = a.{name}" for name in key)
    differs = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name in others) or "1 = 0"
    if _all_alike(reader, row_class, (old, new), f"{same} AND NOT ({differs})"):
        return Difference(row_class.table, 0, 0, 0)
    joined = (
        f"FROM {row_class.table} AS a LEFT JOIN {row_class.table} AS b"
        f" ON b.tenant_id = a.tenant_id AND b.generation = ? AND {same} WHERE a.tenant_id = ? AND a.generation = ?"
    )
    shown = ", ".join(f"a.{name}" for name in key)
    missing = f"SELECT {shown} {joined} AND b.tenant_id IS NULL ORDER BY {shown}"
    added = reader.rows(missing, (old, reader.tenant_id, new))
    removed = reader.rows(missing, (new, reader.tenant_id, old))
    changed = reader.rows(
        f"SELECT {shown} {joined} AND b.tenant_id IS NOT NULL AND ({differs}) ORDER BY {shown}",
        (old, reader.tenant_id, new),
    )
    examples = [
        f"{word} {' '.join(map(str, one))}"
        for word, found in (("added", added), ("removed", removed), ("changed", changed))
        for one in found[:_SHOWN]
    ]
    return Difference(row_class.table, len(added), len(removed), len(changed), tuple(examples))


def _all_alike(reader: Reader, row_class: type[Row], generations: tuple[int, int], alike: str) -> bool:
    """Whether every row of one generation is in the other and the other way round: one look instead of three."""
    ((found,),) = reader.rows(
        f"SELECT count(*) FROM {row_class.table} AS a JOIN {row_class.table} AS b ON b.tenant_id = a.tenant_id"
        f" AND b.generation = ? AND {alike} WHERE a.tenant_id = ? AND a.generation = ?",
        (generations[0], reader.tenant_id, generations[1]),
    )
    return all(reader.count(row_class, generation) == found for generation in generations)


def content_hash(reader: Reader, row_class: type[Row], generation: int) -> str:
    """SHA-256 over all rows in order of their key: equal on every engine, for every way in which they were folded."""
    digest = hashlib.sha256()
    for row in every_row(reader, row_class, generation):
        digest.update(msgspec.json.encode(writer_of(row_class)(row)))
    return digest.hexdigest()


def every_row(reader: Reader, row_class: type[Row], generation: int) -> Iterator[Row]:
    """All rows by key, some thousand at a time."""
    key = ", ".join(row_class.key)
    offset = 0
    while found := reader.select(row_class, generation, tail=f"ORDER BY {key} LIMIT {_HASHED_AT_ONCE} OFFSET {offset}"):
        yield from found
        offset += len(found)
