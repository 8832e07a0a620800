"""Live views: how fast they are folded, how soon an event shows in them, and how fast a question is answered."""

from __future__ import annotations

import asyncio
import random
import shutil
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from apps.recon_items import WarehouseItems
from bench.append import RoundTrip
from bench.desk import DESK, TENANT, Request, requests
from bench.measure import Reading, percentile, reading_of
from bench.place import Engine, Place, opened
from bench.replay import Replay
from bench.world import make_world
from event_store.api.identity import Bearer
from event_store.committer import GroupCommitter
from event_store.retention.identity import PersonalData
from event_store.store import Store, open_store
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import ParkingLog
from event_store.subscriptions.worker import running
from mymedic.clock import ManualClock, SystemClock
from mymedic.messages import Actor, Envelope
from projections import payments_summary
from projections.api import console, phone, portal
from projections.api.query import Query
from projections.api.reading import Question, read_page
from projections.api.views import Views
from projections.catalogue import PROJECTIONS, ROWS
from projections.database import ReadDatabase, Reader, open_read_database
from projections.keeper import Keeper
from projections.parking import LiveParking
from projections.projection import Projection
from projections.row import Row
from projections.worker import Live, LiveWorker, open_live
from simulator.founding import founding_moment
from simulator.profile import load

ONE: tuple[Projection, ...] = (payments_summary.PROJECTION,)
# As many commands as a busy chain sends.
PER_SECOND = 500
# Until connections are made and statements are planned.
WARM_UP_SECONDS = 1.0
ASKED = 200
_LOOKS_EVERY = 0.002
MANAGER = Bearer("", Actor(type="system", id="bench", roles=("CM",)))


class Fold:
    """The replay's log of payments, folded from seq 0 into an empty read database of the same engine."""

    def __init__(self, place: Place, engine: Engine, replay: Replay) -> None:
        self._place, self._engine, self._replay = place, engine, replay

    def read(self, projections: Sequence[Projection]) -> Reading:
        url = _empty(self._place, self._engine)
        with opened(self._replay.template.url, self._replay.template.folder) as store:
            database = open_read_database(url, ROWS)
            keeper = Keeper(store.feed, database, SystemClock(), projections)
            cpu, began = time.process_time(), time.perf_counter()
            folded = keeper.drain(TENANT)
            wall, spent = time.perf_counter() - began, time.process_time() - cpu
            assert folded == store.feed.head(TENANT)
            database.close()
        return Reading(per_s=folded / wall, cpu_us=spent / folded * 1e6)


class Lag:
    """Payments at a steady rate through the committer; a worker in the same process keeps every live view."""

    def __init__(self, place: Place, engine: Engine, trip: RoundTrip) -> None:
        self._place, self._engine, self._trip = place, engine, trip

    def read(self, seconds: float) -> Reading:
        """From an event's being durable to its being readable in every view, looked at every 2 ms."""
        with self._place.store(self._engine, self._trip.template) as store:
            database = open_read_database(_empty(self._place, self._engine), ROWS)
            live = Live(
                store.feed,
                database,
                SystemClock(),
                LiveParking(database, ParkingLog(store.ledger, SystemClock()), list),
            )
            live.keeper().drain(TENANT)
            worker = LiveWorker(live, Leases(store.ledger, "bench", SystemClock()), random.random)
            seen: list[tuple[float, int]] = []
            stopping = threading.Event()
            watcher = threading.Thread(target=_watch, args=(database, seen, stopping), daemon=True)
            watcher.start()
            with running("live", store.handler.hints, worker.round, worker.leave):
                waiting = requests(store, self._trip.kind)
                asyncio.run(self._send(store, waiting, WARM_UP_SECONDS))
                cpu, began = time.process_time(), time.perf_counter()
                durable = asyncio.run(self._send(store, waiting, seconds))
                while not seen or seen[-1][1] < durable[-1][1]:
                    time.sleep(_LOOKS_EVERY)
            wall, spent = time.perf_counter() - began, time.process_time() - cpu
            stopping.set()
            watcher.join()
            database.close()
        return reading_of(lags(durable, seen), wall, spent)

    async def _send(self, store: Store, waiting: Iterator[Request], seconds: float) -> list[tuple[float, int]]:
        """(when it was durable, its last seq) of every command."""
        committer = GroupCommitter(store.handler)
        clock = SystemClock()
        durable: list[tuple[float, int]] = []

        async def send(request: Request) -> None:
            ack = await committer.handle(
                Envelope(
                    command=self._trip.decode(request.body),
                    command_id=request.command_id,
                    tenant_id=TENANT,
                    actor=DESK,
                    issued_at=clock.now(),
                )
            )
            assert ack.last_seq is not None, ack
            durable.append((time.perf_counter(), ack.last_seq))

        try:
            began = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                for count in range(int(seconds * PER_SECOND)):
                    await asyncio.sleep(max(0.0, began + count / PER_SECOND - time.perf_counter()))
                    tasks.create_task(send(next(waiting)))
        finally:
            committer.stop()
        return sorted(durable, key=lambda one: one[1])


def lags(durable: Sequence[tuple[float, int]], seen: Sequence[tuple[float, int]]) -> list[float]:
    """Seconds from each command's being durable to the first look that found its last event."""
    seqs = [seq for _, seq in seen]
    return [max(0.0, seen[bisect_left(seqs, seq)][0] - at) for at, seq in durable]


def _watch(database: ReadDatabase, seen: list[tuple[float, int]], stopping: threading.Event) -> None:
    while not stopping.wait(_LOOKS_EVERY):
        with database.read(TENANT) as reader:
            live = [one.seq for one in reader.checkpoints() if one.state == "live"]
        if live and (not seen or min(live) > seen[-1][1]):
            seen.append((time.perf_counter(), min(live)))


def _empty(place: Place, engine: Engine) -> str:
    """URL of a read database with nothing in it."""
    if engine == "postgres":
        return place.database("bench_live")
    folder = place.folder / "live"
    shutil.rmtree(folder, ignore_errors=True)
    return f"sqlite:///{folder / 'read.sqlite'}"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One question, asked many times of different branches, doctors and days."""

    question: str
    rows: int
    p50_ms: float
    p95_ms: float


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """All live views of a long log: folded from seq 0, rebuilt beside what is read, then questioned.

    `per_s` is one process, in batches; `rebuilt_per_s` is `mymedic replay` with its helpers, comparing and swapping.
    `alone` gives the events a second of each view that is folded by itself.
    """

    events: int
    views: int
    rows: int
    per_s: float
    rebuilt_per_s: float
    alone: dict[str, float]
    asked: list[Asked]


def measure_live(
    folder: Path, events: int, profile: str = "demo", on_step: Callable[[str], None] = lambda step: None
) -> Lived:
    """Fold about `events` events into every view in a SQLite file, then ask what screens ask."""
    home = folder / "live_world"
    shutil.rmtree(home, ignore_errors=True)
    on_step("making the log")
    world = make_world(home, events, profile, lambda count: on_step(f"making the log: {count:,} events"))
    with ExitStack() as opened:
        # Asked as the chain is founded, when every slot is still to come.
        store = opened.enter_context(open_store(world.settings, ManualClock(founding_moment(load(profile)))))
        live = open_live(world.settings, store, opened)
        keeper = Keeper(store.feed, live.database, SystemClock(), PROJECTIONS)
        began, folded = time.perf_counter(), 0
        while step := keeper.advance(world.tenant_id).events:
            folded += step
            on_step(f"folding: {folded:,} events")
        wall = time.perf_counter() - began
        live.database.analyze()
        on_step("rebuilding")
        began = time.perf_counter()
        live.rebuild(world.tenant_id, on_progress=lambda seq, until: on_step(f"rebuilding: {seq:,} events"))
        rebuilding = time.perf_counter() - began
        on_step("asking")
        views = Views(live.database, store, PersonalData(store.handler), WarehouseItems(world.settings.warehouse_dir))
        asked = [_asked(views, world.tenant_id, *one) for one in SCREENS]
        with live.database.read(world.tenant_id) as reader:
            rows = sum(reader.count(row, generation) for row, generation in _live_rows(reader))
        alone = {}
        for projection in PROJECTIONS:
            on_step(f"folding {projection.name} alone")
            alone[projection.name] = round(_folded_alone(store, world.tenant_id, projection, folder / "alone"), 1)
    shutil.rmtree(home)
    return Lived(
        events=folded,
        views=len(PROJECTIONS),
        rows=rows,
        per_s=round(folded / wall, 1),
        rebuilt_per_s=round(folded / rebuilding, 1),
        alone=alone,
        asked=asked,
    )


def _folded_alone(store: Store, tenant_id: str, projection: Projection, folder: Path) -> float:
    """Events a second of one projection, into a file of its own."""
    with closing(open_read_database(f"sqlite:///{folder / 'read.sqlite'}", ROWS)) as database:
        keeper = Keeper(store.feed, database, SystemClock(), (projection,))
        began = time.perf_counter()
        folded = keeper.drain(tenant_id)
        wall = time.perf_counter() - began
    shutil.rmtree(folder)
    return folded / wall


def _live_rows(reader: Reader) -> Iterator[tuple[type[Row], int]]:
    """Every read model with the generation of it that is read."""
    live = {one.projection: one.generation for one in reader.checkpoints() if one.state == "live"}
    for projection in PROJECTIONS:
        for row_class in projection.rows:
            yield row_class, live[projection.name]


# A question, and the columns of its view by which a screen narrows it.
SCREENS: tuple[tuple[Query, tuple[str, ...]], ...] = (
    (portal.FREE_SLOTS, ("branch_id", "business_date")),
    (phone.SCHEDULE, ("practitioner_id", "business_date")),
    (console.CALENDAR, ("branch_id", "business_date")),
    (console.PAYMENTS, ("branch_id", "business_date")),
    (console.FOLLOW_UPS, ("branch_id",)),
    (console.CASH_SESSIONS, ("branch_id", "business_date")),
    (console.TIMELINE, ("patient_id",)),
)


def _asked(views: Views, tenant_id: str, query: Query, columns: tuple[str, ...]) -> Asked:
    draws = random.Random(7)
    bearer = msgspec.structs.replace(MANAGER, tenant_id=tenant_id)
    with views.database.read(tenant_id) as reader:
        found = reader.rows(
            f"SELECT DISTINCT {', '.join(columns)} FROM {query.row.table} WHERE tenant_id = ?"
            + "".join(f" AND {name} IS NOT NULL" for name in columns),
            (tenant_id,),
        )
    times, rows = [], 0
    for values in draws.sample(sorted(found), min(ASKED, len(found))):
        filters: dict[str, Any] = {}
        for name, value in zip(columns, values, strict=True):
            if name == "business_date":
                day = date.fromisoformat(value)
                filters |= {"from_date": day, "to_date": day}
            else:
                filters[name] = [value]
        began = time.perf_counter()
        rows += len(read_page(views, bearer, Question(query, filters)).items)
        times.append(time.perf_counter() - began)
    times.sort()
    return Asked(
        question=f"{query.path} by {', '.join(columns)}",
        rows=rows // max(1, len(times)),
        p50_ms=round(percentile(times, 0.5) * 1e3, 2),
        p95_ms=round(percentile(times, 0.95) * 1e3, 2),
    )
