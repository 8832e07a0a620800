"""`import` and `ingest`: what comes from outside, read exactly or refused with its place."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from apps.cli.console import ERR, OUT, print_json, rupees
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from integrations.bank.inbound import check_statement, ingest_statement
from integrations.gateway.inbound import check_settlement, ingest_settlement
from integrations.history.inbound import import_appointments
from integrations.history.mapping import load_mapping
from integrations.ingest import IngestReport
from mymedic.messages import Actor

CLERK = Actor(type="user", id="cli:ingest", roles=("FN", "IN"))

importing = typer.Typer(help="Bring another system's history in.", no_args_is_help=True)
ingesting = typer.Typer(help="Hand in a settlement file or a bank statement.", no_args_is_help=True)

CheckOption = Annotated[bool, typer.Option("--check", help="Say what would happen; record nothing.")]
FileArgument = Annotated[Path, typer.Argument(help="The file.")]


def register(app: typer.Typer) -> None:
    app.add_typer(importing, name="import")
    app.add_typer(ingesting, name="ingest")


@importing.callback()
def _importing() -> None:
    """Bring another system's history in."""


@importing.command("appointments")
def appointments(
    file: Annotated[Path, typer.Argument(help="A CSV, or a zip that holds one.")],
    mapping: Annotated[Path, typer.Option("--mapping", help="TOML: columns, values, zone, tenant.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Import appointments as events: read = accepted + rejected, every reject written down with its place."""
    plan = load_mapping(mapping)
    with store_of(home) as (settings, store):
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"))
        with Progress(*columns, TimeElapsedColumn(), console=ERR, disable=json or not ERR.is_terminal) as progress:
            task = progress.add_task(f"importing {file.name}", total=None)
            report = import_appointments(
                store.handler,
                file,
                plan,
                settings.resolved_home / "findings" / plan.tenant.id,
                lambda rows: progress.update(task, completed=rows),
            )
    if json:
        print_json(report._asdict())
        return
    OUT.print(
        f"{report.tenant_id}: read {report.read:,} = accepted {report.accepted:,} + rejected {report.rejected:,}"
        f" ({report.already_known:,} known before, {report.warnings:,} warnings)",
        highlight=False,
    )
    for label, path in (("rejected rows", report.rejects_file), ("warnings", report.warnings_file)):
        if path is not None:
            OUT.print(f"{label}: {path}", highlight=False, soft_wrap=True)
    OUT.print(f"next: mymedic build --tenant {report.tenant_id}", highlight=False)


@ingesting.command("settlement")
def settlement(
    file: FileArgument,
    format: Annotated[
        str, typer.Option("--format", help="razorpay_recon_api_v1, razorpay_recon_csv_v1 or generic_csv_v1.")
    ],
    gateway: Annotated[str, typer.Option("--gateway", help="Whose file this is.")] = "razorpay",
    check: CheckOption = False,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """A gateway's settlement file: whole or not at all."""
    with store_of(home) as (_, store):
        tenant_id = the_tenant(store.feed, tenant)
        act = check_settlement if check else ingest_settlement
        return _show(act(store.handler, tenant_id, file, None, format, gateway, CLERK), json)


@ingesting.command("bank")
def bank(
    file: FileArgument,
    format: Annotated[str, typer.Option("--format", help="bank_csv_v1.")] = "bank_csv_v1",
    account: Annotated[str, typer.Option("--account", help="Our id of the bank account.")] = "acc_main",
    check: CheckOption = False,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """A bank statement: opening + credits − debits = closing, or refused."""
    with store_of(home) as (_, store):
        tenant_id = the_tenant(store.feed, tenant)
        act = check_statement if check else ingest_statement
        return _show(act(store.handler, tenant_id, file, None, format, account, CLERK), json)


def _show(report: IngestReport, json: bool) -> int:
    """Print what became of a file; 1 when it was refused."""
    if json:
        shown: dict[str, Any] = asdict(report)
        shown.update(
            net_paise=report.net_paise,
            rows=report.rows,
            rows_recorded=report.rows_recorded,
            rows_redelivered=report.rows_redelivered,
        )
        shown["error"] = report.error
        print_json(shown)
    elif report.error is not None and report.status != "duplicate":
        ERR.print(f"[bold red]{report.error.code}[/]  {report.error.message}", highlight=False)
        for name, value in report.error.details.items():
            ERR.print(f"  {name}: {value}", highlight=False, markup=False)
        ERR.print("  nothing of this file was recorded", highlight=False)
    else:
        verb = "would be " if report.is_check else ""
        OUT.print(
            f"{report.file_name}: {report.status}; {report.rows} rows, {verb}recorded {report.rows_recorded},"
            f" known before {report.rows_redelivered}",
            highlight=False,
        )
        OUT.print(
            f"credit {rupees(report.credit_paise)}  debit {rupees(report.debit_paise)}  net {rupees(report.net_paise)}",
            highlight=False,
        )
    return 0 if report.status in ("accepted", "duplicate") else 1
