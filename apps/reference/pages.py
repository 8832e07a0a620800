"""Which pages there are, and what each begins with."""

from __future__ import annotations

from pathlib import Path

from apps.reference.errors import errors_page
from apps.reference.machines import machines_page
from apps.reference.messages import commands_page, events_page
from apps.reference.queries import queries_page
from apps.reference.roles import roles_page
from apps.reference.tables import tables_page
from event_store.api.rpc.schema import schema
from event_store.api.rpc.text import proto_text

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def pages() -> dict[str, str]:
    """File name -> text, as the code says it now."""
    made = {
        "commands.md": commands_page(),
        "events.md": events_page(),
        "queries.md": queries_page(),
        "roles.md": roles_page(),
        "state-machines.md": machines_page(),
        "errors.md": errors_page(ROOT),
        "tables.md": tables_page(ROOT / "dbt_project"),
    }
    written = "Written by `make docs` from the code; edit the code."
    paged = {name: f"<!-- {written} -->\n\n{text}" for name, text in made.items()}
    return paged | {"commands.proto": f"// {written}\n\n{proto_text(schema())}"}
