"""The straight line of one shard: land, transform, check, publish. Dagster and the command line both call this."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from event_store.feed import Feed, open_feed
from event_store.retention.keys import Vault, open_vault
from mymedic.errors import Refused
from mymedic.settings import Settings
from pipelines.borders.beside import Border, landing_border_beside
from pipelines.borders.result import BorderResult
from pipelines.landing.write import LandingReport, land
from pipelines.publish import PublishedWarehouse, publish
from pipelines.transform import TransformReport, discard, transform

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


@contextmanager
def open_line(settings: Settings) -> Iterator[Line]:
    """The line of an installation, for a process that never decides."""
    with open_feed(settings) as feed, closing(open_vault(settings)) as vault:
        yield Line(feed, vault, settings.landing_dir, settings.warehouse_dir, settings.threads)


class Failure(NamedTuple):
    """A model, a test or a border's rule that keeps a build from being published."""

    name: str
    status: str
    message: str


@dataclass(slots=True)
class BuildReport:
    """What one build did, and how long each step took."""

    shard: str
    tenants: list[str]
    landed: dict[str, LandingReport] = field(default_factory=dict)
    transformed: TransformReport | None = None
    border: list[BorderResult] = field(default_factory=list)
    published: dict[str, PublishedWarehouse] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        nodes = self.transformed.failures if self.transformed else []
        return [
            *(Failure(node.name, node.status, node.message) for node in nodes),
            *(Failure(f"{one.subject} {one.name}", "fail", one.detail) for one in self.border if not one.passed),
        ]


class BuildFailed(Exception):
    """A model or a check failed: nothing was published, the warehouse of the last good build stands."""

    def __init__(self, report: BuildReport) -> None:
        self.report = report
        self.failures = report.failures
        names = ", ".join(failure.name for failure in self.failures[:5])
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
    border: Border = landing_border_beside,
    is_part: bool = False,
) -> BuildReport:
    """Build and publish one shard; raises BuildFailed, and publishes nothing, when a check fails.

    A part of a log (`is_part`) is built without dbt's checks: the other side of many an entry is not in it.
    One build of a shard at a time: STORE_LOCKED for the second.
    """
    report = BuildReport(shard, list(tenants))
    with _alone(line, shard):
        with _timed(report, "landing", on_step):
            for tenant_id in tenants:
                report.landed[tenant_id] = land_tenant(line, tenant_id, full=full)
        database = fresh_database(line, shard)
        with border(line.landing_dir, tenants) as results:
            with _timed(report, "dbt", on_step):
                report.transformed = transform(
                    database=database,
                    landing_dir=line.landing_dir,
                    tenants=tenants,
                    work_dir=line.build_dir(shard) / "dbt",
                    as_of=as_of,
                    threads=line.threads,
                    data_tests=not is_part,
                )
            with _timed(report, "border", on_step):
                report.border = results()
        if report.failures:
            raise BuildFailed(report)
        with _timed(report, "publish", on_step):
            for tenant_id in tenants:
                report.published[tenant_id] = publish_tenant(
                    line, shard, tenant_id, report.landed[tenant_id], as_of, alone=len(tenants) == 1
                )
        discard(database)
    return report


@contextmanager
def _alone(line: Line, shard: str) -> Iterator[None]:
    """Two builds of a shard would share its `next` generation, and could publish a mix of both."""
    folder = line.build_dir(shard)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Refused("STORE_LOCKED", f"{shard} is being built by another process") from held
        yield


def land_tenant(line: Line, tenant_id: str, *, full: bool = False) -> LandingReport:
    def patient_key(patient_id: str) -> str:
        return line.vault.patient_key(tenant_id, patient_id)

    return land(line.feed, tenant_id, line.landing_dir, patient_key, full=full)


def fresh_database(line: Line, shard: str) -> Path:
    """The `next` generation, empty: what a killed build left behind is thrown away."""
    database = line.build_dir(shard) / "next.duckdb"
    discard(database)
    return database


def publish_tenant(
    line: Line, shard: str, tenant_id: str, landed: LandingReport, as_of: datetime | None, *, alone: bool
) -> PublishedWarehouse:
    return publish(
        built=line.build_dir(shard) / "next.duckdb",
        tenant_id=tenant_id,
        path=line.published_path(tenant_id, as_of),
        last_seq=landed.landed_to,
        generator=GENERATOR,
        alone=alone,
    )


@contextmanager
def _timed(report: BuildReport, step: str, on_step: Step) -> Iterator[None]:
    on_step(step)
    began = time.perf_counter()
    yield
    report.seconds[step] = time.perf_counter() - began
