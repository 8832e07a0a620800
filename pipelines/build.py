"""The straight line of one shard: land, transform, check, publish. Dagster and the command line both call this."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from event_store.feed import Feed
from event_store.retention.keys import Vault
from pipelines.landing.write import LandingReport, land
from pipelines.publish import PublishedWarehouse, publish
from pipelines.transform import TransformReport, transform

GENERATOR = "mymedic 0.1.0"


@dataclass(frozen=True, slots=True)
class Line:
    """Everything that a build needs: where events come from, where its folders are."""

    feed: Feed
    vault: Vault
    landing_dir: Path
    warehouse_dir: Path
    threads: int = 2

    def published_path(self, tenant_id: str, as_of: datetime | None = None) -> Path:
        """The file that readers open; past states of knowledge lie beside it, each under its instant."""
        if as_of is None:
            return self.warehouse_dir / f"{tenant_id}.duckdb"
        return self.warehouse_dir / "as_of" / tenant_id / f"{as_of:%Y%m%dT%H%M%S%fZ}.duckdb"

    def build_dir(self, shard: str) -> Path:
        return self.warehouse_dir / "build" / shard


@dataclass(slots=True)
class BuildReport:
    """What one build did, and how long each step took."""

    shard: str
    tenants: list[str]
    landed: dict[str, LandingReport] = field(default_factory=dict)
    transformed: TransformReport | None = None
    published: dict[str, PublishedWarehouse] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class BuildFailed(Exception):
    """A model or a check failed: nothing was published, the warehouse of the last good build stands."""

    def __init__(self, report: BuildReport) -> None:
        assert report.transformed is not None
        self.report = report
        self.failures = report.transformed.failures
        names = ", ".join(node.name for node in self.failures[:5])
        super().__init__(f"{len(self.failures)} of the build's checks failed: {names}")


Step = Callable[[str], None]


def build_shard(
    line: Line,
    shard: str,
    tenants: Sequence[str],
    *,
    full: bool = False,
    as_of: datetime | None = None,
    on_step: Step = lambda step: None,
) -> BuildReport:
    """Build and publish one shard; raises BuildFailed, and publishes nothing, when a check fails."""
    report = BuildReport(shard, list(tenants))
    with _timed(report, "landing", on_step):
        for tenant_id in tenants:
            report.landed[tenant_id] = land_tenant(line, tenant_id, full=full)
    database = fresh_database(line, shard)
    with _timed(report, "dbt", on_step):
        report.transformed = transform(
            database=database,
            landing_dir=line.landing_dir,
            tenants=tenants,
            work_dir=line.build_dir(shard) / "dbt",
            as_of=as_of,
            threads=line.threads,
        )
    if report.transformed.failures:
        raise BuildFailed(report)
    with _timed(report, "publish", on_step):
        for tenant_id in tenants:
            report.published[tenant_id] = publish_tenant(line, shard, tenant_id, report.landed[tenant_id], as_of)
    database.unlink()
    return report


def land_tenant(line: Line, tenant_id: str, *, full: bool = False) -> LandingReport:
    def patient_key(patient_id: str) -> str:
        return line.vault.patient_key(tenant_id, patient_id)

    return land(line.feed, tenant_id, line.landing_dir, patient_key, full=full)


def fresh_database(line: Line, shard: str) -> Path:
    """The `next` generation, empty: what a killed build left behind is thrown away."""
    folder = line.build_dir(shard)
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "next.duckdb"
    for leftover in (database, database.with_name("next.duckdb.wal")):
        leftover.unlink(missing_ok=True)
    return database


def publish_tenant(
    line: Line, shard: str, tenant_id: str, landed: LandingReport, as_of: datetime | None
) -> PublishedWarehouse:
    return publish(
        built=line.build_dir(shard) / "next.duckdb",
        tenant_id=tenant_id,
        path=line.published_path(tenant_id, as_of),
        last_seq=landed.landed_to,
        generator=GENERATOR,
    )


@contextmanager
def _timed(report: BuildReport, step: str, on_step: Step) -> Iterator[None]:
    on_step(step)
    began = time.perf_counter()
    yield
    report.seconds[step] = time.perf_counter() - began
