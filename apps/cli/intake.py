"""`import` and `ingest`: what comes from outside, read exactly or refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from apps.cli.console import ERR, OUT, print_json
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from apps.cli.verdicts import show_judged, show_reports
from integrations.bank.inbound import check_statement, ingest_statement
from integrations.bank.judge import judge_file
from integrations.gateway.inbound import check_settlement, ingest_settlement
from integrations.history.inbound import ImportReport, import_appointments, import_billing
from integrations.history.mapping import FileMapping, load_billing_mapping, load_mapping
from mymedic.clock import INDIA, SystemClock
from mymedic.counts import counted
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


MappingOption = Annotated[Path, typer.Option("--mapping", help="TOML: columns, values, zone, tenant.")]
HistoryArgument = Annotated[Path, typer.Argument(help="A CSV, or a zip or gz that holds one.")]


@importing.command("appointments")
def appointments(
    file: HistoryArgument, mapping: MappingOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """Import appointments as events: read = accepted + rejected, every reject written down with its place."""
    _import(import_appointments, file, load_mapping(mapping), home, json)


@importing.command("billing")
def billing(file: HistoryArgument, mapping: MappingOption, home: HomeOption = None, json: JsonOption = False) -> None:
    """Import charges, payments and transfers of another system as events, to be analysed beside our own."""
    _import(import_billing, file, load_billing_mapping(mapping), home, json)


def _import(
    bring_in: Callable[..., ImportReport], file: Path, plan: FileMapping, home: Path | None, json: bool
) -> None:
    started = perf_counter()
    with store_of(home) as (settings, store):
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"))
        with Progress(*columns, TimeElapsedColumn(), console=ERR, disable=json or not ERR.is_terminal) as progress:
            task = progress.add_task(f"importing {file.name}", total=None)
            report = bring_in(
                store.handler,
                file,
                plan,
                settings.resolved_home / "findings" / plan.tenant.id,
                lambda rows: progress.update(task, completed=rows),
            )
    if json:
        print_json(report._asdict())
        return
    seconds = perf_counter() - started
    OUT.print(
        f"{report.tenant_id}: read {report.read:,} = accepted {report.accepted:,} + rejected {report.rejected:,}"
        f" ({report.already_known:,} known before, {counted(report.warnings, 'warning')}) in {seconds:.1f} s,"
        f" {report.read / seconds:,.0f} rows/s",
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
        return show_reports([act(store.handler, tenant_id, file, None, format, gateway, CLERK)], json)


@ingesting.command("bank")
def bank(
    files: Annotated[list[Path], typer.Argument(help="One file or several; a zip or gz may hold one.")],
    format: Annotated[
        str | None, typer.Option("--format", help="bank_csv_v1, mt940 or camt053; else the file tells.")
    ] = None,
    account: Annotated[str, typer.Option("--account", help="Our id of the bank account.")] = "acc_main",
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Judge each statement; with --tenant, say what would be recorded. Record nothing."
        ),
    ] = False,
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Bank statements: opening + credits − debits = closing, statement by statement, or refused."""
    if check and tenant is None:
        return show_judged(
            [judge_file(file, None, format) for file in files], json, SystemClock().now().astimezone(INDIA).date()
        )
    with store_of(home) as (_, store):
        tenant_id = the_tenant(store.feed, tenant)
        act = check_statement if check else ingest_statement
        reports = [act(store.handler, tenant_id, file, None, format, account, CLERK) for file in files]
        return show_reports(reports, json)
