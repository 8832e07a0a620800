"""The build of a shard as assets: what lands, every dbt model and seed, and the published warehouse.

They are one operation, because they are one build: under one lock, in one process (a process of its own for each step
would import dbt and Dagster anew, 5 s each), and with nothing published unless every check of it has passed.
"""

from collections.abc import Iterator

import dagster as dg

from mymedic.errors import Refused
from pipelines import build
from pipelines.borders.landing import GUARDED, LANDING_RULES
from pipelines.build import BuildFailed, BuildReport
from pipelines.landing.schema import tables
from pipelines.orchestration import results
from pipelines.orchestration.installation import Installation
from pipelines.orchestration.project import Project
from pipelines.orchestration.shard import SHARDS, shard_check
from pipelines.publish import is_published
from pipelines.shards import shards

PUBLISHED = dg.AssetKey(["warehouse", "published"])


class BuildConfig(dg.Config):
    """`full`: land again from seq 0."""

    full: bool = False


def shard_build(project: Project) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="build_shard",
        description="Land, transform, check and publish one shard.",
        specs=[*_landing_assets(), *project.assets, _published_asset(project)],
        check_specs=[*_landing_checks(), *project.checks.values()],
        partitions_def=SHARDS,
    )
    def build_shard(
        context: dg.AssetExecutionContext, config: BuildConfig, installation: dg.ResourceParam[Installation]
    ) -> Iterator[results.Result]:
        report, failed = _outcome(context, config, installation)
        yield from results.of_build(report, project, PUBLISHED)
        if failed is not None:
            raise results.failure(failed)

    return build_shard


def _outcome(
    context: dg.AssetExecutionContext, config: BuildConfig, installation: Installation
) -> tuple[BuildReport, BuildFailed | None]:
    """The whole build before the first word to Dagster: to record 400 events takes it longer than many a build."""
    shard = context.partition_key
    try:
        with installation.line() as line:
            tenants = shards(line.feed).get(shard)
            if not tenants:
                raise dg.Failure(f"the log has no shard {shard}", allow_retries=False)
            report = build.build_shard(
                line, shard, tenants, full=config.full, on_step=context.log.info, border=installation.border
            )
            return report, None
    except BuildFailed as failed:
        return failed.report, failed
    except Refused as refused:
        if refused.retryable:
            raise dg.RetryRequested(max_retries=3, seconds_to_wait=30) from refused
        raise


def _landing_assets() -> Iterator[dg.AssetSpec]:
    for table in tables().values():
        about = ", ".join(table.events)
        what = f"One row per item of `{'.'.join(table.item_path)}` in" if table.item_path else "One row per event:"
        yield dg.AssetSpec(
            ["landing", table.name], group_name="landing", description=f"{what} {about}.", kinds={"parquet"}
        )


def _landing_checks() -> Iterator[dg.AssetCheckSpec]:
    for name in GUARDED:
        for rule in LANDING_RULES:
            yield shard_check(rule, ["landing", name])


def _published_asset(project: Project) -> dg.AssetSpec:
    return dg.AssetSpec(
        PUBLISHED,
        deps=[spec.key for spec in project.assets if is_published(spec.key.path[-1])],
        group_name="warehouse",
        description="One DuckDB file per tenant: every dimension, fact, mart and live twin, swapped in whole.",
        kinds={"duckdb"},
    )
