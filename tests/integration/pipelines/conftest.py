"""One close of a settlement day, run by Dagster in this process, which the tests of the line look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from apps.closing.recording import NightlyReconciler
from mymedic.settings import Settings
from pipelines import build
from pipelines.borders.result import BorderResult
from pipelines.definitions import definitions_of
from pipelines.orchestration.installation import Installation
from pipelines.transform import TransformReport, transform
from tests.integration.pipelines.installation import clinic, settings_in
from tests.parsed_project import parsed_project

TENANT = "ten_skin"
SEQS = 12

Transform = Callable[..., TransformReport]


@dataclass(frozen=True)
class Closed:
    """What is there after the day was closed, and what dbt had built, so that a later build can have it at once."""

    settings: Settings
    instance: dg.DagsterInstance
    result: dg.ExecuteInProcessResult
    transformed: TransformReport
    built: Path

    @property
    def published(self) -> Path:
        return self.settings.warehouse_dir / f"{TENANT}.duckdb"

    def definitions(self, *border: BorderResult) -> dg.Definitions:
        """The line of this installation, whose landing border finds this."""
        installation = Installation(self.settings, finding(*border))
        return definitions_of(installation, parsed_project(), NightlyReconciler(self.settings))

    def replayed(self, **changed: str) -> Transform:
        """dbt, which builds what it built before, and says of some tests what they say now."""

        def again(*, database: Path, **_: Any) -> TransformReport:
            shutil.copyfile(self.built, database)
            nodes = [node._replace(status=changed.get(node.name, node.status)) for node in self.transformed.nodes]
            return self.transformed._replace(database=database, nodes=nodes)

        return again


def finding(*results: BorderResult) -> Any:
    """A landing border that finds this at once."""

    @contextmanager
    def border(landing_dir: Path, tenant_ids: Sequence[str]) -> Iterator[Callable[[], list[BorderResult]]]:
        yield lambda: list(results)

    return border


@pytest.fixture(scope="session")
def closed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    folder = tmp_path_factory.mktemp("installation")
    settings = settings_in(folder / "home")
    with clinic(settings, TENANT) as founded:
        founded.pay(5_000)
        founded.pay(7_000)
    kept: list[TransformReport] = []

    def keeping(**arguments: Any) -> TransformReport:
        report = transform(**arguments)
        shutil.copyfile(report.database, folder / "built.duckdb")
        kept.append(report)
        return report

    definitions = definitions_of(Installation(settings), parsed_project(), NightlyReconciler(settings))
    job = definitions.resolve_job_def("close_settlement_day")
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patch:
        instance.add_dynamic_partitions("shard", [TENANT])
        patch.setattr(build, "transform", keeping)
        result = job.execute_in_process(instance=instance, partition_key=TENANT, raise_on_error=False)
        yield Closed(settings, instance, result, kept[0], folder / "built.duckdb")


@pytest.fixture
def closed(closed_once: Closed, tmp_path: Path) -> Closed:
    """A copy of the installation, for a test that goes on from there."""
    home = tmp_path / "home"
    shutil.copytree(closed_once.settings.home, home)
    return Closed(
        settings_in(home), closed_once.instance, closed_once.result, closed_once.transformed, closed_once.built
    )
