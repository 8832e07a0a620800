"""What `dagster dev -m pipelines.definitions` serves: the line of the installation that MYMEDIC_HOME names."""

from __future__ import annotations

import dagster as dg

from mymedic.settings import Settings
from pipelines.orchestration.exports import export_surfaces
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.instance import dagster_home
from pipelines.orchestration.project import Project, manifest
from pipelines.orchestration.triggers import (
    close_settlement_day,
    close_settlement_day_daily,
    news_in_the_log,
    refresh_shard,
)
from pipelines.orchestration.warehouse import shard_build


def definitions_of(installation: Installation, project: Project) -> dg.Definitions:
    """The line over one installation."""
    return dg.Definitions(
        assets=[shard_build(project), export_surfaces],
        jobs=[refresh_shard, close_settlement_day],
        schedules=[close_settlement_day_daily],
        sensors=[news_in_the_log],
        resources={"installation": installation},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The first time, the dbt project is parsed into Dagster's folder of the home."""
    settings = Settings()
    return definitions_of(Installation(settings), Project(manifest(dagster_home(settings) / "dbt")))
