"""What a build reports, told to Dagster: a materialization per table, a result per check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import dagster as dg

from pipelines.borders.result import BorderResult
from pipelines.build import BuildFailed, BuildReport
from pipelines.landing.schema import tables
from pipelines.orchestration.project import Project
from pipelines.transform import NodeResult

Result = dg.MaterializeResult | dg.AssetCheckResult


def of_build(report: BuildReport, project: Project, published_key: dg.AssetKey) -> Iterator[Result]:
    """Everything that a build did, whether it came to be published or not."""
    yield from landed(report)
    yield from transformed(report, project)
    yield from border(report)
    if report.published:
        yield published(report, published_key)


def landed(report: BuildReport) -> Iterator[dg.MaterializeResult]:
    """A result for every landing table, whether this run brought rows to it or not."""
    last = {tenant_id: one.landed_to for tenant_id, one in report.landed.items()}
    again = {tenant_id: one.relanded for tenant_id, one in report.landed.items() if one.relanded}
    for name in tables():
        yield dg.MaterializeResult(
            asset_key=["landing", name],
            metadata={
                "rows_landed": sum(one.rows.get(name, 0) for one in report.landed.values()),
                "last_seq": dg.MetadataValue.json(last),
                **({"landed_again_because": dg.MetadataValue.json(again)} if again else {}),
            },
        )


def transformed(report: BuildReport, project: Project) -> Iterator[Result]:
    """A materialization for every model that stands, a result for every test that ran."""
    if report.transformed is None:
        return
    nodes, _, rows = report.transformed
    for node in nodes:
        if node.unique_id in project.checks:
            if node.status != "skipped":
                yield _tested(node, project.checks[node.unique_id])
        elif node.status == "success":
            yield dg.MaterializeResult(
                asset_key=project.keys[node.unique_id],
                metadata={
                    "seconds": node.seconds,
                    **({"dagster/row_count": rows[node.name]} if node.name in rows else {}),
                },
            )


def _tested(node: NodeResult, check: dg.AssetCheckSpec) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=node.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
        description=node.message or None,
        metadata={"seconds": node.seconds},
    )


def border(report: BuildReport) -> Iterator[dg.AssetCheckResult]:
    """The landing border's results; one that belongs to no table (the border broke down) fails the build by itself."""
    for result in report.border:
        subject = result.subject.split("/")
        if len(subject) == 2:
            yield border_result(subject, result.name, [result])


def border_result(asset_key: Sequence[str], name: str, found: Sequence[BorderResult]) -> dg.AssetCheckResult:
    """One check for one rule, which several tenants' files may have been held to."""
    problems = [one.detail for one in found if not one.passed]
    return dg.AssetCheckResult(
        asset_key=list(asset_key),
        check_name=name,
        passed=not problems,
        description="; ".join(problems) or None,
        metadata={"rows_seen": sum(one.seen for one in found)},
    )


def published(report: BuildReport, key: dg.AssetKey) -> dg.MaterializeResult:
    tables = [(tenant_id, table) for tenant_id, one in report.published.items() for table in one.tables]
    records = [
        dg.TableRecord({"tenant_id": tenant_id, "table": name, "rows": rows, "content_hash": content_hash})
        for tenant_id, (name, rows, content_hash) in tables
    ]
    content = "\n".join(f"{tenant_id} {table.name} {table.content_hash}" for tenant_id, table in tables)
    return dg.MaterializeResult(
        asset_key=key,
        data_version=dg.DataVersion(hashlib.sha256(content.encode()).hexdigest()[:16]),
        metadata={
            "tables": dg.MetadataValue.table(records),
            "last_seq": dg.MetadataValue.json({name: one.last_seq for name, one in report.published.items()}),
            "bytes": sum(one.path.stat().st_size for one in report.published.values()),
            "seconds": dg.MetadataValue.json({step: round(took, 3) for step, took in report.seconds.items()}),
        },
    )


def failure(failed: BuildFailed) -> dg.Failure:
    """The failed build, with everything that failed in it."""
    rows = [dg.TableRecord({"name": one.name, "status": one.status, "message": one.message}) for one in failed.failures]
    return dg.Failure(
        f"{failed}; nothing was published, the last good warehouse stands",
        metadata={"failures": dg.MetadataValue.table(rows)} if rows else {},
        allow_retries=False,
    )
