"""What sets the line off: news in the log, and the night."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import dagster as dg
from dagster import DagsterRunStatus

from mymedic.clock import business_date
from pipelines.build import Line
from pipelines.orchestration.exports import MonthConfig
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.shard import SHARDS
from pipelines.publish import published_seq
from pipelines.shards import shards

# A shard is asked about this often; what came meanwhile is built together.
LOOK_SECONDS = 60
# Half past two: the gateways' files of the day before are in, and the clinics are closed.
NIGHTLY = "30 2 * * *"

_UNFINISHED = (
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
)

refresh_shard = dg.define_asset_job(
    "refresh_shard",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("exports", "log"),
    description="Bring one shard's warehouse up to its log.",
    executor_def=dg.in_process_executor,
)
close_settlement_day = dg.define_asset_job(
    "close_settlement_day",
    selection=dg.AssetSelection.all(),
    description="Bring one shard's warehouse up to its log, record its reconciliation, export the month.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=close_settlement_day,
    name="close_settlement_day_daily",
    cron_schedule=NIGHTLY,
    execution_timezone="Asia/Kolkata",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def close_settlement_day_daily(
    context: dg.ScheduleEvaluationContext, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.RunRequest]:
    """One run for every shard; the day that ends is the one before the night, and so is the month."""
    day = business_date(context.scheduled_execution_time - timedelta(days=1))
    with installation.line() as line:
        names = list(shards(line.feed))
    context.instance.add_dynamic_partitions(SHARDS.name or "", names)
    month = MonthConfig(month=f"{day:%Y-%m}")
    for shard in names:
        yield dg.RunRequest(
            run_key=f"{shard}@{day}",
            partition_key=shard,
            run_config=dg.RunConfig(ops={"record_reconciliation": month, "export_surfaces": month}),
        )


@dg.sensor(
    job=refresh_shard,
    minimum_interval_seconds=LOOK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def news_in_the_log(
    context: dg.SensorEvaluationContext, installation: dg.ResourceParam[Installation]
) -> dg.SensorResult | dg.SkipReason:
    """One run for every shard whose log goes beyond its published warehouse, and that is not being built."""
    with installation.line() as line:
        heads = {shard: _heads(line, tenants) for shard, tenants in shards(line.feed).items()}
    behind = [shard for shard, tenants in heads.items() if any(head > known for head, known in tenants.values())]
    waiting = [shard for shard in behind if not _is_being_built(context.instance, shard)]
    if not waiting:
        return dg.SkipReason("being built" if behind else "every warehouse knows its whole log")
    return dg.SensorResult(
        run_requests=[
            # Heads only grow, so their sum names a state of the shard's logs; Dagster runs a key once.
            dg.RunRequest(run_key=f"{shard}@{sum(head for head, _ in heads[shard].values())}", partition_key=shard)
            for shard in waiting
        ],
        dynamic_partitions_requests=[SHARDS.build_add_request(waiting)],
    )


def _heads(line: Line, tenants: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Tenant -> last seq of its log and of its warehouse."""
    return {
        tenant_id: (line.feed.head(tenant_id), published_seq(line.published_path(tenant_id))) for tenant_id in tenants
    }


def _is_being_built(instance: dg.DagsterInstance, shard: str) -> bool:
    runs = dg.RunsFilter(statuses=list(_UNFINISHED), tags={"dagster/partition": shard})
    return instance.get_runs_count(runs) > 0
