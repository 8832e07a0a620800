"""A full build, layer by layer, beside the least that DuckDB could do; a refresh; questions to the marts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import duckdb
import msgspec

from bench.measure import percentile, watched_memory
from bench.world import World, growing_world
from exports.warehouse import opened
from pipelines.build import build_shard, open_line

LIMIT = Path(__file__).with_name("limit.sql")


# So many events come in between two builds.
LATER = 10_000
ASKED = 50


class Mart(msgspec.Struct, frozen=True, kw_only=True):
    """A mart asked by branch: rows of the largest answer, milliseconds of ASKED answers."""

    name: str
    rows: int
    p50_ms: float
    p95_ms: float


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """One full build: seconds per layer, this process's peak memory, and the seconds of `limit.sql` on what landed;
    then the seconds of a refresh after LATER more events, and the marts.
    """

    events: int
    seconds: dict[str, float]
    total_s: float
    peak_gib: float
    limit_s: float
    refresh_s: float
    marts: list[Mart]


def measure_build(
    folder: Path, events: int, profile: str = "demo", on_step: Callable[[str], None] = lambda step: None
) -> Built:
    """Make a log of about `events` events, then land, transform, check and publish it from nothing."""
    home = folder / "build"
    shutil.rmtree(home, ignore_errors=True)
    on_step("making the log")
    making = growing_world(home, events + LATER, profile, lambda count: on_step(f"making the log: {count:,} events"))
    with making as grow:
        built = _built(grow(events), grow, on_step)
    shutil.rmtree(home)
    return built


class Full(NamedTuple):
    """Seconds per layer and in all, and the peak of memory in bytes."""

    seconds: dict[str, float]
    total: float
    peak: int


def _built(world: World, grow: Callable[[int | None], World], on_step: Callable[[str], None]) -> Built:
    on_step("a full build")
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # without the memory in which the log was made
        full = alone.submit(_full, world).result()
    on_step("the same facts by hand")
    limit = _by_hand(world)
    on_step("questions to the marts")
    marts = _asked(world)
    grow(world.events + LATER)
    with open_line(world.settings) as line:
        began = time.perf_counter()
        build_shard(line, world.tenant_id, [world.tenant_id], on_step=on_step)
        refresh = time.perf_counter() - began
    return Built(
        events=world.events,
        seconds={step: round(seconds, 2) for step, seconds in full.seconds.items()},
        total_s=round(full.total, 2),
        peak_gib=round(full.peak / 2**30, 2),
        limit_s=round(limit, 2),
        refresh_s=round(refresh, 2),
        marts=marts,
    )


def _full(world: World) -> Full:
    with open_line(world.settings) as line, watched_memory() as peak:
        began = time.perf_counter()
        report = build_shard(line, world.tenant_id, [world.tenant_id], full=True)
        return Full(report.seconds, time.perf_counter() - began, peak.bytes)


def _by_hand(world: World) -> float:
    """Seconds that one query takes from typed Parquet to facts, into a file, with as many threads as the build."""
    landed = str(world.settings.landing_dir / world.tenant_id).replace("'", "''")
    path = world.settings.resolved_home / "by_hand.duckdb"
    began = time.perf_counter()
    with duckdb.connect(str(path), config={"threads": world.settings.threads}) as connection:
        connection.execute(LIMIT.read_text(encoding="utf-8").replace("$landed", landed))
    return time.perf_counter() - began


def _asked(world: World) -> list[Mart]:
    """Every mart that has branches, asked for all rows of one branch after the other."""
    path = world.settings.warehouse_dir / f"{world.tenant_id}.duckdb"
    found = []
    with opened(path) as connection:
        names = connection.execute(
            "SELECT table_name FROM duckdb_columns() WHERE column_name = 'branch_id' AND table_name LIKE 'mart_%'"
            " ORDER BY table_name"
        ).fetchall()
        for (name,) in names:
            branches = connection.execute(f"SELECT DISTINCT branch_id FROM {name} LIMIT {ASKED}").fetchall()
            took, rows = [], 0
            for number in range(ASKED if branches else 0):
                began = time.perf_counter()
                answer = connection.execute(
                    f"SELECT * FROM {name} WHERE tenant_id = ? AND branch_id = ?",
                    (world.tenant_id, *branches[number % len(branches)]),
                ).fetchall()
                took.append(time.perf_counter() - began)
                rows = max(rows, len(answer))
            if took:
                p50, p95 = (round(percentile(sorted(took), share) * 1000, 2) for share in (0.5, 0.95))
                found.append(Mart(name=name, rows=rows, p50_ms=p50, p95_ms=p95))
    return found
