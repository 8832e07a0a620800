"""A full build: from the log to published facts and marts, layer by layer, beside the least that DuckDB could do."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import duckdb
import msgspec

from bench.measure import watched_memory
from bench.world import make_world
from pipelines.build import build_shard, open_line

# What no warehouse could do without: read the typed Parquet once and fold it to one row per appointment and payment.
_LIMIT = """
    SELECT count(*), sum(seconds) FROM (
        SELECT tenant_id, stream_id, max(seq) AS last_seq, max(epoch(occurred_at)) AS seconds, any_value(branch_id)
        FROM read_parquet('{landing}/*/{aggregate}/*.parquet') GROUP BY tenant_id, stream_id
    )
"""


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """One full build: seconds per layer, peak memory of this process, and the hand-written fold's seconds."""

    events: int
    landing_s: float
    dbt_s: float
    publish_s: float
    total_s: float
    peak_gib: float
    limit_s: float


def measure_build(folder: Path, events: int) -> Built:
    """Make a log of about `events` events, then land, transform, check and publish it from nothing."""
    home = folder / "build"
    shutil.rmtree(home, ignore_errors=True)
    world = make_world(home, events)
    with open_line(world.settings) as line, watched_memory() as peak:
        began = time.perf_counter()
        report = build_shard(line, world.tenant_id, [world.tenant_id], full=True)
        total = time.perf_counter() - began
    began = time.perf_counter()
    with duckdb.connect() as connection:
        for aggregate in ("appointment", "payment", "settlement_file", "bank_statement"):
            connection.execute(_LIMIT.format(landing=world.settings.landing_dir, aggregate=aggregate)).fetchall()
    limit = time.perf_counter() - began
    shutil.rmtree(home)
    return Built(
        events=world.events,
        landing_s=round(report.seconds["landing"], 1),
        dbt_s=round(report.seconds["dbt"] + report.seconds.get("border", 0), 1),
        publish_s=round(report.seconds["publish"], 1),
        total_s=round(total, 1),
        peak_gib=round(peak.bytes / 2**30, 2),
        limit_s=round(limit, 1),
    )
