"""What a published build says of the money, recorded as a run of reconciliation.

Only the nightly close does: every run is an event, and a line that recorded after every event would never come to rest.
"""

import dagster as dg

from mymedic.errors import Refused
from pipelines.orchestration.exports import MonthConfig
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.shard import SHARDS
from pipelines.orchestration.warehouse import PUBLISHED
from pipelines.reconciling import Reconciler
from pipelines.shards import shards

RECONCILED = dg.AssetKey(["log", "reconciliation_runs"])


@dg.multi_asset(
    name="record_reconciliation",
    specs=[
        dg.AssetSpec(
            RECONCILED,
            deps=[PUBLISHED],
            group_name="log",
            description="Totals by class, open items and trial balance of the published build, recorded as a run.",
        )
    ],
    partitions_def=SHARDS,
)
def record_reconciliation(
    context: dg.AssetExecutionContext,
    config: MonthConfig,
    installation: dg.ResourceParam[Installation],
    reconciler: dg.ResourceParam[Reconciler],
) -> dg.MaterializeResult:
    with installation.line() as line:
        tenants = shards(line.feed).get(context.partition_key, [])
        warehouses = {tenant_id: line.published_path(tenant_id) for tenant_id in tenants}
    try:
        runs = [reconciler.record(tenant_id, path, config.month or None) for tenant_id, path in warehouses.items()]
    except Refused as refused:
        if refused.retryable:
            raise dg.RetryRequested(max_retries=3, seconds_to_wait=30) from refused
        raise
    records = [dg.TableRecord({**run._asdict(), "until": str(run.until)}) for run in runs]
    return dg.MaterializeResult(
        asset_key=RECONCILED,
        metadata={
            "runs": dg.MetadataValue.table(records),
            "items": sum(run.items_n for run in runs),
            "open_items": sum(run.open_n for run in runs),
            "open_paise": sum(run.open_paise for run in runs),
        },
    )
