"""What leaves, as assets: every surface of finance, each held to its border."""

import calendar
import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import dagster as dg

from exports.finance.read import Period
from exports.finance.surfaces import SURFACES
from exports.warehouse import opened
from mymedic.clock import business_date
from mymedic.counts import counted
from pipelines.borders.export import EXPORT_RULES
from pipelines.leaving import Leaving, leave
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.results import border_result
from pipelines.orchestration.shard import SHARDS, shard_check
from pipelines.orchestration.warehouse import PUBLISHED
from pipelines.shards import shards


class MonthConfig(dg.Config):
    """`month` as 2026-11; empty: the month of the last event that the warehouse knows."""

    month: str = ""


def month_of(text: str) -> Period:
    """The first to the last day of a month given as 2026-11."""
    first = date.fromisoformat(f"{text}-01")
    return Period(first, first.replace(day=calendar.monthrange(first.year, first.month)[1]))


@dg.multi_asset(
    name="export_surfaces",
    description="Write the month of every surface as CSV, XLSX and Parquet, and let out what passes the border.",
    specs=[
        dg.AssetSpec(
            ["exports", surface.name],
            deps=[PUBLISHED],
            group_name="exports",
            description=f"{surface.title} of a month.",
        )
        for surface in SURFACES.values()
    ],
    check_specs=[shard_check(rule, ["exports", name]) for name in SURFACES for rule in EXPORT_RULES],
    partitions_def=SHARDS,
    can_subset=True,
)
def export_surfaces(
    context: dg.AssetExecutionContext, config: MonthConfig, installation: dg.ResourceParam[Installation]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    with installation.line() as line:
        tenants = shards(line.feed).get(context.partition_key, [])
        warehouses = {tenant_id: line.published_path(tenant_id) for tenant_id in tenants}
    held: list[str] = []
    for name in SURFACES:
        if dg.AssetKey(["exports", name]) not in context.selected_asset_keys:
            continue
        leaving = [
            leave(warehouse, installation.exports_dir, tenant_id, name, _period(config, warehouse))
            for tenant_id, warehouse in warehouses.items()
        ]
        for rule in EXPORT_RULES:
            found = [result for one in leaving for result in one.border if result.name == rule]
            yield border_result(["exports", name], rule, found)
        if all(one.has_left for one in leaving):
            yield _left(name, leaving)
        held += [str(one.export.folder) for one in leaving if not one.has_left]
    if held:
        raise dg.Failure(
            f"{counted(len(held), 'export is', 'exports are')} held back: {', '.join(held)}", allow_retries=False
        )


def _period(config: MonthConfig, warehouse: Path) -> Period:
    if config.month:
        return month_of(config.month)
    with opened(warehouse) as connection:
        found = connection.execute("SELECT as_of_at FROM build_info").fetchone()
    assert found is not None
    return month_of(f"{business_date(found[0]):%Y-%m}")


def _left(name: str, leaving: Sequence[Leaving]) -> dg.MaterializeResult:
    manifests = [one.export.manifest for one in leaving]
    files = [
        dg.TableRecord({"folder": str(one.export.folder), "file": file.name, "rows": file.rows, "sha256": file.sha256})
        for one in leaving
        for file in one.export.manifest.files
    ]
    content = "".join(f"{manifest.tenant_id}{manifest.content_sha256}" for manifest in manifests)
    return dg.MaterializeResult(
        asset_key=["exports", name],
        data_version=dg.DataVersion(hashlib.sha256(content.encode()).hexdigest()[:16]),
        metadata={
            "dagster/row_count": sum(manifest.rows for manifest in manifests),
            "files": dg.MetadataValue.table(files),
            "sums_paise": dg.MetadataValue.json({manifest.tenant_id: manifest.sums_paise for manifest in manifests}),
        },
    )
