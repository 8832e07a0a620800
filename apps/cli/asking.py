"""`query`: reading a published warehouse in SQL, safely."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import duckdb
import typer

from apps.cli.console import ERR, OUT, print_json, table
from apps.cli.options import (
    AsOfOption,
    HomeOption,
    JsonOption,
    TenantOption,
    the_published_tenant,
    warehouse_of,
)
from exports.warehouse import opened
from mymedic.counts import counted
from mymedic.errors import Refused
from mymedic.settings import settings_of

# A table is laid out whole before its first line is shown: measured, 1 to 2 ms for a row of ten columns.
_SHOWN_ROWS = 2_000


class QueryFormat(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def register(app: typer.Typer) -> None:
    app.command()(query)


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
    with opened(warehouse_of(settings, tenant_id, as_of)) as connection:
        columns, rows = _select(connection, sql)
    if json or format is QueryFormat.json:
        if len(set(columns)) < len(columns):
            raise Refused("VALIDATION_FAILED", "two columns have one name: tell them apart with AS", field="sql")
        print_json(
            {"tenant_id": tenant_id, "columns": columns, "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
        )
    elif format is QueryFormat.csv:
        import csv

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        OUT.print(table("", columns, rows[:_SHOWN_ROWS]))
        beyond = f"; the first {_SHOWN_ROWS:,} are shown, --format csv has all" if len(rows) > _SHOWN_ROWS else ""
        ERR.print(f"{counted(len(rows), 'row')}{beyond}", highlight=False)


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
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.DataError) as error:
        raise Refused("VALIDATION_FAILED", str(error).strip(), field="sql") from error
    except duckdb.OutOfMemoryException as error:
        raise Refused("VALIDATION_FAILED", f"this query needs too much memory: {error}", field="sql") from error
    except (duckdb.OperationalError, duckdb.InternalError, duckdb.FatalException):
        raise  # the file's fault, not the query's
    except duckdb.Error as error:
        raise Refused("QUERY_NOT_ALLOWED", str(error).splitlines()[0]) from error
