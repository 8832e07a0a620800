"""The proofs about live views: what is shown equals its replay, and the replay what dbt made of the same log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from apps.twins import differences, twins
from event_store.store import Store
from exports.warehouse import opened
from mymedic.settings import Settings
from pipelines.publish import published_seq
from projections.aside import FIRST
from projections.catalogue import BY_NAME, PROJECTIONS, ROWS
from projections.database import ReadDatabase, Reader, open_read_database
from projections.generations import content_hash
from projections.keeper import Keeper, nothing_left_out
from projections.worker import Live, open_live

BATCH = 20_000


class Seen(NamedTuple):
    """What a proof looked at, and what was wrong with it."""

    claim: str
    seen: str
    problems: list[str]


def prove_live(store: Store, settings: Settings, tenant_id: str) -> list[Seen]:
    """Replay a tenant's views from the first event into a file of its own, and compare on the way.

    Nothing is said of live views that nobody has kept yet, nor of a warehouse that was never published.
    """
    path = settings.warehouse_dir / f"{tenant_id}.duckdb"
    with ExitStack() as stack:
        live = open_live(settings, store, stack) if _is_kept(settings) else None
        shown = stack.enter_context(live.database.read(tenant_id)) if live else None
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mymedic-replay-")))
        replay = _Replay(store, live, folder, tenant_id)
        stack.callback(replay.database.close)
        stops: list[tuple[int, Callable[[], Seen]]] = []
        if shown is not None and (seqs := _live_seqs(shown)):
            stops += [(seq, partial(_as_replayed, replay, shown, seq)) for seq in sorted(set(seqs.values()))]
        if path.exists():
            stops.append((published_seq(path), partial(_as_in_the_warehouse, replay, path, store)))
        found = []
        for seq, compare in sorted(stops, key=lambda stop: stop[0]):
            replay.advance(seq)
            found.append(compare())
    return found


class _Replay:
    """Every projection of a tenant, folded aside up to a seq."""

    def __init__(self, store: Store, live: Live | None, folder: Path, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.database: ReadDatabase = open_read_database(f"sqlite:///{folder / 'read.sqlite'}", ROWS)
        left_out = live.parking.left_out if live else nothing_left_out
        self._keeper = Keeper(store.feed, self.database, store.handler.clock, PROJECTIONS, left_out, batch=BATCH)

    def advance(self, seq: int) -> None:
        while self._keeper.advance(self.tenant_id, seq).events:
            pass


def _is_kept(settings: Settings) -> bool:
    return settings.read_url is not None or (settings.resolved_home / "live" / "read.sqlite").exists()


def _live_seqs(shown: Reader) -> dict[str, int]:
    """Projection -> how far it is shown, of those that this program's version has folded."""
    return {
        one.projection: one.seq
        for one in shown.checkpoints()
        if one.state == "live" and one.projection in BY_NAME and one.code_version == BY_NAME[one.projection].version
    }


def _as_replayed(replay: _Replay, shown: Reader, seq: int) -> Seen:
    names = sorted(name for name, at in _live_seqs(shown).items() if at == seq)
    generations = {one.projection: one.generation for one in shown.checkpoints() if one.state == "live"}
    problems = []
    with replay.database.read(replay.tenant_id) as reader:
        for name in names:
            row = BY_NAME[name].row
            if content_hash(shown, row, generations[name]) != content_hash(reader, row, FIRST):
                problems.append(f"{row.table} differs from its replay; `mymedic replay --projection {name}` tells how")
    return Seen("live views equal their replay", f"{len(names)} at seq {seq:,}", problems)


def _as_in_the_warehouse(replay: _Replay, path: Path, store: Store) -> Seen:
    with opened(path) as warehouse, replay.database.read(replay.tenant_id) as reader:
        tables = {name for (name,) in warehouse.execute("SELECT table_name FROM build_table").fetchall()}
        compared = [row for row in twins() if row.table in tables]
        patient_key = partial(store.vault.patient_key, replay.tenant_id)
        problems = [one for row in compared for one in differences(reader, row, FIRST, warehouse, patient_key)]
    seen = f"{len(compared)} at seq {published_seq(path):,}"
    return Seen("live views equal their twins in the warehouse", seen, problems[:20])
