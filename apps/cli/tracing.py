"""`trace`: one payment, appointment or settlement line from command to bank, in order."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from apps.cli.console import OUT, print_json, rupees, table
from apps.cli.options import HomeOption, JsonOption, TenantOption
from apps.cli.place import store_of, the_tenant
from apps.trace import Trace, trace_of


def register(app: typer.Typer) -> None:
    app.command()(trace)


def trace(
    id: Annotated[str, typer.Argument(help="A payment, appointment or settlement line id, ours or the gateway's.")],
    tenant: TenantOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Everything about one thing: its commands and events, settlement lines, bank credit and recon class, in order."""
    with store_of(home) as (settings, store):
        found = trace_of(store, settings, the_tenant(store.feed, tenant), id)
    if json:
        print_json(_as_dict(found))
        return
    OUT.print(Text.assemble((f"{found.kind} {found.id}", "bold"), f" of {found.tenant_id}"))
    OUT.print(
        table(
            "\nEvents",
            ["seq", "happened (UTC)", "event", "amount ₹", "asked by", "command"],
            [
                [one.seq, one.occurred_at, one.event_type, rupees(one.amount_paise), one.actor, one.command_id]
                for one in found.events
            ],
            right=["seq"],
        )
    )
    for title, rows in (
        ("Settlement lines", found.lines),
        ("Bank lines", found.bank_lines),
        ("Reconciliation", found.items),
    ):
        if rows:
            columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
            shown = [[_cell(name, row[name]) for name in columns] for row in rows]
            OUT.print(table(f"\n{title}", [_label(name) for name in columns], shown))


def _cell(name: str, value: Any) -> Any:
    return rupees(value) if name.endswith("_paise") else value


def _label(name: str) -> str:
    return name.removesuffix("_paise").replace("_", " ") + (" ₹" if name.endswith("_paise") else "")


def _as_dict(found: Trace) -> dict[str, Any]:
    return {
        "tenant_id": found.tenant_id,
        "kind": found.kind,
        "id": found.id,
        "events": [one._asdict() for one in found.events],
        "settlement_lines": found.lines,
        "bank_lines": found.bank_lines,
        "reconciliation": found.items,
    }
