"""A report on the terminal."""

from __future__ import annotations

from rich.table import Table

from apps.cli.console import table
from exports.finance.read import Extract
from exports.finance.shown import shown


def report_table(extract: Extract) -> Table:
    """Aligned, with a total line where something adds up."""
    view = shown(extract)
    as_of = f"{extract.as_of:%Y-%m-%d %H:%M} UTC" if extract.as_of else "-"
    title = f"{view.title}, {extract.tenant_id}, {extract.period.label}, as known at {as_of}"
    right = [label for label, is_right in zip(view.columns, view.is_right, strict=True) if is_right]
    drawn = table(title, view.columns, [*view.rows, *([view.total] if view.total else [])], right=right)
    drawn.caption, drawn.caption_justify = view.note or None, "left"
    return drawn
