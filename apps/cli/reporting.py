"""`report`: the figures that people ask for, as a table, a page or a file."""

from __future__ import annotations

import sys
from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from apps.cli.console import OUT, print_json
from apps.cli.narrowing import narrowed_by
from apps.cli.options import (
    AsOfOption,
    HomeOption,
    JsonOption,
    TenantOption,
    the_published_tenant,
    warehouse_of,
)
from apps.cli.reports import report_table
from exports.finance.files import csv_bytes
from exports.finance.read import Period, extract
from exports.finance.run import run_export
from exports.finance.surfaces import REPORTS
from mymedic.errors import Refused
from mymedic.settings import settings_of


class ReportFormat(StrEnum):
    table = "table"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"
    html = "html"


def register(app: typer.Typer) -> None:
    app.command()(report)


def _named(name: str) -> str:
    """`no-show` and `Follow-up` are understood."""
    plain = name.casefold().replace("-", "").replace("_", "")
    if plain not in REPORTS:
        raise typer.BadParameter(f"there is no report {name!r}; there are {', '.join(REPORTS)}")
    return plain


def report(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(REPORTS)}.", callback=_named)],
    tenant: TenantOption = None,
    month: Annotated[str | None, typer.Option("--month", help="YYYY-MM.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    branch: Annotated[list[str] | None, typer.Option("--branch", help="Name or id; may be repeated.")] = None,
    city: Annotated[list[str] | None, typer.Option("--city", help="Name or id; may be repeated.")] = None,
    practitioner: Annotated[list[str] | None, typer.Option("--practitioner", help="Name or id.")] = None,
    department: Annotated[list[str] | None, typer.Option("--department", help="Name or id.")] = None,
    specialty: Annotated[list[str] | None, typer.Option("--specialty", help="Name or id.")] = None,
    format: Annotated[ReportFormat, typer.Option("--format")] = ReportFormat.table,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Figures for a period and some branches: settlement, variance, leakage, chain, yield, prices, follow-ups, …

    A table and a page show sums and ratios of sums; csv, xlsx and json hold the rows beneath them.
    """
    settings = settings_of(home)
    tenant_id = the_published_tenant(settings, tenant)
    warehouse = warehouse_of(settings, tenant_id, as_of)
    period = _period(month, from_, to)
    wanted = {
        "branch": branch or [],
        "city": city or [],
        "practitioner": practitioner or [],
        "department": department or [],
        "specialty": specialty or [],
    }
    narrowed = narrowed_by(warehouse, wanted)
    if format in (ReportFormat.xlsx, ReportFormat.html):
        made = run_export(
            warehouse, settings.exports_dir, tenant_id, name, period=period, narrowed=narrowed, formats=(format.value,)
        )
        if json:
            print_json(made.manifest)
        else:
            OUT.print(str(made.path(format.value)), highlight=False, soft_wrap=True)
        return
    rows = extract(warehouse, tenant_id, REPORTS[name], period, narrowed)
    if json or format is ReportFormat.json:
        print_json(
            {
                "tenant_id": tenant_id,
                "report": name,
                "period": period.label,
                "as_of": rows.as_of,
                "rows": rows.table.to_pylist(),
            }
        )
    elif format is ReportFormat.csv:
        sys.stdout.write(csv_bytes(rows).decode())
    else:
        OUT.print(report_table(rows))


def _period(month: str | None, from_: str | None, to: str | None) -> Period:
    if month is not None:
        if from_ is not None or to is not None:
            raise Refused("VALIDATION_FAILED", "say --month, or --from and --to, not both", field="month")
        first = _day(f"{month}-01", "month", f"{month!r} is no month like 2026-08")
        return Period(first, first.replace(day=monthrange(first.year, first.month)[1]))
    period = Period(_end(from_, "from"), _end(to, "to"))
    if period.from_on and period.to_on and period.to_on < period.from_on:
        raise Refused("VALIDATION_FAILED", f"the period ends on {to}, before it begins on {from_}", field="to")
    return period


def _end(text: str | None, option: str) -> date | None:
    return None if text is None else _day(text, option, f"{text!r} is no day like 2026-08-31")


def _day(text: str, option: str, otherwise: str) -> date:
    """An empty word is refused too: it may be a variable that was not set, and would mean everything."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("VALIDATION_FAILED", otherwise, field=option) from error
