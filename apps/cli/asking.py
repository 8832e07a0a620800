"""`query` and `report`: reading a published warehouse, safely."""

from __future__ import annotations

import sys
from calendar import monthrange
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from apps.cli import reports
from apps.cli.console import ERR, OUT, print_json, table
from apps.cli.options import HomeOption, JsonOption, TenantOption, instant, settings_of, the_published_tenant
from exports.finance.files import csv_bytes
from exports.finance.read import Period, extract
from exports.finance.run import run_export
from exports.finance.surfaces import SURFACES
from exports.warehouse import opened
from mymedic.errors import Refused
from mymedic.settings import Settings


class QueryFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


class ReportFormat(StrEnum):
    table = "table"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"


class ReportName(StrEnum):
    settlement = "settlement"
    variance = "variance"
    leakage = "leakage"
    noshow = "noshow"
    exceptions = "exceptions"
    overcollected = "overcollected"


AsOfOption = Annotated[str | None, typer.Option("--as-of", help="Read the build of this instant, not the present.")]


def register(app: typer.Typer) -> None:
    app.command()(query)
    app.command()(report)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over the published tables.")],
    tenant: TenantOption = None,
    format: Annotated[QueryFormat, typer.Option("--format")] = QueryFormat.table,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the published warehouse in SQL. Nothing can be written and no file or network can be reached."""
    settings = settings_of(home)
    tenant_id = the_published_tenant(settings, tenant)
    with opened(_warehouse(settings, tenant_id, as_of)) as connection:
        columns, rows = _select(connection, sql)
    if json or format is QueryFormat.json:
        print_json(
            {"tenant_id": tenant_id, "columns": columns, "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
        )
    elif format is QueryFormat.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        OUT.print(table("", columns, rows))
        ERR.print(f"{len(rows):,} rows", highlight=False)


def _select(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run what a person typed; anything but reading the warehouse is QUERY_NOT_ALLOWED."""
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type not in (
            duckdb.StatementType.SELECT,
            duckdb.StatementType.EXPLAIN,
        ):
            raise Refused("QUERY_NOT_ALLOWED", "send one SELECT; the warehouse is read-only")
        cursor = connection.execute(statements[0])
        return [column[0] for column in cursor.description or []], cursor.fetchall()
    except duckdb.PermissionException as error:
        raise Refused("QUERY_NOT_ALLOWED", "a query may read the published tables and nothing else") from error
    except duckdb.InvalidInputException as error:
        raise Refused("QUERY_NOT_ALLOWED", str(error).splitlines()[0]) from error
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        raise Refused("VALIDATION_FAILED", str(error).strip(), field="sql") from error
    except duckdb.Error as error:
        raise Refused("QUERY_NOT_ALLOWED", str(error).splitlines()[0]) from error


def report(
    name: Annotated[ReportName, typer.Argument(help="Which report.")],
    tenant: TenantOption = None,
    month: Annotated[str | None, typer.Option("--month", help="YYYY-MM.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    branch: Annotated[list[str] | None, typer.Option("--branch", help="Branch name or id; may be repeated.")] = None,
    city: Annotated[str | None, typer.Option("--city", help="City name or id.")] = None,
    format: Annotated[ReportFormat, typer.Option("--format")] = ReportFormat.table,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Settlement, variance, leakage, no-shows, exceptions or over-collected bills, for a period and some branches."""
    settings = settings_of(home)
    tenant_id = the_published_tenant(settings, tenant)
    warehouse = _warehouse(settings, tenant_id, as_of)
    period = _period(month, from_, to)
    surface = SURFACES[name.value]
    branch_ids = _branches(warehouse, branch or [], city)
    if format is ReportFormat.xlsx:
        made = run_export(
            warehouse,
            settings.exports_dir,
            tenant_id,
            name.value,
            period=period,
            branch_ids=branch_ids,
            formats=("xlsx",),
        )
        if json:
            print_json(made.manifest)
        else:
            OUT.print(str(made.path("xlsx")), highlight=False, soft_wrap=True)
        return
    rows = extract(warehouse, tenant_id, surface, period, branch_ids)
    if json or format is ReportFormat.json:
        print_json(
            {
                "tenant_id": tenant_id,
                "report": name.value,
                "period": period.label,
                "as_of": rows.as_of,
                "rows": rows.table.to_pylist(),
            }
        )
    elif format is ReportFormat.csv:
        sys.stdout.write(csv_bytes(rows).decode())
    else:
        OUT.print(reports.VIEWS[name.value](rows))


def _warehouse(settings: Settings, tenant_id: str, as_of: str | None) -> Path:
    if as_of is None:
        return settings.warehouse_dir / f"{tenant_id}.duckdb"
    return settings.warehouse_dir / "as_of" / tenant_id / f"{instant(as_of):%Y%m%dT%H%M%S%fZ}.duckdb"


def _period(month: str | None, from_: str | None, to: str | None) -> Period:
    try:
        if month is not None:
            if from_ or to:
                raise Refused("VALIDATION_FAILED", "say --month, or --from and --to, not both", field="month")
            first = date.fromisoformat(f"{month}-01")
            return Period(first, first.replace(day=monthrange(first.year, first.month)[1]))
        return Period(date.fromisoformat(from_) if from_ else None, date.fromisoformat(to) if to else None)
    except ValueError as error:
        raise Refused("VALIDATION_FAILED", f"no such day or month: {error}", field="period") from error


def _branches(warehouse: Path, wanted: list[str], city: str | None) -> tuple[str, ...]:
    """The branch ids behind names or ids, and those of a city."""
    if not wanted and city is None:
        return ()
    with opened(warehouse) as connection:
        known = connection.execute(
            "SELECT branch.branch_id, branch.name, city.city_id, city.name FROM dim_branch branch"
            " LEFT JOIN dim_city city ON city.tenant_id = branch.tenant_id AND city.city_id = branch.city_id"
            " WHERE branch.is_current ORDER BY 1"
        ).fetchall()
    found: set[str] = set()
    for name in wanted:
        matching = {id for id, branch_name, _, _ in known if name.casefold() in (id.casefold(), branch_name.casefold())}
        if not matching:
            raise Refused("NOT_FOUND", f"there is no branch {name!r}", known=", ".join(row[1] for row in known))
        found |= matching
    if city is not None:
        in_city = {row[0] for row in known if city.casefold() in (str(row[2]).casefold(), str(row[3]).casefold())}
        if not in_city:
            raise Refused(
                "NOT_FOUND", f"there is no branch in {city!r}", known=", ".join(sorted({str(row[3]) for row in known}))
            )
        found = found & in_city if wanted else in_city
    return tuple(sorted(found))
