"""`build`, `verify`, `tenants`: the line from the log to the warehouse, and the proofs about it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer
from rich.status import Status
from rich.text import Text

from apps.cli.console import ERR, OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption, instant
from apps.cli.place import line_of, store_of, the_tenant
from apps.proofs import prove
from mymedic.errors import Refused
from pipelines.build import BuildFailed, BuildReport, build_shard
from pipelines.shards import grouped, shards


def register(app: typer.Typer) -> None:
    app.command()(build)
    app.command()(verify)
    app.command()(tenants)


def build(
    tenant: TenantOption = None,
    full: Annotated[bool, typer.Option("--full", help="Land again from seq 0.")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Build what was known at this instant (RFC 3339), beside the present.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Land, transform, check, publish. A failed check publishes nothing."""
    moment = instant(as_of)
    reports: list[BuildReport] = []
    with store_of(home) as (settings, store):
        line = line_of(settings, store)
        wanted = grouped(store.feed, [the_tenant(store.feed, tenant)]) if tenant else shards(store.feed)
        if not wanted:
            raise Refused("NOT_FOUND", "there is no tenant yet; `mymedic demo` makes some")
        for shard, members in wanted.items():
            try:
                with ERR.status(f"{shard}: starting") as status:
                    reports.append(
                        build_shard(
                            line,
                            shard,
                            members,
                            full=full,
                            as_of=moment,
                            on_step=partial(_say, status, shard),
                        )
                    )
            except BuildFailed as failure:
                _show_failure(failure, json)
                return 1
    if json:
        print_json({"built": [_summary(report) for report in reports]})
        return 0
    for report in reports:
        steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in report.seconds.items())
        OUT.print(f"{report.shard}: {steps}", highlight=False)
        for tenant_id, published in report.published.items():
            OUT.print(
                f"  {tenant_id} up to seq {published.last_seq:,}: {published.path}", highlight=False, soft_wrap=True
            )
    return 0


def _say(status: Status, shard: str, step: str) -> None:
    status.update(f"{shard}: {step}")


def _summary(report: BuildReport) -> dict[str, Any]:
    return {
        "shard": report.shard,
        "seconds": report.seconds,
        "tenants": {
            tenant_id: {
                "path": str(published.path),
                "last_seq": published.last_seq,
                "as_of": published.as_of,
                "tables": {one.name: {"rows": one.rows, "hash": one.content_hash} for one in published.tables},
            }
            for tenant_id, published in report.published.items()
        },
    }


def _show_failure(failure: BuildFailed, json: bool) -> None:
    if json:
        found = [{"name": node.name, "status": node.status, "message": node.message} for node in failure.failures]
        print_json({"error": {"code": "BUILD_FAILED", "message": str(failure), "details": {"failed": found}}})
        return
    ERR.print(Text.assemble(("not published", "bold red"), f"  {failure}; the last good warehouse stands"))
    for node in failure.failures:
        ERR.print(f"  {node.status} {node.name}: {node.message.strip()}", highlight=False, soft_wrap=True)


def verify(
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Prove that the log is whole, guards and live views equal their replay, and the warehouse is of this log."""
    with store_of(home) as (settings, store):
        names = [the_tenant(store.feed, tenant)] if tenant else store.feed.tenants()
        if not names:
            raise Refused("NOT_FOUND", f"there is no tenant to prove anything about in {settings.resolved_home}")
        proofs = [proof for name in names for proof in prove(store, settings, name)]
    if json:
        print_json({"proofs": [proof._asdict() for proof in proofs], "passed": all(one.passed for one in proofs)})
    else:
        for proof in proofs:
            mark = ("✓", "green") if proof.passed else ("✗", "bold red")
            OUT.print(Text.assemble(mark, f" {proof.tenant_id}  {proof.claim}  {proof.seen}"))
            for problem in proof.problems:
                OUT.print(f"    {problem}", highlight=False, markup=False)
    return 0 if all(proof.passed for proof in proofs) else 1


def tenants(home: HomeOption = None, json: JsonOption = False) -> None:
    """Who is in the log: name, kind, last seq, and whether a warehouse is published."""
    with store_of(home) as (settings, store):
        line = line_of(settings, store)
        rows = []
        for tenant_id in store.feed.tenants():
            state = store.handler.state(tenant_id, "tenant", tenant_id)
            rows.append(
                {
                    "tenant_id": tenant_id,
                    "name": state.name,
                    "kind": state.kind,
                    "last_seq": store.feed.head(tenant_id),
                    "is_published": line.published_path(tenant_id).exists(),
                }
            )
    if json:
        print_json({"tenants": rows})
        return
    OUT.print(
        table(
            "Tenants",
            ["tenant", "name", "kind", "events", "published"],
            [[f"{v:,}" if isinstance(v, int) and not isinstance(v, bool) else v for v in row.values()] for row in rows],
            right=["events"],
        )
    )
