"""Matching alone: a million payments against a million settlement lines, beside a bare hash join of the same rows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec

from bench.measure import watched_memory
from bench.world import World, make_world
from pipelines.build import land_tenant, open_line
from pipelines.transform import transform

ROWS = Path(__file__).with_name("matching.sql")
# What finds, consumes and judges; all that they read is there before the clock starts.
MODELS = (
    "proj_recon_keys",
    "proj_settlement_matches",
    "proj_settlement_consumption",
    "proj_uncaptured_orders",
    "fct_settlement_line",
    "fct_recon_gateway_evidence",
    "fct_recon_gateway",
    "fct_recon_gateway_line",
    "fct_recon_item",
)
JOIN = """
    CREATE OR REPLACE TABLE joined AS
    SELECT p.tenant_id, p.payment_id, l.line_id, p.amount_paise, l.credit_paise
    FROM read_parquet('$landed/payment/*.parquet') AS p
    JOIN read_parquet('$landed/settlement_file/*.parquet') AS l
        ON p.tenant_id = l.tenant_id AND coalesce(p.gateway_payment_id, p.rrn) = l.entity_id
    WHERE p.event_type = 'PaymentCaptured' AND l.event_type = 'SettlementLineRecorded'
"""


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """One run: items and lines, wall and CPU seconds of the matching models, peak memory, and a bare join's seconds."""

    items: int
    lines: int
    total_s: float
    cpu_s: float
    peak_gib: float
    join_s: float


def measure_matching(
    folder: Path, items: int = 1_000_000, on_step: Callable[[str], None] = lambda step: None
) -> Matched:
    """Land a small chain with so many payments more, build what matching reads, then match."""
    home = folder / "matching"
    shutil.rmtree(home, ignore_errors=True)
    on_step("making payments and lines")
    world = make_world(home, 1, "tiny")
    with open_line(world.settings) as line:
        land_tenant(line, world.tenant_id, full=True)
    landed = str(world.settings.landing_dir / world.tenant_id).replace("'", "''")
    with duckdb.connect(config={"threads": world.settings.threads}) as connection:
        connection.execute(ROWS.read_text(encoding="utf-8").replace("$landed", landed).replace("$items", str(items)))
    on_step("building what matching reads")
    database = home / "matching.duckdb"
    _transform(world, database, "+fct_recon_item")
    on_step("matching")
    with watched_memory() as peak:
        began, spent = time.perf_counter(), time.process_time()
        _transform(world, database, *MODELS)
        total, cpu = time.perf_counter() - began, time.process_time() - spent
    on_step("a bare join")
    with duckdb.connect(str(database), config={"threads": world.settings.threads}) as connection:
        found, lines = _counts(connection)
        began = time.perf_counter()
        connection.execute(JOIN.replace("$landed", landed))
        join = time.perf_counter() - began
    shutil.rmtree(home)
    return Matched(
        items=found,
        lines=lines,
        total_s=round(total, 2),
        cpu_s=round(cpu, 2),
        peak_gib=round(peak.bytes / 2**30, 2),
        join_s=round(join, 2),
    )


def _transform(world: World, database: Path, *select: str) -> None:
    report = transform(
        database=database,
        landing_dir=world.settings.landing_dir,
        tenants=[world.tenant_id],
        work_dir=database.parent / "dbt",
        threads=world.settings.threads,
        data_tests=False,
        select=select,
    )
    if report.failures:
        raise RuntimeError("; ".join(f"{node.name}: {node.message}" for node in report.failures))


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Payments that wait for lines, and lines."""
    sql = """
        SELECT (SELECT count(*) FROM fct_recon_item WHERE leg IN ('L1', 'L3') AND kind = 'payment'),
               (SELECT count(*) FROM fct_settlement_line)
    """
    items, lines = connection.execute(sql).fetchall()[0]
    return items, lines
