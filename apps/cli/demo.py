"""`demo`: a make-believe chain, its warehouse, and the first ten minutes of a finance person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from apps.cli.console import ERR, OUT, print_json, rupees, table
from apps.cli.options import HomeOption, JsonOption
from apps.cli.place import line_of
from apps.demo import DemoReport, run_demo
from apps.tieout import TieOut, TieOutRow
from mymedic.counts import counted
from mymedic.money import in_rupees
from mymedic.settings import settings_of


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    profile: Annotated[
        str, typer.Option("--profile", help="tiny, demo, season (ten minutes) or stress (two hours).")
    ] = "demo",
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed makes another chain.")] = None,
    faults: Annotated[str, typer.Option("--faults", help="default, none, all, or a list such as F01,F05.")] = "default",
    home: HomeOption = None,
    json: JsonOption = False,
) -> int:
    """Simulate a clinic chain, build its warehouse, and show whether the money ties out."""
    report = run_demo(settings_of(home), profile, seed, faults, ERR, line_of)
    if json:
        print_json(_as_dict(report))
    else:
        show(report)
    return 0 if report.tie_out.is_tied else 1


def show(report: DemoReport) -> None:
    tie_out = report.tie_out
    as_of = f"{tie_out.as_of:%Y-%m-%d %H:%M} UTC" if tie_out.as_of else "-"
    OUT.print(
        Text.assemble(
            "\n",
            (tie_out.tenant_name, "bold"),
            f" as known at {as_of}: {counted(report.events, 'event')} of {counted(len(report.tenants), 'tenant')},"
            f" {counted(report.appointments, 'appointment')}\n",
        )
    )
    OUT.print("captured = settled + in transit + on hold + missing + short\n", style="bold", highlight=False)
    OUT.print(_tie_out_table("Per channel", "channel", tie_out.gateways))
    OUT.print()
    OUT.print(_tie_out_table("Per branch", "branch", tie_out.branches))
    OUT.print()
    OUT.print(
        table(
            "Top exceptions",
            ["days", "amount ₹", "what", "branch", "their id", "which rule missed", "what to do"],
            [
                [
                    row["age_days"],
                    rupees(row["amount_paise"]),
                    row["class"],
                    row["branch_name"],
                    row["gateway_ref"],
                    in_rupees(row["rule_missed"] or ""),
                    row["what_to_do"],
                ]
                for row in report.exceptions
            ],
            right=["days"],
        )
    )
    OUT.print("\nThe month's files", style="bold", highlight=False)
    for path in report.files:
        OUT.print(f"  {_short(path)}", highlight=False, soft_wrap=True)
    OUT.print("\nGo on with", style="bold", highlight=False)
    for command in report.next_commands:
        OUT.print(f"  {command}", highlight=False, soft_wrap=True, markup=False)


def _tie_out_table(title: str, label: str, rows: list[TieOutRow]) -> Any:
    total = TieOutRow("total", *[sum(figures) for figures in zip(*[row[1:] for row in rows], strict=True)])
    columns = [label, "captured ₹", "settled ₹", "in transit ₹", "on hold ₹", "missing ₹", "short ₹", "ties"]
    shown = [[row.name, *(rupees(value) for value in row[1:]), _tick(row)] for row in (*rows, total)]
    return table(title, columns, shown)


def _tick(row: TieOutRow) -> Text:
    return Text("✓", "green") if row.is_tied else Text("✗", "bold red")


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _as_dict(report: DemoReport) -> dict[str, Any]:
    tie_out: TieOut = report.tie_out
    return {
        "tenants": report.tenants,
        "events": report.events,
        "appointments": report.appointments,
        "seconds": report.seconds,
        "tie_out": {
            "tenant": tie_out.tenant_name,
            "as_of": tie_out.as_of,
            "is_tied": tie_out.is_tied,
            "gateways": [{**row._asdict(), "is_tied": row.is_tied} for row in tie_out.gateways],
            "branches": [{**row._asdict(), "is_tied": row.is_tied} for row in tie_out.branches],
        },
        "exceptions": report.exceptions,
        "files": [str(path) for path in report.files],
        "next_commands": report.next_commands,
    }
