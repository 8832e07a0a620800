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
) -> BuildReport:
    """Build and publish one shard; raises BuildFailed, and publishes nothing, when a check fails."""
    with building(line, shard, tenants, as_of=as_of, on_step=on_step, border=border) as build:
        build.land(full=full)
        build.transform()
        build.publish()
    return build.report


@contextmanager
def building(
    line: Line,
    shard: str,
    tenants: Sequence[str],
    *,
    as_of: datetime | None = None,
    on_step: Step = lambda step: None,
    border: Border = landing_border_beside,
) -> Iterator[Build]:
    """A build whose steps the caller takes one by one. One build of a shard at a time; STORE_LOCKED for the second."""
    folder = line.build_dir(shard)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise Refused("STORE_LOCKED", f"{shard} is being built by another process") from held
        yield Build(line, BuildReport(shard, list(tenants)), as_of, on_step, border)


@dataclass(slots=True)
class Build:
    """The steps of one build, in their order: `land`, `transform`, `publish`."""

    line: Line
    report: BuildReport
    as_of: datetime | None
    on_step: Step
    border: Border

    def land(self, *, full: bool = False) -> None:
        with self._timed("landing"):
            for tenant_id in self.report.tenants:
                self.report.landed[tenant_id] = land_tenant(self.line, tenant_id, full=full)

    def transform(self) -> None:
        """Run and test every model, and check the landing border beside it; failures stand in the report."""
        with self.border(self.line.landing_dir, self.report.tenants) as results:
            with self._timed("dbt"):
                self.report.transformed = transform(
                    database=fresh_database(self.line, self.report.shard),
                    landing_dir=self.line.landing_dir,
                    tenants=self.report.tenants,
                    work_dir=self.line.build_dir(self.report.shard) / "dbt",
                    as_of=self.as_of,
                    threads=self.line.threads,
                )
            with self._timed("border"):
                self.report.border = results()

    def publish(self) -> None:
        """Swap each tenant's file in; BuildFailed, and no file changes, when anything has failed."""
        if self.report.transformed is None or self.report.failures:
            raise BuildFailed(self.report)
        with self._timed("publish"):
            for tenant_id in self.report.tenants:
                self.report.published[tenant_id] = publish_tenant(
                    self.line, self.report.shard, tenant_id, self.report.landed[tenant_id], self.as_of
                )
        next_database(self.line, self.report.shard).unlink()

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        self.on_step(step)
        began = time.perf_counter()
        yield
        self.report.seconds[step] = time.perf_counter() - began


def land_tenant(line: Line, tenant_id: str, *, full: bool = False) -> LandingReport:
    def patient_key(patient_id: str) -> str:
        return line.vault.patient_key(tenant_id, patient_id)

    return land(line.feed, tenant_id, line.landing_dir, patient_key, full=full)


def next_database(line: Line, shard: str) -> Path:
    """The generation under construction."""
    return line.build_dir(shard) / "next.duckdb"


def fresh_database(line: Line, shard: str) -> Path:
    """The `next` generation, empty: what a killed build left behind is thrown away."""
    database = next_database(line, shard)
    for leftover in (database, database.with_name("next.duckdb.wal")):
        leftover.unlink(missing_ok=True)
    return database


def publish_tenant(
    line: Line, shard: str, tenant_id: str, landed: LandingReport, as_of: datetime | None
) -> PublishedWarehouse:
    return publish(
        built=next_database(line, shard),
        tenant_id=tenant_id,
        path=line.published_path(tenant_id, as_of),
        last_seq=landed.landed_to,
        generator=GENERATOR,
    )
