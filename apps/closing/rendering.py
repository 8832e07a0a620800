"""A statement for a reader: plain text of fixed width, which follows from its JSON and from nothing else."""

from __future__ import annotations

from typing import Any

from apps.closing.figures import SECTIONS, Section
from mymedic.money import rupees_display

_GAP = "  "


def rendered(document: dict[str, Any]) -> str:
    known, closed = document["known_up_to"], document["closed"]
    lines = [
        f"Settlement statement of {document['tenant_name']} ({document['tenant_id']}) for {document['month']}",
        "",
        f"Closed by {' and '.join(closed['by'])} at {closed['at']} (seq {closed['seq']}).",
        f"Rests on run {document['run']['run_id']}: everything known at {known['as_of']}, up to seq {known['seq']}",
        f"of the log, whose chain hash there is {known['chain_hash']}.",
        f"Debits and credits are {rupees_display(document['run']['debits_paise'])} each;"
        f" sha256 of the trial balance {document['trial_balance_hash']}.",
    ]
    for section in SECTIONS:
        lines += ["", section.title, "-" * len(section.title), *_table(section, document)]
    return "\n".join(lines) + "\n"


def _table(section: Section, document: dict[str, Any]) -> list[str]:
    rows = document["sections"][section.name]
    if not rows:
        return ["none"]
    ordered = [*section.key, *(name for name in sorted(rows[0]) if name not in section.key)]
    total = {section.key[0]: "total", **document["sums"][section.name]}
    cells = [[_text(name, row.get(name)) for name in ordered] for row in [*rows, total]]
    titles = [name.removesuffix("_paise").removesuffix("_n").replace("_", " ") for name in ordered]
    widths = [max(len(row[at]) for row in [titles, *cells]) for at in range(len(ordered))]
    is_right = [name in section.sums for name in ordered]
    return [
        _GAP.join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_right, strict=True)
        ).rstrip()
        for row in [titles, *cells]
    ]


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return rupees_display(value) if name.endswith("_paise") else str(value)
