"""What Dagster serves: the line of an installation. It is served from `apps.line`, which hands in the reconciler."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from mymedic.settings import Settings
from pipelines.orchestration.exports import export_surfaces
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.instance import dagster_home
from pipelines.orchestration.project import Project, manifest
from pipelines.orchestration.reconciling import record_reconciliation
from pipelines.orchestration.triggers import (
    close_settlement_day,
    close_settlement_day_daily,
    news_in_the_log,
    refresh_shard,
)
from pipelines.orchestration.warehouse import shard_build
from pipelines.reconciling import Reconciler


def definitions_of(installation: Installation, project: Project, reconciler: Reconciler) -> dg.Definitions:
    """The line over one installation."""
    return dg.Definitions(
        assets=[shard_build(project), record_reconciliation, export_surfaces],
        jobs=[refresh_shard, close_settlement_day],
        schedules=[close_settlement_day_daily],
        sensors=[news_in_the_log],
        resources={"installation": installation, "reconciler": reconciler},
        executor=dg.in_process_executor,
    )


def served(reconciler_of: Callable[[Settings], Reconciler]) -> Callable[..., dg.Definitions]:
    """The line of the installation that MYMEDIC_HOME names.

    The first time, the dbt project is parsed into Dagster's folder of the home.
    """

    @dg.definitions
    def defs() -> dg.Definitions:
        settings = Settings()
        project = Project(manifest(dagster_home(settings) / "dbt"))
        return definitions_of(Installation(settings), project, reconciler_of(settings))

    return defs
