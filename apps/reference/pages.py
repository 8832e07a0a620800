"""Which pages there are, and what each begins with."""

from __future__ import annotations

from collections.abc import Callable
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
WRITTEN = "Written by `make docs` from the code; edit the code."
# File name -> what makes its text.
PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "events.md": events_page,
    "queries.md": queries_page,
    "roles.md": roles_page,
    "state-machines.md": machines_page,
    "errors.md": lambda: errors_page(ROOT),
    "tables.md": lambda: tables_page(ROOT / "dbt_project"),
    "commands.proto": lambda: proto_text(schema()),
}


def page(name: str) -> str:
    """The text of a page, as the code says it now."""
    text = PAGES[name]()
    return f"// {WRITTEN}\n\n{text}" if name.endswith(".proto") else f"<!-- {WRITTEN} -->\n\n{text}"
