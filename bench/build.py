"""A full build: from the log to published facts and marts, layer by layer, beside the least that DuckDB could do."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec

from bench.measure import watched_memory
from bench.world import World, make_world
from pipelines.build import build_shard, open_line

LIMIT = Path(__file__).with_name("limit.sql")


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """One full build: seconds per layer, this process's peak memory, and the seconds of `limit.sql` on what landed."""

    events: int
    seconds: dict[str, float]
    total_s: float
    peak_gib: float
    limit_s: float


def measure_build(
    folder: Path, events: int, profile: str = "demo", on_step: Callable[[str], None] = lambda step: None
) -> Built:
    """Make a log of about `events` events, then land, transform, check and publish it from nothing."""
    home = folder / "build"
    shutil.rmtree(home, ignore_errors=True)
    on_step("making the log")
    world = make_world(home, events, profile, lambda count: on_step(f"making the log: {count:,} events"))
    built = _built(world, on_step)
    shutil.rmtree(home)
    return built


def _built(world: World, on_step: Callable[[str], None]) -> Built:
    with open_line(world.settings) as line, watched_memory() as peak:
        began = time.perf_counter()
        report = build_shard(line, world.tenant_id, [world.tenant_id], full=True, on_step=on_step)
        total = time.perf_counter() - began
    on_step("the same facts by hand")
    return Built(
        events=world.events,
        seconds={step: round(seconds, 2) for step, seconds in report.seconds.items()},
        total_s=round(total, 2),
        peak_gib=round(peak.bytes / 2**30, 2),
        limit_s=round(_by_hand(world), 2),
    )


def _by_hand(world: World) -> float:
    """Seconds that one query takes from typed Parquet to facts, into a file, with as many threads as the build."""
    landed = str(world.settings.landing_dir / world.tenant_id).replace("'", "''")
    path = world.settings.resolved_home / "by_hand.duckdb"
    began = time.perf_counter()
    with duckdb.connect(str(path), config={"threads": world.settings.threads}) as connection:
        connection.execute(LIMIT.read_text(encoding="utf-8").replace("$landed", landed))
    return time.perf_counter() - began
