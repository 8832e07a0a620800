"""The gap-free series that tax law asks for: one per branch and fiscal year."""

from __future__ import annotations

from mymedic.clock import fiscal_year
from mymedic.deciding import Context


def next_invoice_no(context: Context, branch_id: str) -> str:
    return _next(context, "invoice_no", f"{branch_id}/{fiscal_year(context.today())}/")


def next_credit_note_no(context: Context, branch_id: str) -> str:
    return _next(context, "credit_note_no", f"{branch_id}/{fiscal_year(context.today())}/CN")


def _next(context: Context, kind: str, prefix: str) -> str:
    """The first free number. A series without gaps can be bisected: 34 look-ups reach the 100,000th."""

    def is_taken(number: int) -> bool:
        return context.holder(kind, f"{prefix}{number:06d}") is not None

    free = 1
    while is_taken(free):
        free *= 2
    taken = free // 2
    while free - taken > 1:
        middle = (free + taken) // 2
        if is_taken(middle):
            taken = middle
        else:
            free = middle
    return f"{prefix}{free:06d}"
